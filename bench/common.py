"""What the benches share: where the data lies, tables, and the rows of ``bench/RESULTS.md``.

A bench prints the figure beside its peer's, measured in the same run, and records one row. Run
one from the project's root: ``python -m bench.NAME``. Data of others are found through
``NOTESMINE_DATA`` (default ``../shared/data``) and never copied here; figures may be committed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "RESULTS.md"
HEAD = ("claim", "goal", "measured", "peer, same run", "by")
INTRODUCTION = (
    "# Measured\n\nOne row per claim, written by the module named last on that day; each prints "
    "more\nwhen run. Times are ratios to a peer in the same run, never seconds alone.\n\n"
)


def data_folder(part: str = "") -> Path | None:
    """Return the data folder, or a part of it; None where it is absent."""
    folder = Path(os.environ.get("NOTESMINE_DATA", ROOT.parent / "shared" / "data")) / part
    return folder if folder.exists() else None


def need(part: str) -> Path:
    """Return a part of the data folder, or end the bench with the reason why it is skipped."""
    folder = data_folder(part)
    if folder is None:
        sys.exit(f"skipped: no {part or 'data'} under NOTESMINE_DATA (default ../shared/data)")
    return folder


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; floats with three decimals, None as a dash."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    lines = [[*header], ["-" * width for width in widths], *cells]
    return "\n".join(
        "| " + " | ".join(v.ljust(w) for v, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def record(claim: str, goal: str, measured: str, peer: str, by: str) -> None:
    """Write or replace the row of a claim in ``bench/RESULTS.md``; rows stand in order of claim."""
    rows = {}
    if RESULTS.is_file():
        for line in RESULTS.read_text("utf-8").splitlines():
            found = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            if line.startswith("|") and len(found) == len(HEAD) and found[0] not in (HEAD[0], ""):
                rows[found[0]] = found
    rows = {key: row for key, row in rows.items() if set(key) != {"-"}}
    new = [claim, goal, measured, peer, f"{by}, {datetime.now(tz=UTC):%Y-%m-%d}"]
    rows[claim] = [value.replace("|", "/").replace("\n", " ") for value in new]
    body = table(HEAD, [rows[key] for key in sorted(rows)])
    RESULTS.write_text(INTRODUCTION + body + "\n", "utf-8")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
