"""The training statements: enough of each, read twice, and nothing of the sample notes in them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from bench.training.data import own_statements
from notesmine.classify import CODES
from notesmine.themes.codebook import load_codebook

ROOT = Path(__file__).parents[1]
#: Words in a row that two independent texts hardly share.
RUN = 6
#: Similarity (0..100) from which one text repeats another.
REPEATS = 78


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + RUN]) for i in range(len(found) - RUN + 1)}


@pytest.fixture(scope="module")
def notes() -> list[str]:
    """The sentences of the sample notes."""
    text = "\n".join(
        f.read_text("utf-8") for f in (ROOT / "tests" / "corpus_source" / "notes").glob("*.md")
    )
    parts = (s.strip(" -*#>") for s in re.split(r"(?<=[.!?:;])\s+|\n", text))
    return [s.lower() for s in parts if len(words(s)) >= 4]


def test_there_are_enough_statements_of_each_code() -> None:
    statements = own_statements()
    assert len(statements) >= 5000
    counts = Counter(s.theme for s in statements if s.kind == "impediment")
    assert set(counts) == set(CODES)
    assert min(counts[code] for code in CODES[:-1]) >= 150
    assert sum(s.kind != "impediment" for s in statements) >= 0.45 * len(statements)


#: The writers of the users' own domain; the others write as teams do who say more outright.
DOMAIN = "ABCDEF"


def test_most_impediments_of_the_domain_are_said_indirectly() -> None:
    marks: dict[str, list[str]] = {"domain": [], "others": []}
    for file in (ROOT / "bench" / "training" / "statements").glob("writer_*.tsv"):
        part = marks["domain" if file.stem[-1] in DOMAIN else "others"]
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("impediment"):
                part.append(line.split("\t")[2])
    assert marks["domain"].count("i") >= 0.65 * len(marks["domain"])
    assert marks["others"].count("i") >= 0.33 * len(marks["others"])


def test_training_and_codebook_do_not_repeat_the_sample_notes(notes: list[str]) -> None:
    known = {run for note in notes for run in runs(note)}
    texts = [s.text for s in own_statements(agreed=False)]
    for code in load_codebook().codes:
        texts += [*code.examples, *code.counter_examples, *code.cues, code.definition]
    repeated = [
        text
        for text in texts
        if runs(text) & known
        or process.extractOne(
            text.lower(), notes, scorer=fuzz.token_sort_ratio, score_cutoff=REPEATS
        )
    ]
    assert not repeated
