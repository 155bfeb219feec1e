"""People's decisions: read, written, found again in changed notes, stronger than the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import factory
from deciding import NOTE, notes, on
from notesmine import rulings
from notesmine.config import Settings
from notesmine.evidence import Assigned, weigh
from notesmine.exchange import Decided, Replay, amended, looked_for
from notesmine.exchange.amend import decided
from notesmine.exchange.anchor import Anchor, Finder, surroundings
from notesmine.exchange.decision import Decision, add_decisions, read_decisions
from notesmine.exchange.settle import settle
from notesmine.exchange.strike import strike
from notesmine.records import Document, Passage, Theme, digest
from notesmine.themes.codebook import MIN_EXAMPLES, load_codebook


class By(dict[str, Assigned]):
    """Passages by the words that they begin with."""

    def __missing__(self, words: str) -> Assigned:
        return next(a for text, a in self.items() if text.startswith(words))


def replayed(
    made: factory.Notes, *decisions: Decision, themes: list[Theme] | None = None
) -> tuple[Replay, By, list[Theme]]:
    """Replay decisions over notes as a run does; passages by how they begin."""
    book, _ = amended(load_codebook(None), decided(decisions))
    assigned = made.assigned()
    people = Replay(
        decided(decisions), list(made.documents().values()), [a.passage for a in assigned], book
    )
    ruled = []
    for item in assigned:
        passage, judgement = people.overrule(item.passage, item.judgement)
        ruled.append(Assigned(passage, judgement, item.coding, item.theme_ids, item.vector))
    left = people.themes(themes or factory.themes())
    done = people.assign(ruled, left)
    return people, By((a.passage.text, a) for a in done), left


# -- over the machine -----------------------------------------------------------------------------


def test_a_corrected_kind_wins_is_certain_and_says_who() -> None:
    made = notes()
    _, after, _ = replayed(made, on(made, "We meet", "kind", value="impediment", why="it blocks"))
    judgement = after["We"].judgement
    assert (judgement.kind, judgement.tier, judgement.scores) == (
        "impediment", "confirmed", {"impediment": 1.0},
    )  # fmt: skip
    assert judgement.why == "machine said status 0.90; decided impediment by anna: it blocks"
    assert after["We"].coding.stance != "none"
    assert after["We"].decided_by == ("anna",)
    assert after["Nobody"].decided_by == ()


def test_what_the_machine_said_stands_beside_what_people_decided() -> None:
    made = notes()
    day = "2025-04-02T09:30:00"
    _, after, _ = replayed(
        made,
        on(made, "Nobody", "kind", value="status", when=day),
        on(made, "The survey", "kind", value="impediment", when=day, why="seen"),
        on(made, "The register", "uncode", value="T-017", when=day),
    )
    said = {begin: after[begin].machine for begin in ("Nobody", "The survey", "The register")}
    nobody, survey, register = said.values()
    assert nobody is not None
    assert survey is not None
    assert register is not None
    assert (nobody.kind, nobody.tier, nobody.theme_ids) == (
        "impediment", "confirmed", ("ownership",),
    )  # fmt: skip
    assert after["Nobody"].theme_ids == ()
    assert after["Nobody"].judgement.why == (
        f"machine said impediment {nobody.probability:.2f}; decided status by anna on 2025-04-02"
    )
    assert survey.tier == "review"
    assert after["The survey"].judgement.why.endswith(
        ", to review; confirmed by anna on 2025-04-02: seen"
    )
    assert "T-017" in register.theme_ids
    assert "code T-017 taken away by anna on 2025-04-02" in after["The register"].judgement.why
    assert after["We"].machine is None  # nobody decided about it

    kept = {r.text: r for r in rulings.rulings(list(after.values()), made.documents())}
    owned = next(r for text, r in kept.items() if text.startswith("Nobody"))
    assert (owned.kind, owned.by_machine().kind) == ("status", "impediment")
    assert owned.by_machine().codes == ("ownership",)
    assert owned.by_machine().decided_by == ()


def test_rulings_of_an_earlier_version_open_and_claim_nothing() -> None:
    made = notes()
    _, after, _ = replayed(made, on(made, "Nobody", "kind", value="status"))
    row = next(
        r
        for r in rulings.rulings(list(after.values()), made.documents())
        if r.decided_by == ("anna",)
    )
    old = msgspec.to_builtins(row)
    del old["machine"], old["decisions"]
    opened = msgspec.convert(old, rulings.Ruling)
    assert (opened.kind, opened.said, opened.decisions) == ("status", None, ())


def test_codes_given_and_taken_by_people_hold() -> None:
    made = notes()
    _, after, _ = replayed(
        made,
        on(made, "Nobody", "code", value="capacity"),
        on(made, "Nobody", "uncode", value="ownership"),
        on(made, "The register", "uncode", value="T-017"),
    )
    assert after["Nobody"].theme_ids == ("capacity",)
    assert [c.code for c in after["Nobody"].coding.codes if c.assigned] == ["capacity"]
    the_register = after["The register"]
    assert the_register.theme_ids == ("data",)


def test_a_veto_keeps_words_out_and_the_count_in() -> None:
    made = notes()
    made.say(NOTE, "Nobody decides about the money.", ("ownership",))
    _, after, left = replayed(made, on(made, "Nobody decides who", "veto"))
    (owned,) = (
        e
        for e in weigh(made.documents(), list(after.values()), left, Settings(), 1)
        if e.theme.theme_id == "ownership"
    )
    assert owned.passages == 2
    assert [q.text for q in owned.impediments] == ["Nobody decides about the money."]


def test_a_pinned_quote_stands_first() -> None:
    made = factory.Notes()
    made.note(NOTE, "2025-01-10", format="md")
    words = [
        "Nobody decides who looks after the coder of the survey.",
        "The office of statistics has no owner for its maps.",
        "Bad.",
        "Who answers for the register of streets is open.",
    ]
    for text in words:
        made.say(NOTE, text, ("ownership",))
    _, after, left = replayed(made, on(made, "Bad", "pin"))
    (owned,) = (
        e
        for e in weigh(made.documents(), list(after.values()), left, Settings(), 1)
        if e.theme.theme_id == "ownership"
    )
    first = {q.quote_id: q.text for q in owned.impediments}[owned.chosen[0]]
    assert first == "Bad."


def test_two_people_who_differ_leave_the_machines_answer_and_are_shown() -> None:
    made = notes()
    people, after, _ = replayed(
        made,
        on(made, "The survey", "kind", "anna", value="status"),
        on(made, "The survey", "kind", "ben", value="proposal"),
    )
    survey = after["The survey"]
    assert (survey.judgement.kind, survey.judgement.tier) == ("impediment", "review")
    (problem,) = people.problems()
    assert problem.code == "decision-conflict"
    assert "anna" in problem.message
    assert "ben" in problem.message
    counts: Any = people.counts()["decisions"]
    assert (counts["read"], counts["held"], counts["conflicts"]) == (2, 0, 1)


def test_two_people_who_agree_hold_and_the_last_word_of_one_counts() -> None:
    made = notes()
    people, after, _ = replayed(
        made,
        on(made, "The survey", "kind", "anna", value="status"),
        on(made, "The survey", "kind", "ben", value="impediment"),
        on(made, "The survey", "kind", "anna", value="impediment"),
    )
    survey = after["The survey"]
    assert survey.judgement.tier == "confirmed"
    assert survey.decided_by == ("ben", "anna")
    assert not people.problems()


def test_one_person_spelt_in_two_ways_is_one(tmp_path: Path) -> None:
    made = notes()
    file = tmp_path / "decisions.toml"
    said = [("AB", "status"), ("a b ", "proposal"), ("CD", "proposal")]
    add_decisions(file, [on(made, "Nobody", "kind", who, value=v) for who, v in said])
    written = file.read_text("utf-8")
    found = read_decisions(file)
    assert [d.who for d in found] == ["AB", "AB", "CD"]
    people, after, _ = replayed(made, *found)
    assert not people.problems()
    assert (after["Nobody"].judgement.kind, after["Nobody"].decided_by) == (
        "proposal", ("AB", "CD"),
    )  # fmt: skip
    assert [d.who for d in strike(file, [0], found)] == ["a b ", "CD"]
    assert written.count("a b ") == file.read_text("utf-8").count("a b ") == 1


def test_unknown_codes_and_lost_passages_are_listed() -> None:
    made = notes()
    gone = msgspec.structs.replace(
        on(made, "Nobody", "pin"), text="Words that stand in no note.", doc="d", start=0, end=5
    )
    people, _, _ = replayed(
        made,
        gone,
        on(made, "Nobody", "code", value="no-such-code"),
        Decision(what="rename", who="anna", on="T-099", value="Anything"),
    )
    assert sorted(p.code for p in people.problems()) == [
        "decision-not-placed", "decision-not-taken", "decision-not-taken",
    ]  # fmt: skip
    counts: Any = people.counts()["decisions"]
    assert (counts["not_placed"], counts["not_taken"], counts["held"]) == (1, 2, 0)


def test_emergent_themes_take_names_and_go_into_others() -> None:
    made = notes()
    _, after, left = replayed(
        made, Decision(what="rename", who="anna", on="T-017", value="Late registers")
    )
    assert {t.theme_id: t.label for t in left}["T-017"] == "Late registers"
    _, after, left = replayed(
        made, Decision(what="merge", who="anna", on="T-017", value="ownership")
    )
    assert "T-017" not in {t.theme_id for t in left}
    register = after["The register"]
    assert register.theme_ids == ("data", "ownership")
    _, after, left = replayed(made, Decision(what="retire", who="anna", on="T-017"))
    register = after["The register"]
    assert register.theme_ids == ("data",)


# -- codes ----------------------------------------------------------------------------------------


def test_codes_are_renamed_redefined_merged_retired_and_added() -> None:
    book = load_codebook(None)
    done, refused = amended(
        book,
        decided(
            [
                Decision(what="rename", who="a", on="ownership", value="Nobody owns it"),
                Decision(what="redefine", who="a", on="ownership", value="New words."),
                Decision(what="merge", who="a", on="legal", value="capacity"),
                Decision(what="retire", who="a", on="shelving"),
                Decision(
                    what="add", who="a", on="late", value="Late", definition="Too late.",
                    parent="ownership",
                ),
                Decision(what="merge", who="a", on="structure", value="shelving"),
            ]
        ),
    )  # fmt: skip
    assert done.code("ownership").label == "Nobody owns it"
    assert done.code("ownership").definition == "New words."
    assert done.resolve("legal") == "capacity"
    assert done.resolve("shelving") is None
    assert done.code("late").parent == "ownership"
    assert done.version != book.version
    assert [p.code for p in refused] == ["decision-not-taken"]  # shelving is retired
    assert "late" not in {c.id for c in looked_for(done).active()}
    assert "late" in {c.id for c in done.active()}


def test_a_new_code_learns_from_the_passages_people_gave_it() -> None:
    made = notes()
    decisions = [Decision(what="add", who="a", on="late", value="Late", definition="Too late.")]
    decisions += [
        msgspec.structs.replace(on(made, "Nobody", "code", value="late"), text=f"It came {n}.")
        for n in range(MIN_EXAMPLES)
    ]
    decisions.append(on(made, "We meet", "uncode", value="late"))
    done, _ = amended(load_codebook(None), decided(decisions))
    assert len(done.code("late").examples) == MIN_EXAMPLES
    assert done.code("late").counter_examples == ("We meet again in room four.",)
    assert "late" in {c.id for c in looked_for(done).active()}


def test_a_built_in_code_may_go_into_a_new_one() -> None:
    done, refused = amended(
        load_codebook(None),
        decided(
            [
                Decision(what="add", who="a", on="new", value="New", definition="Words."),
                Decision(what="merge", who="a", on="legal", value="new"),
            ]
        ),
    )
    assert not refused
    assert "new" in {c.id for c in looked_for(done).active()}


def test_nothing_changes_without_decisions() -> None:
    book = load_codebook(None)
    assert amended(book, Decided())[0] is book
    made = notes()
    people, after, _ = replayed(made)
    assert people.counts() == {}
    assert [a.theme_ids for a in after.values()] == [a.theme_ids for a in made.assigned()]


# -- found again ----------------------------------------------------------------------------------


def document_of(text: str, path: str = NOTE) -> Document:
    return Document(
        doc_id=digest(text), paths=(path,), sha256=digest(text), format="md",
        text=text,
    )  # fmt: skip


def finder_of(*documents: Document) -> Finder:
    """Documents whose lines are their passages."""
    passages = []
    for d in documents:
        at = 0
        for line in d.text.split("\n"):
            if line.strip():
                passages.append(
                    Passage(
                        passage_id=f"{d.doc_id}{at}", doc_id=d.doc_id, start=at,
                        end=at + len(line), text=line, type="bullet",
                    )
                )  # fmt: skip
            at += len(line) + 1
    return Finder({d.doc_id: d for d in documents}, passages)


LINES = st.lists(
    st.text(st.sampled_from("abc de🙂é"), min_size=4, max_size=20).filter(
        lambda t: len(t.strip()) > 3 and t == t.strip()
    ),
    min_size=1,
    max_size=6,
    unique=True,
)


@given(LINES, st.data())
def test_a_passage_is_found_by_its_words_wherever_they_moved(
    lines: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    old = document_of("\n".join(lines))
    start = sum(len(line) + 1 for line in lines[:at])
    end = start + len(lines[at])
    before, after = surroundings(old.text, start, end)
    anchor = Anchor(
        doc=old.doc_id, path=NOTE, start=start, end=end, text=lines[at], before=before, after=after
    )
    more = data.draw(st.lists(st.just("Some quite different words here."), max_size=3))
    where = data.draw(st.integers(0, len(lines)))
    new = document_of("\n".join([*lines[:where], *more, *lines[where:]]))
    found = finder_of(new).find(anchor)
    assert found is not None
    assert new.text[found.start : found.end].split() == lines[at].split()
    assert found.how == ("same" if new.doc_id == old.doc_id else "moved")


def anchor_in(text: str, words: str, path: str = NOTE) -> Anchor:
    start = text.index(words)
    before, after = surroundings(text, start, start + len(words))
    return Anchor(
        doc="gone", path=path, start=start, end=start + len(words), text=words, before=before,
        after=after,
    )  # fmt: skip


def test_of_equal_words_those_with_the_same_surroundings_are_meant() -> None:
    old = "First topic here\nIt is late.\nSecond topic there\nIt is late.\nThe end"
    anchor = anchor_in(old, "It is late.")
    second = msgspec.structs.replace(
        anchor_in(old, "It is late."),
        start=old.rindex("It is late."),
        before="Second topic there\n",
        after="\nThe end",
    )
    new = document_of("New opening words\n" + old)
    for wanted, place in ((anchor, new.text.index("It is")), (second, new.text.rindex("It is"))):
        found = finder_of(new).find(wanted)
        assert found is not None
        assert found.start == place


@pytest.mark.parametrize(
    ("now", "how"),
    [
        ("Nobody has decided who looks after the coder.", "changed"),  # between the same lines
        ("We are glad to say: the coder is in good hands.", None),  # another statement
    ],
)
def test_a_changed_sentence_is_kept_and_another_one_is_not(now: str, how: str | None) -> None:
    frame = "The chair opened the meeting.\n{}\nThe next meeting is in May."
    old = "Nobody has decided who will look after the coder."
    anchor = anchor_in(frame.format(old), old)
    found = finder_of(document_of(frame.format(now))).find(anchor)
    assert (found.how if found else None) == how


def test_words_much_alike_are_found_without_their_surroundings() -> None:
    anchor = anchor_in(
        "a\nNobody decides who looks after the coder.\nb",
        "Nobody decides who looks after the coder.",
    )
    new = document_of("Quite new.\nNobody decided who looks after the coder.\nOther words.")
    found = finder_of(new).find(anchor)
    assert found is not None
    assert new.text[found.start : found.end].startswith("Nobody decided")


def test_words_of_a_lost_note_are_taken_elsewhere_only_if_they_stand_out() -> None:
    anchor = anchor_in("It is late.", "It is late.", path="lost.md")
    one = document_of("x y z\nIt is late.", "one.md")
    two = document_of("a b c\nIt is late.", "two.md")
    assert finder_of(one).find(anchor) is not None
    assert finder_of(one, two).find(anchor) is None


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), min_size=1, max_size=8))
def test_what_holds_is_what_the_last_words_of_all_agree_on(said: list[tuple[str, str]]) -> None:
    decisions = [("p", Decision(what="rename", who=w, on="c", value=v)) for w, v in said]
    settled, conflicts = settle(decisions)
    last = dict(said)
    if len(set(last.values())) == 1:
        assert settled["p", "rename", ""].value == next(iter(last.values()))
        assert not conflicts
    else:
        assert not settled
        assert {d.who for d in conflicts[0].decisions} == set(last)
