"""The tables of ``docs/api.md``, made from the columns that the frames have.

``python -m notesmine.library.reference docs/api.md`` puts them into the file anew; a test checks
that they are there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from notesmine.library.columns import FRAMES, INDEX

BEGIN, END = "<!-- frames: made by notesmine.library.reference -->", "<!-- end of frames -->"
NOTES = {
    "notesmine.code_texts(texts)": "Then a column for each code of the codebook, `float64`: how"
    " well it fits, 0 to 1.",
}


def tables() -> str:
    """Return every frame with its columns, types and meaning as Markdown.

    Examples
    --------
    >>> tables().splitlines()[0]
    '### `documents()`'
    """
    parts = []
    for call, columns in FRAMES.items():
        index = f"\n\nIndexed by `{INDEX[call]}`." if call in INDEX else ""
        rows = "\n".join(f"| `{c.name}` | `{c.dtype}` | {c.about} |" for c in columns)
        note = f"\n\n{NOTES[call]}" if call in NOTES else ""
        parts.append(
            f"### `{call}`{index}\n\n| column | dtype | what it says |\n|---|---|---|\n{rows}{note}"
        )
    return "\n\n".join(parts)


def placed(text: str) -> str:
    """Return a page with the tables put between their marks.

    Raises
    ------
    ValueError
        If the marks are not there.
    """
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"the page lacks {BEGIN!r} and {END!r}")
    return pattern.sub(lambda _: f"{BEGIN}\n\n{tables()}\n\n{END}", text)


def main(path: str) -> None:
    """Renew the tables in a page."""
    page = Path(path)
    page.write_text(placed(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1])
