from __future__ import annotations

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from notesmine.themes.label import label_themes
from notesmine.themes.words import NoteTokens

THEMES = [
    [
        "No Data Sharing Agreement with the ministry yet (#12).",
        "The data sharing agreement is still unsigned, see https://x.org/y",
        "Jane Roe asked for the data sharing agreement again.",
    ],
    [
        "Nobody is responsible for the model after handover.",
        "Lack of ownership for the model.",
        "There is a lack of ownership; Jane Roe left.",
    ],
    ["Data sharing agreement with the agency", "data sharing agreement with the agency missing"],
]
NONE = np.zeros((3, 4), dtype=np.float32)


def test_labels_are_phrases_of_their_passages() -> None:
    labels = label_themes(THEMES, NONE, names=["Jane Roe"])
    assert labels[:2] == ["No data sharing agreement", "Lack of ownership"]
    assert len({label.casefold() for label in labels}) == 3
    for label, texts in zip(labels, THEMES, strict=True):
        assert any(label.casefold() in text.casefold() for text in texts)
        assert 1 <= len(label.split()) <= 6
        assert not re.search(r"[\d<>#@/]|roe|https", label, re.IGNORECASE)


def test_order_and_taken_names() -> None:
    backwards = label_themes([texts[::-1] for texts in THEMES], NONE, names=["Jane Roe"])
    assert backwards == label_themes(THEMES, NONE, names=["Jane Roe"])
    other = label_themes(THEMES, NONE, names=["Jane Roe"], taken=["no data sharing agreement"])
    assert "No data sharing agreement" not in other


def test_confirmed_passages_name_the_theme_and_progress_does_not() -> None:
    texts = [
        "The staging server is too slow.",
        "Server is too slow for the tests.",
        "The server was down twice.",
        "Release notes were read.",
        "Release notes are out.",
        "Release notes once more.",
        "Release notes for all.",
    ]
    sure = [True, True, True, False, False, False, False]
    assert "server" in label_themes([texts], NONE[:1], confirmed=[sure])[0].casefold()
    other = [not yes for yes in sure]
    assert "release" in label_themes([texts], NONE[:1], confirmed=[other])[0].casefold()
    done = ["Server upgrade done", "Server works", "New server bought", "Server set up"]
    mixed = [["The server waits for the key.", "Server: no key for the vault.", "server key"]]
    assert "key" in label_themes(mixed, NONE[:1], background=done)[0].casefold()


def test_the_encoder_weighs_candidates() -> None:
    def encode(texts: object) -> NDArray[np.float32]:
        rows = [[1.0, 0.0] if "model" in str(t).lower() else [0.0, 1.0] for t in texts]  # type: ignore[attr-defined]
        return np.array(rows, dtype=np.float32)

    toward = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    labels = label_themes(THEMES, toward, encode, names=["Jane Roe"])
    assert "model" in labels[1].casefold()


def test_acronyms_and_proper_names_keep_their_letters() -> None:
    texts = [["CI pipeline is red", "The CI pipeline breaks"], ["Ask Ada Lovelace now"] * 2]
    labels = label_themes(texts, NONE[:2])
    assert labels[0] == "CI pipeline breaks"
    assert labels[1] != "Ada Lovelace"


def test_nothing_usable() -> None:
    assert label_themes([], np.zeros((0, 4), np.float32)) == []
    assert label_themes([["#1", "12"]], NONE[:1]) == [""]
    assert label_themes([["it was the same"]], NONE[:1]) != [""]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.text("abc def.,-'<>#1@\n", max_size=40), min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_labels_are_verbatim_and_distinct(texts: list[list[str]]) -> None:
    labels = label_themes(texts, np.zeros((len(texts), 4), np.float32), tokens=NoteTokens())
    given_ = [label.casefold() for label in labels if label]
    assert len(set(given_)) == len(given_)
    for label, own in zip(labels, texts, strict=True):
        assert any(label.casefold() in text.casefold() for text in own)
