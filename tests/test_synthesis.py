from __future__ import annotations

import msgspec
import pytest

from factory import Notes, bundle, sample
from notesmine.errors import CheckFailed
from notesmine.numerals import percent
from notesmine.records import Event
from notesmine.synthesis import findings, founded, span, spoken
from notesmine.synthesis.wording import probability


def test_every_claim_about_a_theme_has_quotes_that_exist() -> None:
    made = bundle(sample())
    known = {q.quote_id for _, q in made.quotes()}
    assert {f.kind for f in made.findings} == {"overview", "resolved", "helps", "theme", "limits"}
    for finding in made.findings:
        assert set(finding.quote_ids) <= known
        if finding.theme_id is not None:
            assert finding.quote_ids
    assert len({f.finding_id for f in made.findings}) == len(made.findings)


def test_the_statement_of_a_theme_says_its_numbers() -> None:
    notes = Notes()
    for n in range(1, 5):
        notes.note(f"n{n}", f"2025-0{n}-10")
    notes.say("n1", "Nobody decides about the coder.", ("ownership",), probability=1.0)
    notes.say("n3", "Three names were given for the register.", ("ownership",), probability=1.0)
    (statement,) = [f for f in bundle(notes).findings if f.kind == "theme"]
    assert statement.statement.startswith("Reported in 2 of 4 documents (50%, 95% interval ")
    assert "from January 2025 to March 2025; 2 passages." in statement.statement
    assert statement.numbers["documents"] == 2
    assert len(statement.quote_ids) == 2


def test_anticipated_problems_are_said_apart_from_open_ones() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.note("b", "2025-02-10")
    notes.say("a", "The register has no owner.", ("ownership", "T-017"))
    notes.say("a", "Half of the team may leave.", ("ownership",), stance="anticipated")
    notes.say("b", "The register has an owner now.", ("ownership", "T-017"), kind="resolved")
    said = {f.kind: f for f in bundle(notes).findings if f.theme_id == "ownership"}
    words = "2 passages; 1 of them later reported resolved; 1 of them anticipated."
    assert words in said["theme"].statement
    assert said["theme"].numbers["resolved"] == said["theme"].numbers["anticipated"] == 1
    assert said["resolved"].statement.endswith("none is left open, 1 more is anticipated.")


def test_a_finding_without_quotes_is_an_error() -> None:
    made = bundle(sample())
    found = findings(made.evidence, {d.doc_id: d for d in made.documents})
    assert founded(found) == found
    about = next(f for f in found if f.theme_id is not None)
    with pytest.raises(CheckFailed, match="no quote"):
        founded([msgspec.structs.replace(about, quote_ids=())])


def test_news_is_told_of_themes_with_evidence_and_the_gone_are_named() -> None:
    made = bundle(sample())
    documents = {d.doc_id: d for d in made.documents}
    events = [
        Event(theme_id="T-017", what="created"),
        Event(theme_id="T-002", what="retired"),
        Event(theme_id="T-003", what="merged", other=("T-017",)),
        Event(theme_id="T-004", what="created"),
        Event(theme_id="T-005", what="faded"),
        Event(theme_id="ownership", what="grown", detail="3 more documents"),
    ]
    news = [f for f in findings(made.evidence, documents, events=events) if f.kind == "new"]
    assert [f.theme_id for f in news] == ["T-017", "ownership", None]
    # A theme may be new and its passages old: their dates are said.
    assert "that the last run did not have: " in news[0].statement
    assert "from October 2024 to October 2025" in news[0].statement
    assert "3 more documents" in news[1].statement
    assert news[2].statement.startswith(
        "2 themes of earlier runs have no evidence in this one: T-002 and T-003."
    )
    assert news[0].quote_ids


def test_news_of_growth_is_said_in_words() -> None:
    made = bundle(sample())
    documents = {d.doc_id: d for d in made.documents}
    events = [
        Event(theme_id="T-017", what="faded", detail="9 -> 6 passages: 0 more, 3 less"),
        Event(theme_id="legal", what="grown", detail="2 -> 5 passages: 4 more, 1 less"),
    ]
    fell, grew = [f for f in findings(made.evidence, documents, events=events) if f.kind == "new"]
    assert fell.statement.endswith(
        "holds less than in the last run: 6 passages, 9 before (3 taken out)."
    )
    assert grew.statement.endswith(
        "has grown since the last run: 5 passages, 2 before (4 added and 1 taken out)."
    )


def test_one_document_each_is_no_ranking_and_no_movement() -> None:
    notes = Notes()
    for n in range(1, 9):
        notes.note(f"n{n}", f"2025-0{n}-10")
    notes.say("n8", "Nobody decides about the coder.", ("ownership",))
    notes.say("n7", "The contract with the cloud ends.", ("legal",))
    found = bundle(notes).findings
    first = next(f for f in found if f.kind == "overview")
    assert first.statement.startswith("No impediment is reported in more than one document: 2 ")
    for finding in (f for f in found if f.kind == "theme"):
        assert "It rests on a single document." in finding.statement
        assert "rising" not in finding.statement
        assert "falling" not in finding.statement


def test_what_one_document_reports_is_not_called_widely_reported() -> None:
    notes = Notes()
    for n in range(1, 5):
        notes.note(f"n{n}", f"2025-0{n}-10")
        notes.say(f"n{n}", f"{'abcd'[n - 1] * 9} decides about the {n}th register.", ("ownership",))
    notes.say("n1", "The contract with the cloud ends.", ("legal",))
    first = next(f for f in bundle(notes).findings if f.kind == "overview")
    assert first.statement.startswith("The most widely reported impediment is ")
    assert "(4 of 4)" in first.statement
    assert "(1 of 4)" not in first.statement


def test_a_copy_is_no_later_report() -> None:
    notes = Notes()
    for n in range(1, 5):
        notes.note(f"n{n}", f"2025-0{n}-10")
    for n in (1, 4):
        notes.say(f"n{n}", "Nobody decides about the coder once the project ends.", ("ownership",))
    said = next(f for f in bundle(notes).findings if f.kind == "theme").statement
    assert said.startswith("Reported in 1 of 4 documents")
    assert "in January 2025 and copied until April 2025; 1 passage." in said


def test_what_is_still_open_is_not_said_to_have_no_solution_at_all() -> None:
    """A theme of which something was resolved has older reports without a known end beside it."""
    notes = Notes()
    for n in range(1, 5):
        notes.note(f"n{n}", f"2025-0{n}-10")
    for code in ("ownership", "legal", "data"):
        for n in (1, 2):
            notes.say(f"n{n}", f"{code} {'xyz'[n] * 9} stands still.", (code,))
    said = [f.statement for f in bundle(notes).findings if f.kind == "overview"]
    (oldest,) = [s for s in said if s.startswith("The oldest reports")]
    assert "(a report of January 2025; the theme was last reported in February 2025)" in oldest


def test_sub_themes_repeat_no_finding_of_their_theme() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.note("b", "2025-02-10")
    notes.say("a", "The register has no owner.", ("ownership", "T-017"))
    notes.say("b", "The register has an owner now.", ("ownership", "T-017"), kind="resolved")
    notes.say("b", "A weekly hour has helped.", ("ownership", "T-017"), kind="enabler")
    notes.say("b", "We propose a list of owners.", ("T-017",), kind="proposal")
    found = bundle(notes).findings
    assert [f.theme_id for f in found if f.kind == "resolved"] == ["ownership"]
    assert [f.theme_id for f in found if f.kind == "helps"] == ["ownership"]


def test_small_numbers_are_not_rounded_away() -> None:
    assert percent(0.0047) == "under 1%"
    assert probability(0.0003) == "< 0.01"
    assert probability(0.034) == "= 0.03"


def test_limits_name_what_was_not_read() -> None:
    made = bundle(sample())
    documents = {d.doc_id: d for d in made.documents}
    limits = [f.statement for f in findings(made.evidence, documents, abstained=3)]
    assert "1 document could not be read." in limits
    assert "3 impediments that fit no theme are in no list of this report." in limits
    one = [f.statement for f in findings(made.evidence, documents, abstained=1)]
    assert "1 impediment that fits no theme is in no list of this report." in one
    assert any("without a date" in s for s in limits)


def test_nothing_at_all_is_said_plainly() -> None:
    kinds = {f.kind: f.statement for f in findings([], {})}
    assert kinds["overview"] == "No impediment was found with enough confidence to be counted."
    assert "nothing to synthesise" in kinds["limits"]


def test_months_in_words() -> None:
    assert spoken("2024-09-12") == "September 2024"
    assert spoken("2024") == "2024"
    assert spoken("2025-13-01") == "2025-13-01"
    assert span("2024-09-12", None) == "in undated notes"
    assert span("2024-09-12", "2024-09-30") == "in September 2024"
