"""What a rerun found, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from notesmine.console import reporter
from notesmine.rerun.again import Rerun, rerun
from notesmine.rerun.compare import CALLED, Cause

LONGEST = 40  # characters of a value


def command(
    manifest: Path,
    corpus: Path | None,
    out: Path | None,
    state: Path | None,
    settings: Path | None,
    codebook: Path | None,
    quiet: bool,  # as the command line gives it
    echo: Callable[[str], None],
) -> int:
    """Do a run again, tell what differs, and return the exit code: 0 identical, 1 not."""
    with reporter(quiet=quiet) as tell:
        found = rerun(
            manifest,
            corpus,
            out,
            state=state,
            settings=settings,
            codebook=codebook,
            report=tell,
        )
    for line in to_lines(found):
        echo(line)
    return 0 if found.identical else 1


def to_lines(found: Rerun) -> Iterator[str]:
    """Yield what a rerun found: each output, then what differs from the run."""
    width = max(len(o.name) for o in found.outputs)
    yield ""
    for output in found.outputs:
        if output.identical:
            yield f"{output.name:{width}}  identical"
            continue
        what = "not made any more" if output.now is None else "new" if output.then is None else ""
        able = [c for c in found.causes if c.reaches(output.name)]
        why = "; ".join(_short(c) for c in able[:3]) + (" …" if able[3:] else "")
        yield f"{output.name:{width}}  {what or 'differs'}" + (f": {why}" if why else "")
    yield ""
    yield from (f"Differs      {_line(c)}" for c in found.causes)
    yield from (f"Note         {remark}" for remark in found.remarks)
    yield from (f"Moved        {path} is {name} now" for path, name in found.moved)
    same = sum(o.identical for o in found.outputs)
    if found.identical:
        yield f"Identical    all {same} outputs of {found.then.run_id}, byte by byte"
        if found.causes:
            yield "             although something differs (named above): no output shows it"
    else:
        yield f"Not the same {len(found.outputs) - same} of {len(found.outputs)} outputs differ"
        if not found.causes:
            yield (
                "             nothing on record differs: it may be the processor, the operating"
                " system, or a library that is not recorded"
            )
    if found.out is not None:
        yield f"New outputs  {found.out}"


def _short(cause: Cause) -> str:
    return f"{cause.group} {_name(cause)}" if cause.group != "file" else _name(cause)


def _line(cause: Cause) -> str:
    return f"{_short(cause)}: {_value(cause.then)} then, {_value(cause.now)} now"


def _name(cause: Cause) -> str:
    if cause.group == "setting" and "." in cause.name:
        stage, key = cause.name.split(".", 1)
        return f"[{stage}] {key}"
    return CALLED.get(cause.name, cause.name) if cause.group == "file" else cause.name


def _value(value: object) -> str:
    if value is None:
        return "not there"
    text = str(value)
    if len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return f"{text[:12]}…"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
