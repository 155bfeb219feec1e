"""The pictures of all themes together, and the checklist: what they show, and when not."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest

from factory import Notes, bundle, sample, vector
from notesmine.evidence import passage_map
from notesmine.evidence import strength as graded
from notesmine.evidence.life import (
    REREAD_MORE,
    REVIEW_MORE,
    SAID_BAR,
    SAME_MATTER,
    SAME_PROBLEM,
    SURE_BAR,
    UNSAID_BAR,
)
from notesmine.evidence.resolution import NAMED_TIME, SAME_THEME, SAME_TICKET, SILENT_YEAR
from notesmine.publish import html, panels
from notesmine.publish.bundle import canonical
from notesmine.publish.checklist import checklist


def test_the_map_places_each_passage_once_and_is_the_same_in_any_order() -> None:
    notes = sample()
    items, documents = notes.assigned(), notes.documents()
    placed = passage_map(items, documents)
    assert placed is not None
    assert passage_map(items[::-1], documents) == placed
    points = np.array(list(placed.places.values()))
    assert np.abs(points).max() == 1.0
    assert 0 < placed.kept <= 1
    shown = {q.quote_id for e in bundle(notes).evidence for q in e.impediments}
    assert shown <= set(placed.places)


def test_like_passages_lie_closer_than_unlike_ones() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    for n in range(8):
        group = "data" if n % 2 else "legal"
        notes.say(
            "a", f"{group} {'xyzuvwrs'[n] * 9}", (group,), vector=vector(group, group, str(n))
        )
    placed = passage_map(notes.assigned(), notes.documents())
    assert placed is not None
    points = np.array(list(placed.places.values()))
    within = np.linalg.norm(points[0] - points[2]) + np.linalg.norm(points[1] - points[3])
    across = np.linalg.norm(points[0] - points[1]) + np.linalg.norm(points[2] - points[3])
    assert within < across


def test_few_or_unquotable_passages_make_no_map() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    for n in range(9):
        notes.say("a", f"secret {n}", ("data",), quotable=n < 3, vector=vector(str(n)))
    assert passage_map(notes.assigned(), notes.documents()) is None
    assert panels.passages((), None) is None
    assert panels.growth(None) is None


def test_pairs_are_above_chance_and_saturation_says_its_numbers() -> None:
    made = bundle(sample())
    labels = {e.theme.theme_id: e.theme.label for e in made.evidence}
    for pair in panels.pairs(made.overlaps, labels):
        assert pair["overlap"].documents >= panels.FEWEST_COMMON
        assert pair["overlap"].lift > 1
    grown = panels.growth(made.saturation)
    assert grown is not None
    assert made.saturation is not None
    total = made.saturation.steps[-1].total
    assert f"half of the {total} themes" in grown["words"]


def test_the_checklist_has_21_items_and_leaves_to_people_what_is_theirs() -> None:
    items = checklist(bundle(sample()))
    assert [i.number for i in items] == list(range(1, 22))
    state = {i.topic: i.state for i in items}
    assert state["Funding"] == state["Interests"] == "needs a person"
    assert state["Processing"] == "filled"
    assert state["Context"] == "in part"
    assert "2 of" not in next(i.filled for i in items if i.topic == "Units")


def test_the_report_prints_the_rules_that_the_code_follows() -> None:
    page = re.sub(r"<[^>]+>", "", html.render(canonical(bundle(sample()))))
    for value in (SAID_BAR, SURE_BAR, SAME_PROBLEM, SAME_MATTER, SAID_BAR + REREAD_MORE):
        assert f"{value:.2f}".lstrip("0") in page
    assert f"any other {UNSAID_BAR}" in page
    for value, of in (
        (SAME_THEME, "for each theme in common"),
        (SAME_TICKET, "for a ticket in common"),
        (NAMED_TIME, "if it names the time"),
        (SILENT_YEAR, "off"),
        (REVIEW_MORE, "more is needed"),
    ):
        assert f"{value} {of}" in page
    words = {2: "two", 3: "three", 4: "four", 5: "five"}
    assert (
        f"at least {words[graded.STRONG_DOCUMENTS]} documents of at least "
        f"{words[graded.STRONG_MONTHS]} months" in page
    )
    assert (
        f"at least {words[graded.MODERATE_DOCUMENTS]} documents of {words[graded.MODERATE_MONTHS]}"
        in page
    )
    assert f"{graded.STRONG_SHARE:.0%} or more" in page


def test_problem_and_solution_stand_side_by_side() -> None:
    made = bundle(sample())
    page = html.render(canonical(made))
    pairs = {pair for e in made.evidence for pair in e.links}
    assert pairs
    table = page.split('id="c-closed"')[1].split("</table>")[0]
    for problem, solution in pairs:
        assert f'href="#{problem}"' in table
        assert f'href="#{solution}"' in table
    bare = msgspec.structs.replace(made, overlaps=(), saturation=None, places=None)
    assert 'id="r-together"' not in html.render(canonical(bare))


def test_a_long_report_shows_each_passage_once_and_says_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = canonical(bundle(sample()))
    short = html.render(made)
    monkeypatch.setattr(html, "LONG_REPORT", 10)
    page = html.render(made)
    assert len(page) < len(short)
    assert "further passage" in page
    once = [q for _, q in made.quotes()]
    for quote in once:
        assert f'data-quote-id="{quote.quote_id}"' in page
    assert 'data-also="' in page


def test_a_problem_said_in_small_steps_is_not_chained() -> None:
    notes = Notes()
    texts = ("amber birch cedar", "birch cedar delta", "delta ember fjord", "ember fjord grove")
    for n, text in enumerate(texts):
        notes.note(f"n{n}", f"2025-0{n + 1}-10")
        notes.say(f"n{n}", text, ("data",), vector=vector(*text.split()))
    (item,) = [e for e in bundle(notes).evidence if e.theme.theme_id == "data"]
    firsts = {q.quote_id: q.text for q in item.impediments}
    for thread in item.threads:
        first = set(firsts[thread[0]].split())
        assert all(first & set(firsts[q].split()) for q in thread)
