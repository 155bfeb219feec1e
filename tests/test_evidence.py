from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest

from factory import SEED, Notes, sample, themes, vector
from notesmine.config import PublishSettings, Settings
from notesmine.errors import CheckFailed
from notesmine.evidence import Assigned, weigh
from notesmine.evidence.duplicates import normalised
from notesmine.evidence.quotes import quote_id
from notesmine.evidence.statistics import FEWEST_MONTHS, mann_kendall, resample, trend
from notesmine.records import Evidence


def weighed(notes: Notes, quotes: int = 6) -> dict[str, Evidence]:
    settings = Settings(publish=PublishSettings(quotes=quotes))
    found = weigh(notes.documents(), notes.assigned(), themes(), settings, SEED)
    return {e.theme.theme_id: e for e in found}


def test_counts_documents_meetings_organisations_and_months() -> None:
    notes = Notes()
    for path, date, office in (
        ("a", "2025-01-10", "A"),
        ("b", "2025-01-10", "A"),
        ("c", "2025-02-10", "B"),
        ("d", "2025-03-10", ""),
    ):
        notes.note(path, date, organisation=office)
    notes.say("a", "Nobody decides about the coder.", ("ownership",), probability=0.9)
    notes.say("a", "The line for a responsible unit is empty.", ("ownership",), probability=0.8)
    notes.say("b", "Three names were given to me for the register.", ("ownership",))
    notes.say("c", "Whose is the map?", ("ownership", "T-017"))
    item = weighed(notes)["ownership"]
    assert (item.documents, item.meetings, item.organisations, item.passages) == (3, 2, 2, 4)
    assert item.by_month == {"2025-01": 2, "2025-02": 1}
    assert (item.first_seen, item.last_seen) == ("2025-01-10", "2025-02-10")
    assert item.share == 0.75
    assert item.read == 4
    assert item.expected_errors == pytest.approx(0.1 + 0.2 + 0.05 + 0.05)
    assert item.trend == "too few months"
    assert item.open == 4


def test_review_and_other_kinds_are_shown_and_never_counted() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.say("a", "Perhaps it is slow.", ("data",), tier="review", probability=0.5)
    notes.say("a", "A shared folder has helped us a lot.", ("data",), kind="enabler")
    notes.say("a", "Let us ask for a permanent permission.", ("data",), kind="proposal")
    notes.say("a", "The permission has come.", ("data",), kind="resolved")
    notes.say("a", "Next meeting in June.", ("data",), kind="status")
    item = weighed(notes)["data"]
    assert (item.documents, item.passages, item.rank) == (0, 0, 0)
    groups = (item.review, item.enablers, item.proposals, item.resolved)
    assert [len(g) for g in groups] == [1, 1, 1, 1]
    assert not item.impediments


def test_near_duplicates_collapse_to_the_earliest() -> None:
    notes = Notes()
    text = "We are still training at night in the teaching room; the request is with central IT"
    notes.note("later.pdf", "2025-03-01")
    notes.note("first.pdf", "2025-01-01")
    notes.note("mail.pdf", "2025-02-01")
    notes.say("later.pdf", text + ".", ("capacity",), page=2)
    notes.say("first.pdf", text + " since May.", ("capacity",))
    notes.say("mail.pdf", "  - " + text.upper() + " since MAY.", ("capacity",))
    notes.say("mail.pdf", "Another thing altogether is missing here.", ("capacity",))
    item = weighed(notes)["capacity"]
    assert item.passages == 2
    assert item.documents == 2
    first = item.impediments[0]
    assert first.path == "first.pdf"
    assert first.copies == ("mail.pdf", "later.pdf p. 2")
    assert normalised("- No  Owner!") == normalised("no owner")


def test_not_for_quotation_is_counted_and_appears_nowhere() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.note("b", "2025-02-10", quotable=False)
    notes.say("a", "Before it something harmless was said by all.")
    notes.say("a", "SECRET the director blocks it.", ("ownership",), quotable=False)
    notes.say("a", "Nobody decides about the coder.", ("ownership",))
    notes.say("a", "HIDDEN words without any theme.", kind="status", quotable=False)
    notes.say("b", "CLOSED note on who owns what.", ("ownership",))
    item = weighed(notes)["ownership"]
    assert (item.passages, item.documents, item.unquotable) == (3, 2, 2)
    assert len(set(item.withheld)) == 2
    assert len(item.impediments) == 1
    shown = repr(item)
    assert not any(word in shown for word in ("SECRET", "HIDDEN", "CLOSED"))


def test_quotes_are_the_span_and_their_context() -> None:
    notes = sample()
    documents = notes.documents()
    evidence = weigh(documents, notes.assigned(), themes(), Settings(), SEED)
    for item in evidence:
        for quote in item.impediments:
            text = documents[quote.doc_id].text
            assert text[quote.start : quote.end] == quote.text
            assert quote.quote_id == quote_id(quote.doc_id, quote.start, quote.end)
            assert len(quote.context_before) <= 160
            assert quote.context_before in text[: quote.start]
            assert quote.context_after in text[quote.end :]


def test_a_passage_that_is_not_in_its_document_is_refused() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.say("a", "Nobody decides.", ("ownership",))
    documents = notes.documents()
    (item,) = notes.assigned()
    wrong = msgspec.structs.replace(item.passage, text="Somebody decides.")
    broken = Assigned(wrong, item.judgement, item.coding, item.theme_ids)
    with pytest.raises(CheckFailed, match="is not what a holds"):
        weigh(documents, [broken], themes(), Settings(), SEED)


def test_order_of_input_changes_nothing() -> None:
    notes = sample()
    documents, items, codes = notes.documents(), notes.assigned(), themes()
    first = weigh(documents, items, codes, Settings(), SEED)
    random.Random(3).shuffle(items)
    random.Random(4).shuffle(codes)
    turned = dict(reversed(documents.items()))
    assert weigh(turned, items, codes, Settings(), SEED) == first


def test_ranked_by_documents_and_sub_themes_have_no_rank() -> None:
    found = list(weighed(sample()).values())
    counts = [e.documents for e in found]
    assert counts == sorted(counts, reverse=True)
    ranks = [e.rank for e in found if e.rank]
    assert ranks == list(range(1, len(ranks) + 1))
    by_id = {e.theme.theme_id: e for e in found}
    assert by_id["T-017"].rank == by_id["unheard"].rank == 0
    assert all(e.rank_low <= e.rank <= e.rank_high for e in found if e.rank)


def test_many_mentions_in_one_document_weigh_less_than_two_documents() -> None:
    notes = Notes()
    for path in ("a", "b"):
        notes.note(path, "2025-01-1" + ("0" if path == "a" else "1"))
        notes.say(path, f"The lawyers keep silent about {path * 9}.", ("legal",))
    for word in ("lamp", "spoon", "horse", "cloud", "piano"):
        notes.say("a", f"{word * 3} is something we lack and ask for.", ("data",))
    assert list(weighed(notes))[:2] == ["legal", "data"]


def test_intervals_hold_the_share_and_shrink_with_documents() -> None:
    few = np.arange(10)[:, None] < 4
    many = np.arange(400)[:, None] < 160
    (low, high), (low2, high2) = resample(few, 1)[0][0], resample(many, 1)[0][0]
    assert low < 0.4 < high
    assert high2 - low2 < (high - low) / 4
    # Binomial: 0.4 +- 1.96 sqrt(.4 .6 / 400) = .352 to .448
    assert (low2, high2) == (pytest.approx(0.352, abs=0.006), pytest.approx(0.448, abs=0.006))
    np.testing.assert_array_equal(resample(few, 1)[0], resample(few, 1)[0])
    assert resample(np.zeros((0, 2), dtype=bool), 1)[0].shape == (2, 2)


def test_trend_against_a_published_example_and_words() -> None:
    # Gilbert (1987), Statistical Methods for Environmental Pollution Monitoring, sec. 16.4: an
    # ordered series of n = 10 has S = 45, Var(S) = 125.
    s, p = mann_kendall(range(10))
    assert s == 45
    assert p == pytest.approx(8.3e-05, rel=0.02)
    read = {f"2025-{m:02d}": 2 for m in range(1, 9)}
    rising = {
        f"2025-{m:02d}": n for m, n in zip(range(1, 9), (0, 0, 0, 1, 1, 2, 2, 2), strict=True)
    }
    falling = {f"2025-{9 - int(m[5:]):02d}": n for m, n in rising.items()}
    assert trend(rising, read)[0] == "rising"
    assert trend(falling, read)[0] == "falling"
    assert trend(dict.fromkeys(read, 1), read) == ("steady", 1.0)
    few = dict(list(read.items())[: FEWEST_MONTHS - 1])
    assert trend({}, few) == ("too few months", None)
    # One note in the last month of many: p is small, and says nothing.
    assert trend({"2025-07": 1, "2025-08": 2}, read) == ("too few reports", None)


def test_a_resolution_closes_the_nearest_earlier_problem_only() -> None:
    notes = Notes()
    for n in range(1, 5):
        notes.note(f"n{n}", f"2025-0{n}-10")
    laptops, server = vector("laptops"), vector("server")
    notes.say("n1", "Our laptops refuse the package.", ("data",), vector=laptops)
    notes.say("n1", "There is no graphics server to train on.", ("data",), vector=server)
    notes.say("n2", "The laptops refuse it even today.", ("data",), vector=laptops)
    notes.say("n3", "The package now installs.", ("data",), kind="resolved", vector=laptops)
    notes.say("n4", "On the new laptops it fails again.", ("data",), vector=laptops)
    notes.say("n4", "It may become slow again.", ("data",), stance="anticipated", vector=server)
    item = weighed(notes)["data"]
    known = {q.quote_id: q.text for q in (*item.impediments, *item.resolved)}
    assert [(known[a], known[b]) for a, b in item.links] == [
        ("Our laptops refuse the package.", "The package now installs."),
        ("The laptops refuse it even today.", "The package now installs."),
    ]
    assert item.passages == 5
    assert (item.open, item.anticipated) == (2, 1)


def test_a_problem_repeated_after_its_resolution_stays_open_and_is_dated_by_its_copies() -> None:
    notes = Notes()
    for n in range(1, 5):
        notes.note(f"n{n}", f"2025-0{n}-10")
    laptops = vector("laptops")
    text = "Our laptops refuse the package, whatever we try with it."
    notes.say("n1", text, ("data",), vector=laptops)
    notes.say("n1", "No package installs on any machine here.", ("data",), vector=laptops)
    notes.say("n2", "No package installs on any machine here!", ("data",), vector=laptops)
    notes.say("n3", "The package now installs.", ("data",), kind="resolved", vector=laptops)
    notes.say("n4", text, ("data",), vector=laptops)
    item = weighed(notes)["data"]
    known = {q.quote_id: q.text for q in item.impediments}
    assert [known[a] for a, _ in item.links] == ["No package installs on any machine here."]
    assert (item.passages, item.documents, item.open) == (2, 1, 1)
    assert (item.first_seen, item.last_seen) == ("2025-01-10", "2025-04-10")
    assert item.by_month == {"2025-01": 1, "2025-02": 1, "2025-04": 1}


def test_an_anticipated_problem_that_is_resolved_is_resolved() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.note("b", "2025-02-10")
    same = vector("contract")
    notes.say("a", "The contract may end.", ("legal",), stance="anticipated", vector=same)
    notes.say("b", "The worry about it is over.", ("legal",), kind="resolved", vector=same)
    item = weighed(notes)["legal"]
    assert (item.passages, item.open, item.anticipated) == (1, 0, 0)


def test_months_count_documents_by_their_own_and_their_passages_dates() -> None:
    notes = Notes()
    notes.note("mails.mbox", "2025-01-10")
    notes.note("b", "2025-02-10")
    notes.note("undated", None)
    notes.note("broken", "2025-09-01", status="failed")
    notes.say("mails.mbox", "Nobody decides about the coder.", ("ownership",), date="2025-02-03")
    notes.say("mails.mbox", "Whose is the map?", ("ownership",), date="2025-03-03")
    notes.say("mails.mbox", "See you there.", kind="status", date="2025-03-04")
    notes.say("undated", "Next meeting in June.", kind="status", date="2025-04-01")
    notes.say("b", "We meet again in June.", kind="status")
    item = weighed(notes)["ownership"]
    assert item.by_month == {"2025-02": 1, "2025-03": 1}
    assert item.months == {"2025-01": 1, "2025-02": 2, "2025-03": 1, "2025-04": 1}


def test_without_vectors_only_a_shared_emergent_theme_links() -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.note("b", "2025-02-10")
    notes.say("a", "The register has no owner.", ("ownership", "T-017"))
    notes.say("a", "The model has no owner.", ("ownership",))
    notes.say("b", "The register has an owner now.", ("ownership", "T-017"), kind="resolved")
    item = weighed(notes)["ownership"]
    assert len(item.links) == 1
    assert item.links[0][0] == item.impediments[0].quote_id


def test_chosen_quotes_cover_documents_before_repeating_one() -> None:
    notes = Notes()
    for n in range(1, 6):
        notes.note(f"n{n}", f"2025-0{n}-10")
    words = "amber birch cedar delta ember fjord grove heath inlet jetty".split()
    for n, word in enumerate(words):
        path = f"n{1 + n % 5}" if n < 5 else "n1"
        notes.say(
            path, f"{word} {word[::-1]} came late {word} and we {word * 2} wait.", ("data",),
            probability=0.99 if path == "n1" else 0.85, vector=vector("data", word),
        )  # fmt: skip
    item = weighed(notes, quotes=5)["data"]
    known = {q.quote_id: q.path for q in item.impediments}
    assert {known[q] for q in item.chosen} == {"n1", "n2", "n3", "n4", "n5"}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_small_corpora_do_not_fail(number: int) -> None:
    notes = Notes()
    for n in range(number):
        notes.note(f"n{n}", None)
        notes.say(f"n{n}", f"Nothing moves {n} {'x' * n * 9}", ("data",))
    found = weighed(notes)
    assert found["data"].documents == number
