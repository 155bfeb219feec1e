from __future__ import annotations

import pytest

from bench.labels import coherence, figures


def test_words_said_together_cohere() -> None:
    texts = ["red fish", "red fish", "blue bird", "blue bird"]
    said = coherence([["red", "fish"], ["blue", "bird"]], texts, lambda t: set(t.split()))
    apart = coherence([["red", "bird"]], texts, lambda t: set(t.split()))
    assert said == pytest.approx(1.0)
    assert apart == -1.0


def test_markup_numbers_and_people_are_found_in_names() -> None:
    names = ["Br https", "3 days late", "Waiting for Roe", "No owner"]
    row = figures(names, [["a", "b"], ["a", "c"]], {"roe"}, 0.1)
    assert row == [4, 0.1, 0.75, 0.25, 0.25, 0.25, 1.0]
