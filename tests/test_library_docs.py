"""``docs/api.md`` says what the library gives: its tables are made from the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notesmine.library import Outputs
from notesmine.library.columns import FRAMES, INDEX
from notesmine.library.reference import placed

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")


def test_the_tables_are_current() -> None:
    assert placed(PAGE) == PAGE, "run python -m notesmine.library.reference docs/api.md"


def test_every_call_is_there() -> None:
    calls = [n for n in dir(Outputs) if not n.startswith("_") and callable(getattr(Outputs, n))]
    assert len(calls) > 10
    assert not [name for name in calls if f"`{name}(" not in PAGE]


def test_every_frame_is_of_a_call_there_is() -> None:
    import notesmine

    for call in FRAMES:
        name = call.split("(")[0]
        owner = notesmine if name.startswith("notesmine.") else Outputs
        assert callable(getattr(owner, name.removeprefix("notesmine.")))
    for call, key in INDEX.items():
        assert key in {c.name for c in FRAMES[call]}


def test_links_lead_somewhere() -> None:
    folder = Path(__file__).parents[1] / "docs"
    links = re.findall(r"\]\(([\w/.-]+)\)", PAGE)
    assert links
    assert not [link for link in links if not (folder / link).is_file()]


def test_a_page_without_a_place_for_them_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        placed("# No marks")
