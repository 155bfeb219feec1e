"""Which solution answers which problem: held-out statements, and what the rule promises."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest

from factory import SEED, Notes, themes, two_notes, vector
from notesmine.config import Settings
from notesmine.encoder import Encoder
from notesmine.evidence import Assigned, weigh
from notesmine.evidence.ended import says_ended, speaks_of, tickets
from notesmine.evidence.life import lives, reread
from notesmine.evidence.pool import Pool
from notesmine.evidence.resolution import Likeness, body_words, cosine
from notesmine.records import Evidence, Theme


def links_of(found: list[Evidence]) -> dict[str, set[str]]:
    """The words of each solution, and those of the problems it closes."""
    said = {q.quote_id: q.text for e in found for q in (*e.impediments, *e.review, *e.resolved)}
    linked: dict[str, set[str]] = {}
    for problem, solution in (pair for e in found for pair in e.links):
        linked.setdefault(said[solution], set()).add(said[problem])
    return linked


@pytest.fixture(scope="module", params=["links.toml", "links_blind.toml"])
def statements(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    text = (Path(__file__).parent / str(request.param)).read_text("utf-8")
    return list(tomllib.loads(text)["said"])


@pytest.fixture(scope="module")
def linked(statements: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Links among the statements, kinds and codes as a reader gives them, the shipped vectors."""
    texts = [s["text"] for s in statements]
    vectors = dict(zip(texts, Encoder().encode(texts), strict=True))
    notes = Notes()
    for date in sorted({s["date"] for s in statements}):
        notes.note(date, date)
    for s in statements:
        notes.say(s["date"], s["text"], (s["code"],), kind=s["kind"], vector=vectors[s["text"]])
    codes = sorted({s["code"] for s in statements})
    listed = [Theme(theme_id=c, origin="code", label=c) for c in codes]
    return links_of(weigh(notes.documents(), notes.assigned(), listed, Settings(), SEED))


def test_held_out_solutions_are_linked_to_their_problem(
    statements: list[dict[str, Any]], linked: dict[str, set[str]]
) -> None:
    problems = {s["id"]: s["text"] for s in statements if "id" in s}
    wanted = {s["text"]: {problems[s["answers"]]} for s in statements if "answers" in s}
    assert len(wanted) >= 10
    assert {s: p for s, p in linked.items() if s in wanted} == wanted


def test_held_out_statements_that_answer_nothing_are_linked_to_nothing(
    statements: list[dict[str, Any]], linked: dict[str, set[str]]
) -> None:
    tempting = {s["text"] for s in statements if s["kind"] == "resolved" and "answers" not in s}
    assert len(tempting) >= 11
    assert not tempting & linked.keys()


def test_another_ticket_is_another_problem() -> None:
    notes = two_notes()
    scan = vector("scan")
    notes.say("a", "AR-17: the nightly scan of the portal fails.", ("data",), vector=scan)
    notes.say("a", "AR-18: the nightly scan of the portal is slow.", ("data",), vector=scan)
    notes.say("b", "AR-18 is closed.", ("data",), kind="resolved", vector=vector("closed"))
    notes.say(
        "b", "AR-21: the scan works again.", ("data",), kind="resolved", vector=vector("scan", "x")
    )
    found = weigh(notes.documents(), notes.assigned(), themes(), Settings(), SEED)
    assert links_of(found) == {
        "AR-18 is closed.": {"AR-18: the nightly scan of the portal is slow."},
    }


def test_words_that_name_no_matter_close_nothing() -> None:
    notes = two_notes()
    same = vector("resolved")
    notes.say("a", "A minor issue that is to be resolved.", ("data",), vector=same)
    notes.say("b", "This is resolved!", ("data",), kind="resolved", vector=same)
    assert not links_of(weigh(notes.documents(), notes.assigned(), themes(), Settings(), SEED))


def test_years_of_silence_speak_against_a_link() -> None:
    def linked(year: int) -> bool:
        notes = Notes()
        notes.note("a", "2019-06-10")
        notes.note("b", f"{year}-06-10")
        notes.say("a", "The charter for members is unclear.", ("legal",), vector=vector("a", "b"))
        notes.say(
            "b", "Applications of members have been unblocked.", ("legal",), kind="resolved",
            vector=vector("a", "c"),
        )  # fmt: skip
        found = weigh(notes.documents(), notes.assigned(), themes(), Settings(), SEED)
        return bool(links_of(found))

    assert linked(2020)
    assert not linked(2024)


def test_a_label_in_front_makes_no_thread() -> None:
    notes = Notes()
    for n in (1, 2, 3):
        notes.note(f"n{n}", f"2025-0{n}-10")
    near = vector("detection")
    for n, words in enumerate(
        (
            "Building detection: the notebook has become a script.",
            "Building detection: two editors ask for the list.",
            "Building detection: the script of the notebook is lost.",
        )
    ):
        notes.say(f"n{n + 1}", words, ("data",), vector=near)
    item = next(
        e
        for e in weigh(notes.documents(), notes.assigned(), themes(), Settings(), SEED)
        if e.theme.theme_id == "data"
    )
    text = {q.quote_id: q.text for q in item.impediments}
    assert [[text[q][20:40] for q in t] for t in item.threads] == [
        ["the notebook has bec", "the script of the no"]
    ]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Receipts – SK: the lawyer wrote.", "receipt"),
        ("[Person 3] The lawyer wrote.", ""),
        ("Issues that we had with the board: nothing moves.", ""),
    ],
)
def test_only_short_labels_are_left_out(text: str, label: str) -> None:
    assert label not in body_words(text) or not label
    assert body_words(text)


def test_tickets_and_months_are_read() -> None:
    assert tickets("#12 and AR-212/AR-213, item 4, &#8217;") == {"12", "AR-212", "AR-213"}
    assert says_ended("#2551 was closed, and merged.")
    assert not says_ended("Once AR-212 is closed we go on.")
    assert speaks_of("It met on 9 October.", "The next meeting is in October.")
    assert not speaks_of("In use from January on.", "In January we start.")
    assert not speaks_of("It may go on.", "In May we start.")


def test_a_first_look_by_arrays_loses_no_pair() -> None:
    """What `Pool` leaves out could not have reached the bar, with vectors and without."""
    rng = random.Random(3)
    things = ["runner", "coder", "board", "list", "server", "#12", "#13", "In May", "receipts"]
    notes = Notes()
    for n in range(1, 9):
        notes.note(f"n{n}", f"20{18 + n}-0{n}-10")
    for n in range(120):
        words = rng.sample(things, 3)
        notes.say(
            f"n{1 + n % 8}", f"{' '.join(words)} {'is over' if n % 3 else 'fails'} {n % 7}.",
            rng.sample(["data", "legal", "T-017"], 2),
            kind="resolved" if n % 3 else "impediment",
            vector=vector(*words) if n % 5 else None,
        )  # fmt: skip
    items = notes.assigned()
    likeness = Likeness(items, notes.documents())
    problems = [i for i in items if i.judgement.kind == "impediment"]
    solutions = [i for i in items if i.judgement.kind == "resolved"]
    pool = Pool(problems, likeness)
    for bar in (0.6, 0.9, 1.4, 2.0):
        bars = [bar] * len(solutions)
        for item, places in zip(solutions, pool.answered(solutions, bars), strict=True):
            reached = {n for n, p in enumerate(problems) if likeness.answers(item, p) >= bar}
            assert reached <= set(places)
    for one in solutions[:20]:
        near = [cosine(one, p) for p in problems]
        assert {n for n, c in enumerate(near) if c is not None and c >= 0.6} <= set(
            pool.close(one, 0.6)
        )


def test_nothing_to_compare_is_no_link() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    empty: list[Assigned] = []
    likeness = Likeness(empty, notes.documents())
    assert reread(empty, likeness, notes.documents()) == []
    assert lives([], [], likeness, notes.documents()).closed == {}
    assert list(Pool([], likeness).answered([], [])) == []
