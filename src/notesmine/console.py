"""What a person sees while a run goes on and when it is done."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notesmine.pipeline import Reporter, Result
    from notesmine.records import Run

LABELS = {
    "read": "reading documents",
    "classify": "telling impediments apart",
    "embed": "embedding passages",
    "themes": "finding themes",
    "evidence": "weighing evidence",
    "publish": "writing the report",
}
#: Seconds between two plain lines of the same stage.
PAUSE = 5.0
TOP = 5


@contextlib.contextmanager
def reporter(*, quiet: bool = False) -> Iterator[Reporter]:
    """Give a progress display: bars on a terminal, plain lines elsewhere, nothing if quiet."""
    if quiet:
        yield _silent
    elif sys.stderr.isatty():
        with _bars() as tell:
            yield tell
    else:
        yield _Lines()


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


class _Lines:
    """A line when a stage begins and ends, and every few seconds between."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        ended = done >= total
        if total == 0 or (stage in self._at and not ended and now - self._at[stage] < PAUSE):
            return
        self._at[stage] = now
        if total > 1:
            print(f"{LABELS.get(stage, stage)}: {done} of {total}", file=sys.stderr, flush=True)
        elif ended:
            print(LABELS.get(stage, stage), file=sys.stderr, flush=True)


@contextlib.contextmanager
def _bars() -> Iterator[Reporter]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, int] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if total == 0:
                return
            if stage not in tasks:
                tasks[stage] = progress.add_task(LABELS.get(stage, stage), total=total)
            progress.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

        yield tell


def summary(result: Result) -> list[str]:
    """Return the closing lines: what was read, what was found, problems, where the report is."""
    run = result.run
    report = result.out / "report.html"
    if not result.changed:
        return [
            f"Nothing has changed since the last run; the report stands: {report}",
            *_failed(run),
        ]
    states = Counter(str(i["status"]) for i in run.inputs)
    lines = [
        "",
        f"Documents    {len(run.inputs)}: " + ", ".join(f"{n} {s}" for s, n in states.items()),
        f"Passages     {run.counts['passages']}",
        f"Impediments  {run.counts['impediments']} ({run.counts['confirmed']} confirmed,"
        " the rest to review)",
        f"Themes       {len(result.ranking)} reported",
    ]
    lines += [
        f"  {place}. {label} [{ident}]: {documents} documents, {passages} passages"
        for place, (ident, label, documents, passages) in enumerate(result.ranking[:TOP], 1)
    ]
    failed = _failed(run)
    rest = sum(p.code != "document-failed" for p in run.problems) - len(failed)
    lines.append(f"Problems     {len(failed)} documents not read, {rest} others (in the report)")
    return [*lines, *failed, f"Report       {report}"]


def _failed(run: Run) -> list[str]:
    """Return a line for each document that was not read, with the reason."""
    lines = []
    for problem in run.problems:
        if problem.code == "document-failed":
            reasons = [p for p in run.problems if p.path == problem.path and p is not problem]
            why = f": {reasons[0].message} {reasons[0].hint}" if reasons else ""
            lines.append(f"  {problem.message}{why}")
    return lines
