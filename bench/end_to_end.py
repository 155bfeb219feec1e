"""Whole runs, cold, with nothing changed and with one note added, beside the peer script.

``python -m bench.end_to_end [CORPUS ...]`` (default: tanf_sprints). Each time is that of a fresh
process, imports included; peer and tool alternate on the same machine in the same run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.common import need, record, table

#: Share of the peer's time to stay under; seconds for the last.
GOALS = {
    "cold": "0.5x",
    "nothing changed": "0.03x",
    "one note added": "0.15x",
    "notesmine --help": "0.3 s",
}
NEW_NOTE = """# Sprint notes

## Blocked
- The new extract has not arrived, so the comparison with last year waits.
- Nobody on the team has access to the staging server since the move.

## Done
- The upload form was tested with two offices.
"""


def main(names: Sequence[str]) -> None:
    """Time the runs and print the table."""
    rows = []
    for name in names:
        corpus = need(f"corpora/{name}")
        with tempfile.TemporaryDirectory() as folder:
            notes, out = Path(folder) / "notes", Path(folder) / "out"
            shutil.copytree(corpus, notes)
            peer, said = timed([sys.executable, "-m", "bench.peer", str(notes)])
            command = [sys.executable, "-m", "notesmine", "run", str(notes), "-o", str(out), "-q"]
            cold, summary = timed(command)
            same, _ = timed(command)
            (notes / "2030-01-15 new note.md").write_text(NEW_NOTE, "utf-8")
            added, _ = timed(command)
        for label, seconds in (
            ("cold", cold),
            ("nothing changed", same),
            ("one note added", added),
        ):
            rows.append([name, label, f"{seconds:.1f}", f"{peer:.1f}", f"{seconds / peer:.2f}"])
        print(f"{name}: peer: {said.strip().splitlines()[-1]}")
        print("\n".join(line for line in summary.splitlines() if line.strip()))
    help_seconds = min(timed([sys.executable, "-m", "notesmine", "--help"])[0] for _ in range(5))
    rows.append(["-", "notesmine --help", f"{help_seconds:.2f}", "-", "-"])
    header = ["corpus", "run", "notesmine, s", "peer, s", "ratio"]
    print(table(header, rows))
    for name, label, ours, theirs, ratio in rows:
        goal = GOALS.get(label, "")
        by = f"python -m bench.end_to_end {' '.join(names)}"
        record(f"{label}, {name}", goal, f"{ours} s, {ratio}x", f"{theirs} s", by)


def timed(command: Sequence[str]) -> tuple[float, str]:
    """Run a command; return its wall time in seconds and what it printed."""
    start = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"TQDM_DISABLE": "1"}
    )
    seconds = time.perf_counter() - start
    if done.returncode not in {0, 3}:
        raise SystemExit(f"{command} failed:\n{done.stderr[-2000:]}")
    return seconds, done.stdout


if __name__ == "__main__":
    main(sys.argv[1:] or ["tanf_sprints"])
