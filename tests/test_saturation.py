"""Saturation and co-occurrence: what a reader of those two tables may rely on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory import bundle, sample
from notesmine.evidence import cooccurrence, saturation
from notesmine.records import Document, Evidence, Theme


def item(name: str, rank: int, read: int, ids: Sequence[str]) -> Evidence:
    theme = Theme(theme_id=name, origin="code", label=name)
    return Evidence(
        theme=theme, impediments=(), rank=rank, read=read, documents=len(ids),
        reported_in=tuple(ids),
    )  # fmt: skip


def notes(number: int) -> dict[str, Document]:
    return {
        f"d{n:02d}": Document(
            doc_id=f"d{n:02d}", paths=(f"{n}.md",), sha256="", format="md", text="x",
            date=f"2025-01-{n + 1:02d}",
        )
        for n in range(number)
    }  # fmt: skip


def coded(*per_document: str) -> tuple[list[Evidence], dict[str, Document]]:
    """Each text holds one letter for each theme its document reports."""
    ids = [f"d{n:02d}" for n in range(len(per_document))]
    letters = sorted(set("".join(per_document)))
    held = {c: [i for i, s in zip(ids, per_document, strict=True) if c in s] for c in letters}
    found = [item(c, n, len(ids), held[c]) for n, c in enumerate(letters, 1)]
    return found, notes(len(per_document))


def test_saturation_by_hand() -> None:
    # 20 themes in the base of four; documents 5 and 6 add two, 7 adds one, then nothing.
    base = ("abcdefgh", "hijklm", "mnop", "qrst")
    found = saturation(*coded(*base, "au", "bv", "cw", "a", "b", "c"))
    assert found.base_themes == 20
    assert [len(s.new) for s in found.steps] == [8, 5, 3, 4, 1, 1, 1, 0, 0, 0]
    assert [s.total for s in found.steps] == [8, 13, 16, 20, 21, 22, 23, 23, 23, 23]
    assert {s.number: s.change for s in found.steps if s.change} == {
        6: {2: 0.1},
        7: {2: 0.1, 3: 0.15},
        8: {2: 0.05, 3: 0.1},
        9: {2: 0.0, 3: 0.05},
        10: {2: 0.0, 3: 0.0},
    }
    # The run of documents 7 and 8 brings 5%: saturation at 6+2; of 7, 8 and 9: at 6+3.
    assert found.reached == {2: 6, 3: 6}
    assert found.steps[4].new == ("u",)


def test_no_saturation_without_enough() -> None:
    assert saturation((), {}).steps == ()
    assert saturation(*coded("a", "b", "c")).reached == {2: None, 3: None}
    assert saturation(*coded("", "", "", "", "a", "", "")).reached == {2: None, 3: None}
    rising = saturation(*coded("a", "b", "c", "d", "e", "f", "g", "h"))
    assert rising.reached == {2: None, 3: None}


def test_undated_come_last_and_unread_not_at_all() -> None:
    found, documents = coded("a", "b", "c")
    documents["d00"] = msgspec.structs.replace(documents["d00"], date=None)
    documents["d01"] = msgspec.structs.replace(documents["d01"], status="failed", text="")
    assert [s.doc_id for s in saturation(found, documents).steps] == ["d02", "d00"]


@given(st.lists(st.text("abcde", max_size=4), min_size=1, max_size=5))
def test_expected_is_the_mean_over_all_orders(texts: list[str]) -> None:
    found = saturation(*coded(*texts))
    assert found.steps[-1].total == len(set("".join(texts)))
    for n, step in enumerate(found.steps, 1):
        orders = list(permutations(texts))
        mean = sum(len(set("".join(o[:n]))) for o in orders) / len(orders)
        assert step.expected == pytest.approx(mean, abs=1e-3)


@given(st.lists(st.text("abcd", max_size=4), min_size=1, max_size=8))
def test_cooccurrence_counts_documents(texts: list[str]) -> None:
    evidence, _ = coded(*texts)
    found = cooccurrence(evidence)
    letters = [e.theme.theme_id for e in evidence]
    assert {(p.one, p.other) for p in found} == set(combinations(letters, 2))
    for pair in found:
        both = sum(pair.one in t and pair.other in t for t in texts)
        either = sum(pair.one in t or pair.other in t for t in texts)
        one, other = (sum(c in t for t in texts) for c in (pair.one, pair.other))
        assert pair.documents == both
        assert pair.jaccard == pytest.approx(both / either, abs=1e-6)
        assert pair.lift == pytest.approx(both * len(texts) / (one * other), abs=1e-6)
    assert [p.documents for p in found] == sorted((p.documents for p in found), reverse=True)
    assert cooccurrence(tuple(reversed(evidence))) == found


def test_sub_themes_and_silent_ones_are_left_out() -> None:
    made = bundle(sample())
    named = {i for p in cooccurrence(made.evidence) for i in (p.one, p.other)}
    assert named == {e.theme.theme_id for e in made.evidence if e.rank}
    assert "T-017" not in named
    for e in made.evidence:
        assert len(e.reported_in) == e.documents
