"""What corrections teach: a code moves on passages much like those, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesmine.exchange import amended, lessons
from notesmine.exchange.amend import decided
from notesmine.exchange.decision import Decision
from notesmine.records import Coding
from notesmine.themes.codebook import load_codebook
from notesmine.themes.coding import Coder, Vectors
from notesmine.themes.taught import LIKE, Lessons, Taught

#: Passages by their place on a circle, in degrees: the cosine of two is that of their distance.
PLACES = {
    "The red box stands by the door.": 0,
    "The red box stands by the door this month too.": 20,
    "A blue box was seen.": 45,
    "Nobody decides who looks after the coder.": 90,
    "We have too few people for the survey.": 180,
}
WORDS = tuple(PLACES)
FITTED = {"legal": 0.2, "ownership": 0.5, "capacity": 0.1}


def vectors(texts: Sequence[str]) -> Vectors:
    angles = np.radians([PLACES[t] for t in texts])
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def said(what: str, text: str, who: str = "AB", value: str = "legal") -> Decision:
    return Decision(what=what, who=who, value=value, path="n.md", text=text)  # type: ignore[arg-type]


def coded(*decisions: Decision, untaught: Sequence[int] = ()) -> list[Coding]:
    """Code the passages after decisions, as a run does."""
    people = decided(decisions)
    book, _ = amended(load_codebook(None), people)
    return Coder(book, vectors, Lessons(lessons(people, book), vectors)).code(
        WORDS,
        ["impediment"] * len(WORDS),
        [FITTED] * len(WORDS),
        untaught=untaught,
    )


def assigned(coding: Coding) -> list[str]:
    return [c.code for c in coding.codes if c.assigned]


def legal(codings: list[Coding]) -> list[float]:
    return [next(c.score for c in one.codes if c.code == "legal") for one in codings]


def test_a_given_code_rises_on_like_passages_and_on_nothing_else() -> None:
    before, after = coded(), coded(said("code", WORDS[0]))
    assert assigned(before[1]) == ["ownership"]
    assert assigned(after[1])[0] == "legal"
    (why,) = (c.why for c in after[1].codes if c.code == "legal")
    assert "like a passage that people gave it 0.94" in why
    for number in (2, 3, 4):  # 45 degrees are further than LIKE
        assert after[number] == before[number]
    for number in (0, 1):  # and no other code moves there
        others = [[c for c in x[number].codes if c.code != "legal"] for x in (before, after)]
        assert {c.code: c.score for c in others[0]} == {c.code: c.score for c in others[1]}


def test_a_code_taken_away_falls_on_like_passages_and_on_nothing_else() -> None:
    before = coded()
    after = coded(said("uncode", WORDS[0], value="ownership"))
    assert "ownership" not in assigned(after[1])
    assert after[2:] == before[2:]


def test_the_nearer_lesson_counts() -> None:
    after = coded(said("code", WORDS[1]), said("uncode", WORDS[0]))
    assert [score >= 0.3 for score in legal(after)[:2]] == [False, True]
    level = coded(said("code", WORDS[1]), said("uncode", WORDS[1]), said("code", WORDS[3]))
    assert legal(level)[1] < 0.3  # the last word of the person


def test_a_lesson_holds_as_long_as_its_decision() -> None:
    given_code = said("code", WORDS[0])
    assert coded() == coded(said("pin", WORDS[0], value=""))
    torn = coded(given_code, said("uncode", WORDS[0], who="CD"))
    assert legal(torn) == legal(coded())
    assert legal(coded(given_code))[1] > legal(coded())[1]


def test_a_passage_does_not_learn_from_itself() -> None:
    after = coded(said("code", WORDS[0]), untaught=[0])
    assert after[0] == coded()[0]
    assert assigned(after[1])[0] == "legal"


def test_what_was_said_of_a_merged_code_is_said_of_its_heir() -> None:
    merged = Decision(what="merge", who="AB", on="legal", value="capacity")
    people = decided([said("code", WORDS[0]), merged])
    book, refused = amended(load_codebook(None), people)
    assert not refused
    assert lessons(people, book) == {"capacity": Taught(yes=(WORDS[0],))}


def test_themes_that_were_found_are_taught_nothing() -> None:
    people = decided([said("code", WORDS[0], value="T-017")])
    assert lessons(people, load_codebook(None)) == {}


def test_nothing_is_embedded_where_nothing_was_taught() -> None:
    def never(texts: Sequence[str]) -> Vectors:
        raise AssertionError(texts)

    assert Lessons({}, never).of == {}
    assert Lessons({"legal": Taught()}, never).bounds(WORDS[:2]) == [{}, {}]


@given(
    st.lists(st.floats(0, 360), min_size=1, max_size=6),
    st.lists(st.floats(0, 360), max_size=4),
    st.lists(st.floats(0, 360), max_size=4),
    st.floats(0, 1),
)
def test_bounds_move_scores_towards_what_people_said_and_only_near(
    places: list[float], yes: list[float], no: list[float], score: float
) -> None:
    def at(angles: Sequence[object]) -> Vectors:
        turned = np.radians(np.array(angles, dtype=np.float64))
        return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)

    taught = Taught(yes=tuple(map(str, yes)), no=tuple(map(str, no)))
    made = Lessons({"legal": taught}, lambda texts: at([float(t) for t in texts]))
    for place, row in zip(places, made.bounds([*map(str, places)]), strict=True):
        near = [max((np.cos(np.radians(place - p)) for p in ps), default=-1) for ps in (yes, no)]
        if max(near) < LIKE - 1e-3:
            assert row == {}
        for bound in row.values():
            assert bound.hold(score) >= score if bound.at_least else bound.hold(score) <= score
            assert near[0] >= near[1] - 1e-3 if bound.at_least else near[1] >= near[0] - 1e-3


def test_a_code_of_the_users_own_is_taught_too() -> None:
    book = load_codebook(None)
    own = msgspec.structs.replace(book.code("legal"), id="papers", cues=())
    book = msgspec.structs.replace(book, codes=(*book.codes, own))
    people = decided([said("uncode", WORDS[0], value="papers")])
    assert lessons(people, book) == {"papers": Taught(no=(WORDS[0],))}


@pytest.mark.slow
def test_much_the_same_words_are_that_like_to_the_shipped_classifier() -> None:
    from notesmine.classify import Classifier
    from notesmine.encoder import Encoder

    texts = [
        "We still wait for the licence of the scanner.",
        "We are still waiting for the licence of the scanner this month.",
        "Nobody decides who looks after the coder.",
    ]
    found = Classifier(Encoder()).encode(texts)
    cosines = found @ found.T
    assert cosines[0, 1] >= LIKE > cosines[0, 2]
