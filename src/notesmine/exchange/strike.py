"""Take decisions out of ``decisions.toml`` again; every other line stays as people wrote it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from notesmine.errors import ConfigError
from notesmine.exchange.decision import (
    Decision,
    as_written,
    changed_meanwhile,
    one_spelling,
    replace_decisions,
)

OPENING = re.compile(r"^[ \t]*\[\[[ \t]*decision[ \t]*\]\][ \t]*(#.*)?$")


def strike(
    path: Path, numbers: Sequence[int], expected: Sequence[Decision] | None = None
) -> list[Decision]:
    """Take decisions away by their numbers, the first being 0; return those that are left.

    ``expected`` are the decisions that the numbers were counted in.

    Raises
    ------
    ConfigError
        If the file is not valid, holds other decisions than expected, or is written in a way in
        which no block can be told from others.
    OutputError
        If it cannot be written.
    """
    raw = path.read_bytes()
    before = as_written(raw, path.name)
    if expected is not None and one_spelling(before) != list(expected):
        raise changed_meanwhile(path)
    wanted = [d for n, d in enumerate(before) if n not in set(numbers)]
    text = raw.decode("utf-8-sig")
    body = _without(text.replace("\r\n", "\n"), set(numbers))
    body = body.replace("\n", "\r\n") if "\r\n" in text else body
    if as_written(body.encode(), path.name) != wanted:
        raise ConfigError(
            f"{path.name} is not written in blocks that can be told apart",
            "Take the decision away by hand: each begins with a line [[decision]].",
        )
    replace_decisions(path, body.encode(), raw)
    return one_spelling(wanted)


def _without(text: str, numbers: set[int]) -> str:
    """Return the text without blocks; comments and blank lines after their last key stay."""
    out: list[str] = []
    block: list[str] = []
    number = -1

    def close() -> None:
        if number not in numbers:
            out.extend(block)
            return
        last = max(
            (n for n, row in enumerate(block) if row.strip() and not row.lstrip().startswith("#")),
            default=-1,
        )
        rest = block[last + 1 :]
        while rest and not rest[0].strip() and (not out or not out[-1].strip()):
            rest.pop(0)
        out.extend(rest)

    for row in text.split("\n"):
        if OPENING.match(row):
            close()
            block, number = [], number + 1
        block.append(row)
    close()
    return "\n".join(out)
