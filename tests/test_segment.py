"""Passages: headings, speakers, dates, types, quotability, sentences."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from notesmine.config import ReadSettings
from notesmine.read import read_file
from notesmine.records import Document, Passage
from notesmine.segment import segment, statements


def read(tmp_path: Path, text: str, name: str = "a.md") -> Document:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return read_file(path, name, ReadSettings())


def by_text(document: Document) -> dict[str, Passage]:
    return {p.text: p for p in segment(document)}


def test_heading_path_and_short_parents(tmp_path: Path) -> None:
    found = by_text(
        read(
            tmp_path,
            "# Call\n\n## Blocked\n\n- Census:\n  - No access\n- Nobody has time for it\n  - "
            "Still\n\n## Done\n\n- All",
        )
    )
    assert found["No access"].heading_path == ("Call", "Blocked", "Census:")
    assert found["Still"].heading_path == ("Call", "Blocked")
    assert found["All"].heading_path == ("Call", "Done")
    assert found["Done"].heading_path == ("Call",)
    assert (found["No access"].type, found["No access"].level) == ("bullet", 2)


def test_speakers_from_the_attendance_list(tmp_path: Path) -> None:
    found = by_text(
        read(
            tmp_path,
            "# Call\n\n## Present\n\n- Claude Julien (CJ)\n- Ann Roe (@aroe)\n\n## Notes\n\n"
            "CJ: The pilot is shelved.\n\n- [CJ] Nobody maintains it\n  - Not even IT\n- Cost: "
            "too high\n"
            "- **Ann**: No data\n\n@aroe\n\n- Late again\n- And slow\n\n## Next\n\n- Ask\n",
        )
    )
    assert {t: p.type for t, p in found.items() if p.type == "attendance"} == {
        "Claude Julien (CJ)": "attendance",
        "Ann Roe (@aroe)": "attendance",
    }
    said = {t: (p.speaker, p.speaker_inherited) for t, p in found.items()}
    assert said["CJ: The pilot is shelved."] == ("CJ", False)
    assert said["[CJ] Nobody maintains it"] == ("CJ", False)
    assert said["Not even IT"] == ("CJ", True)
    assert said["Cost: too high"] == (None, False)
    assert said["Ann: No data"] == ("Ann Roe", False)
    assert said["Late again"] == said["And slow"] == ("@aroe", True)
    assert said["Ask"] == (None, False)


def test_speakers_by_repetition_but_not_labels(tmp_path: Path) -> None:
    lines = "".join(f"Maria: point {i} is late\n\nSummary: it {i} went on\n\n" for i in range(4))
    document = read(tmp_path, lines)
    assert {p.speaker for p in segment(document) if p.text.startswith("Maria")} == {"Maria"}
    once = read(tmp_path, "Maria: the data is late\n\nAnd so on.\n")
    assert {p.speaker for p in segment(once)} == {None}


def test_running_notes_carry_their_dates(tmp_path: Path) -> None:
    found = by_text(
        read(
            tmp_path,
            "# Log\n\n## 2021-03-01\n\n- A late\n\n### Sub\n\n- B late\n\n## 8 March 2021\n\n- C "
            "late\n\n## 2021-03-15\n\n- D\n",
        )
    )
    assert [found[t].date for t in ("A late", "B late", "C late")] == [
        "2021-03-01",
        "2021-03-01",
        "2021-03-08",
    ]
    assert found["Log"].date == "2021-03-15"


def test_types_that_later_stages_skip(tmp_path: Path) -> None:
    found = by_text(
        read(
            tmp_path,
            "# Call\n\n## Links\n\n- Recording: https://x.org/1\n\n## Notes\n\n- "
            "https://x.org/2\n- N/A\n- ACTION: Ann to ask\n"
            "- Decision: we stop\n- The server is down, see https://x.org/3\n\n## Action "
            "items\n\n### Ann\n\n- Buy a server\n\n"
            "## Decisions\n\n- Stop\n",
        )
    )
    types = {t: p.type for t, p in found.items()}
    assert types["Recording: https://x.org/1"] == types["https://x.org/2"] == "link"
    assert types["N/A"] == "other"
    assert types["ACTION: Ann to ask"] == types["Buy a server"] == "action"
    assert types["Decision: we stop"] == types["Stop"] == "decision"
    assert types["The server is down, see https://x.org/3"] == "bullet"


def test_marks_against_quoting(tmp_path: Path) -> None:
    found = by_text(
        read(tmp_path, "# Call\n\nWe talked about things.\n\n- a\n- b\n- c\n- d\n\n"
             "## Legal (not for quotation)\n\n- Secret\n\n## Data\n\n"
             "- Confidential data is a problem for us\n- Off the record: we will stop\n")
    )  # fmt: skip
    assert found["a"].quotable
    assert not found["Secret"].quotable
    assert found["Confidential data is a problem for us"].quotable
    assert not found["Off the record: we will stop"].quotable
    whole = segment(read(tmp_path, "Not for quotation\n\n# Call\n\n- Late\n"))
    assert not any(p.quotable for p in whole)


def passage(text: str, start: int = 7) -> Passage:
    return Passage(
        passage_id="p",
        doc_id="d",
        start=start,
        end=start + len(text),
        text=text,
        type="bullet",
        page=3,
        speaker="CJ",
    )


LONG = (
    "CJ: The team built a model, e.g. for the coding of occupations, and it works well in tests. "
    "No. It was shelved because "
    "nobody knew who should maintain it (see Fig. 3. and Dr. Roe's note) in the long run! "
    "Management asked v1.2 for "
    "explanations that the team could not give, and users lost trust."
)


def test_long_passages_are_split_at_sentence_ends() -> None:
    parts = statements(passage(LONG))
    assert [p.text.split()[0] for p in parts] == ["CJ:", "No.", "Management"]
    assert all(LONG[p.start - 7 : p.end - 7] == p.text for p in parts)
    assert [p.speaker_inherited for p in parts] == [False, True, True]
    assert len({p.passage_id for p in parts}) == 3
    assert {(p.page, p.speaker) for p in parts} == {(3, "CJ")}


def test_short_passages_stay_whole() -> None:
    short = passage("One sentence here. And another one there.")
    assert statements(short) == [short]
    unbroken = passage("word " * 60 + "end")
    assert statements(unbroken) == [unbroken]


ENDS = 'Data is late. No! (why? e.g. etc. A. 5. … "So." x) Dr.'


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ENDS.split()), min_size=1, max_size=120))
def test_splitting_loses_nothing(words: list[str]) -> None:
    text = " ".join(words)
    parts = statements(passage(text, 0))
    assert " ".join(p.text for p in parts) == text
    assert all(text[p.start : p.end] == p.text for p in parts)
