"""Names: who is found, what is masked, what stays; all people here are invented."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesmine.config import OrganisationSettings, PeopleSettings, Settings
from notesmine.errors import StateError
from notesmine.publish.people import Key, Masker, Member, Protection, protect, read_roster
from notesmine.records import Block, Document, digest

ATTENDANCE = ("Joanna Quill (@jquill)", "Bertil Ångman (@bert-ang)", "Will Tarrow (WT)")
RUNNING = (
    "We will meet again in May. Joanna said so, and Bertil agreed. Mark this as done.\n"
    "We heard Joanna, and Bertil, and Joanna, and Joanna, and Joanna.\n"
)


def note(
    text: str,
    present: Sequence[str] = ATTENDANCE,
    *,
    people: Sequence[str] = (
        "Joanna Quill",
        "@jquill",
        "Bertil Ångman",
        "@bert-ang",
        "Will Tarrow",
        "WT",
    ),
    date: str = "2025-01-10",
    organisation: str = "",
) -> Document:
    """A note with a list of those present above its text."""
    listed = "\n".join(present)
    body = f"{listed}\n{text}"
    blocks = []
    at = 0
    for line in present:
        blocks.append(Block(type="attendance", start=at, end=at + len(line)))
        at += len(line) + 1
    blocks.append(Block(type="paragraph", start=at, end=len(body)))
    return Document(
        doc_id=digest(body, date), paths=("note.md",), sha256="0" * 64, format="md", text=body,
        date=date, people=tuple(people), blocks=tuple(blocks), organisation=organisation,
    )  # fmt: skip


def masker(*documents: Document, roster: Sequence[Member] = (), mode: str = "pseudonym") -> Masker:
    found = guard(*documents, roster=roster, mode=mode).masker
    assert found is not None
    return found


def guard(
    *documents: Document,
    roster: Sequence[Member] = (),
    mode: str = "pseudonym",
    key: bytes | None = None,
    organisations: str = "keep",
) -> Protection:
    settings = Settings(
        people=msgspec.convert({"mode": mode}, PeopleSettings),
        organisations=msgspec.convert({"mode": organisations}, OrganisationSettings),
    )
    return protect(documents, settings, roster=roster, key=key)


def shown(text: str, *, within: str = RUNNING, mode: str = "pseudonym") -> str:
    document = note(within)
    return masker(document, mode=mode).mask(text, document.doc_id)[0]


@pytest.mark.parametrize(
    "spelling",
    ["Joanna Quill", "joanna quill", "JOANNA QUILL", "Joanna", "Ms Quill", "@jquill", "jquill",
     "JoannaQuill", "Joanna\nQuill", "J\u200boanna Quill", "joanna.quill@example.org"],
)  # fmt: skip
def test_every_spelling_leads_to_the_same_person(spelling: str) -> None:
    expected = spelling.startswith("Ms ") * "Ms " + "[Person 1]"
    assert shown(f"It was {spelling} who asked.") == f"It was {expected} who asked."


def test_a_name_is_found_in_any_normal_form() -> None:
    for form in ("NFC", "NFD"):
        text = unicodedata.normalize(form, "Then Bertil Ångman spoke, and Ångman left.")
        assert shown(text) == "Then [Person 2] spoke, and [Person 2] left."


@pytest.mark.parametrize(
    "text",
    ["We will see.", "Will the data come in May?", "May we ask?", "Will it ever end?",
     "The quilling of paper went well.", "A quill is for writing. Quill and ink.",
     "The package @babel/core is old, and ipfs@1.2.3 too.", "Use `@media` rules.",
     "See 2025-01-10 10:30, ticket 4711, 10.000 rows and 1,234,567 cells.",
     "What else? Quite another thing."],
)  # fmt: skip
def test_ordinary_words_stay(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Will: we have no time.", "[Person 3]: we have no time."),
        ("Will said that it will rain.", "[Person 3] said that it will rain."),
        ("We asked Will about it.", "We asked [Person 3] about it."),
        ("WT: nothing new.", "[Person 3]: nothing new."),
        ("That is late. Will: we know.", "That is late. [Person 3]: we know."),
        ("Joanna/Bertil to check", "[Person 1]/[Person 2] to check"),
        ("Joanna's list", "[Person 1]'s list"),
        ("https://example.org/jquill/tools", "https://example.org/[Person 1]/tools"),
        ("Call +44 20 7946 0958 now", "Call [phone number] now"),
        ("write to desk@office.example", "write to [e-mail address]"),
        ("ping @stranger99 today", "ping [Person 4] today"),
    ],
)
def test_names_are_masked_where_they_are_meant(text: str, expected: str) -> None:
    assert shown(text, within=RUNNING + "ping @stranger99 today\n") == expected


def test_where_two_may_be_meant_the_bracket_names_none_of_them() -> None:
    one = note(RUNNING)
    other = note("Nothing else.", ("Joanna Veld",), people=("Joanna Veld",), date="2025-02-10")
    third = note("Nothing.", (), people=(), date="2025-03-10")
    mask = masker(one, other, third).mask
    assert mask("Joanna came.", one.doc_id)[0] == "[Person 1] came."
    assert mask("Joanna came.", other.doc_id)[0] == "[Person 4] came."
    assert mask("Joanna came.", third.doc_id)[0] == "[Person] came."


def test_lists_within_a_line_are_read() -> None:
    text = (
        "Date: 3 May. Present: Carla Jesmond (CJ, chair), MK – Bureau of Things. Apologies: none\n"
    )
    document = note(text + "CJ thanked MK.", (), people=())
    assert masker(document).mask("CJ thanked MK.", document.doc_id)[0] == (
        "[Person 1] thanked [Person 2]."
    )


def test_initials_mode_and_keep() -> None:
    assert shown("Joanna Quill and @bert-ang met.", mode="initials") == "[JQ] and [BÅ] met." or (
        shown("Joanna Quill and @bert-ang met.", mode="initials") == "[JQ] and [BA] met."
    )
    assert guard(note(RUNNING), mode="keep").masker is None


def test_roles_and_pseudonyms_come_from_the_roster() -> None:
    roster = (
        Member(name="Joanna Quill", role="Head of unit"),
        Member(name="Bertil Ångman", aliases=("Berti", "@bert-ang"), pseudonym="Fox"),
        Member(name="Will Tarrow", role="Clerk"),
        Member(name="Zora Imhof", role="Clerk"),
    )
    document = note(RUNNING)
    text = "Joanna, Berti, Will Tarrow and Zora Imhof."
    assert masker(document, roster=roster).mask(text, document.doc_id)[0] == (
        "[Head of unit], [Fox], [Clerk, Person 3] and [Clerk, Person 4]."
    )


def test_organisations_are_masked_when_asked() -> None:
    document = note("The Census Office waits.", organisation="Census Office")
    kept, hidden = guard(document), guard(document, organisations="mask")
    assert kept.masker is not None
    assert hidden.masker is not None
    assert kept.masker.mask("The Census Office waits.")[0] == "The Census Office waits."
    assert hidden.masker.mask("The Census Office waits.")[0] == "The [Organisation 1] waits."
    only = guard(document, mode="keep", organisations="mask").masker
    assert only is not None
    assert only.mask("Joanna Quill of the Census Office, a@b.example")[0] == (
        "Joanna Quill of the [Organisation 1], a@b.example"
    )


def test_a_person_keeps_the_number_when_others_come() -> None:
    old = note(RUNNING, date="2025-03-01")
    first = guard(old)
    new = note("Hm.", ("Aaro Brandt (@aaro)",), people=("Aaro Brandt", "@aaro"), date="2024-01-01")
    second = guard(new, old, key=first.key)
    assert second.masker is not None
    assert second.masker.mask("Joanna Quill, Aaro Brandt")[0] == "[Person 1], [Person 4]"
    assert guard(new, old, key=second.key).key == second.key, "the key only grows by the new"
    entries = msgspec.json.decode(second.key, type=Key).people
    assert [e.number for e in entries] == [1, 2, 3, 4]


def test_numbers_do_not_depend_on_the_order_of_documents() -> None:
    one, two = note(RUNNING), note("x", ("Ari Bo",), people=("Ari Bo",), date="2025-02-02")
    assert guard(one, two).key == guard(two, one).key


def test_a_damaged_key_says_so() -> None:
    with pytest.raises(StateError, match="key of pseudonyms"):
        guard(note(RUNNING), key=b"{nonsense")
    with pytest.raises(StateError, match="version 9"):
        guard(note(RUNNING), key=b'{"version":9}')


def test_a_copied_handle_does_not_make_two_people_one() -> None:
    lines = ("Joanna Quill (@jquill)", "Bertil Ångman (@jquill)")
    document = note(
        RUNNING, lines, people=("Joanna Quill", "@jquill", "Bertil Ångman"), date="2025-02-01"
    )
    again = note(RUNNING)
    mask = masker(document, again).mask
    assert mask("Joanna Quill and Bertil Ångman")[0] == "[Person 1] and [Person 2]"


def test_roster_faults_are_problems(tmp_path: Path) -> None:
    assert read_roster(tmp_path) == ((), [])
    file = tmp_path / "people.csv"
    file.write_text("name;aliases;shoe size\nAnn Roe;@ann|AR;42\n;x;1\n", "utf-8-sig")
    members, problems = read_roster(tmp_path)
    assert members == (Member(name="Ann Roe", aliases=("@ann", "AR")),)
    assert [p.code for p in problems] == ["people", "people"]
    assert "shoe size" in problems[0].message
    assert "row 3" in problems[1].message
    file.write_text("who,what\nAnn,x\n")
    assert "no column `name`" in read_roster(tmp_path)[1][0].message
    file.write_bytes(b"name\n\xff\xfe")
    assert "cannot be read" in read_roster(tmp_path)[1][0].message


PIECES = st.sampled_from(
    ["Joanna Quill", "Joanna", "@jquill", "WT", "will", "[Person 3]", "data", " ", "\n", ": ", "](",
     "=1+1", "\u202e", "e\u0301", "a@b.example", "<b>", "😀", "\x00"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map(" ".join), st.integers(0, 500))
def test_outside_its_brackets_a_masked_text_is_the_source(text: str, offset: int) -> None:
    document = note(RUNNING)
    published, masks, spans = MASKER.mask(text, document.doc_id, offset)
    rebuilt, at = [], 0
    for mask, span in zip(masks, spans, strict=True):
        rebuilt += [
            published[at : mask.start],
            text[mask.source_start - offset : mask.source_end - offset],
        ]
        assert published[mask.start : mask.end] == span.shown
        at = mask.end
    assert "".join([*rebuilt, published[at:]]) == text
    assert "Joanna" not in published
    assert "@jquill" not in published


MASKER = masker(note(RUNNING))
