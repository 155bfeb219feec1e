"""The codebook: the built-in file, the checks on a user's file, cues, stance and similarity."""

from __future__ import annotations

import re
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from notesmine.errors import CodebookError
from notesmine.records import KINDS, Kind, Stance
from notesmine.themes.codebook import (
    Code,
    Codebook,
    builtin_ids,
    builtin_text,
    load_codebook,
    markdown_table,
)
from notesmine.themes.cues import CueFinder
from notesmine.themes.likeness import similarity, texts
from notesmine.themes.stance import stance

DOCS = Path(__file__).parents[1] / "docs" / "codebook.md"
IDS = (
    "shelving ownership structure production-path collaboration domain-input capacity value-case "
    "culture-trust explainability quality data infrastructure maintenance legal planning "
    "duplication"
)

BLOCK = """\
[[code]]
id = "{id}"
definition = "Bills are paid late."
examples = [
    "{id}: the first of the examples",
    "{id}: the second # of the [examples]",
    "{id}: the third of the examples",
]
"""


def block(code_id: str, extra: str = "") -> str:
    return BLOCK.format(id=code_id) + (f"{extra}\n" if extra else "")


def write(folder: Path, text: str) -> Path:
    path = folder / "codebook.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def book() -> Codebook:
    return load_codebook(None)


@pytest.fixture(scope="module")
def finder(book: Codebook) -> CueFinder:
    return CueFinder(book.active())


def test_builtin_has_the_seventeen_codes(book: Codebook) -> None:
    assert [code.id for code in book.codes] == IDS.split()
    assert builtin_ids() == set(IDS.split())
    assert book.active() == book.codes
    assert book.source == "built-in"


def test_builtin_codes_are_complete(book: Codebook) -> None:
    for code in book.codes:
        assert code.name, code.id
        assert 8 <= len(code.cues) <= 15, code.id
        assert len(code.examples) >= 8, code.id
        assert len(code.counter_examples) >= 4, code.id
        assert code.includes, code.id
        for text in code.examples + code.counter_examples:
            assert 6 <= len(text.split()) <= 35, (code.id, text)
        for text in code.excludes:
            named = re.findall(r"`([^`]+)`", text)
            assert named, (code.id, text)
            assert set(named) <= builtin_ids() - {code.id}, (code.id, text)
    colours = [code.colour for code in book.codes]
    assert len(set(colours)) == len(colours)


def test_examples_have_no_stock_opening(book: Codebook) -> None:
    openings = [
        " ".join(text.casefold().split()[:3])
        for code in book.codes
        for text in code.examples + code.counter_examples
    ]
    repeated = {opening for opening in openings if openings.count(opening) > 1}
    assert not repeated


def test_most_examples_are_indirect(book: Codebook, finder: CueFinder) -> None:
    for code in book.codes:
        direct = sum(any(h.code == code.id for h in finder.find(t)) for t in code.examples)
        assert direct <= len(code.examples) / 3 + 1, code.id


def test_docs_table_is_the_one_of_the_file(book: Codebook) -> None:
    page = DOCS.read_text(encoding="utf-8")
    table = page.split("<!-- codes: begin -->\n")[1].split("<!-- codes: end -->")[0]
    assert table == markdown_table(book)


def test_docs_and_header_explain_every_key() -> None:
    page, header = DOCS.read_text(encoding="utf-8"), builtin_text().split("[[code]]")[0]
    for field in msgspec.structs.fields(Code):
        assert f"| `{field.name}` |" in page
        assert re.search(rf"^#   {field.name}\b", header, re.MULTILINE)


def test_code_of_the_docs_works(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
    added = load_codebook(write(tmp_path, builtin_text() + "\n" + example))
    assert added.code("late-invoices") in added.active()
    hits = CueFinder(added.active()).find("The invoices are long overdue.")
    assert [hit.code for hit in hits] == ["late-invoices"]


def test_copy_of_the_builtin_has_its_version(tmp_path: Path, book: Codebook) -> None:
    copy = load_codebook(write(tmp_path, "# mine\n" + builtin_text().replace("= [", "=  [")))
    assert copy.version == book.version
    assert copy.source == "codebook.toml"
    changed = load_codebook(write(tmp_path, builtin_text().replace("anniversary", "birthday")))
    assert changed.version != book.version
    assert re.fullmatch("[0-9a-f]{64}", changed.version)


def test_windows_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "codebook.toml"
    path.write_bytes(b"\xef\xbb\xbf" + block("late").replace("\n", "\r\n").encode())
    assert load_codebook(path).code("late").label == "Late"


def test_merge_and_retire(tmp_path: Path) -> None:
    text = (
        block("whole", 'cues = ["late bill"]')
        + block("part", 'merged_into = "middle"\ncues = ["overdue"]')
        + block("middle", 'merged_into = "whole"')
        + block("gone", "retired = true")
        + block("child", 'parent = "middle"')
    )
    merged = load_codebook(write(tmp_path, text))
    whole, child = merged.active()
    assert (whole.id, child.id) == ("whole", "child")
    assert whole.cues == ("late bill", "overdue")
    assert len(whole.examples) == 9
    assert child.parent == "whole"
    assert merged.resolve("part") == "whole"
    assert merged.resolve("gone") is None
    with pytest.raises(KeyError):
        merged.resolve("unknown")


@pytest.mark.parametrize(
    ("text", "line", "key", "message", "hint"),
    [
        (block("a") + block("a"), 10, "id", "already used", "id of its own"),
        (block("A b"), 2, "id", "regex", "a-z"),
        (block("a", 'exampels = ["x"]'), 9, "exampels", "unknown key", "Did you mean examples?"),
        ("title = 1\n" + block("a"), 1, "title", "unknown key", "Known keys: code"),
        (block("a", 'parent = "b"') + block("bb"), 9, "parent", "no code 'b'", "mean bb"),
        (block("a", 'merged_into = "x"'), 9, "merged_into", "no code 'x'", "Codes: a"),
        (block("a", 'merged_into = "a"'), 9, "merged_into", "circle: a > a", "Break"),
        (
            block("a", 'parent = "b"') + block("b", 'parent = "a"'),
            9,
            "parent",
            "a > b > a",
            "Break",
        ),
        (
            block("a", 'parent = "b"') + block("b", 'merged_into = "a"'),
            9,
            "parent",
            "a > b > a",
            "Break",
        ),
        (block("a", 'parent = "b"') + block("b", "retired = true"), 9, "parent", "retired", "use"),
        (
            block("a", 'merged_into = "b"') + block("b", "retired = true"),
            9,
            "merged_into",
            "'b' is retired",
            "in use",
        ),
        (block("a", 'retired = true\nmerged_into = "a"'), 9, "retired", "merged", "one"),
        (
            block("a").replace('definition = "Bills are paid late."\n', ""),
            1,
            "definition",
            "missing",
            "Add definition",
        ),
        (block("a").replace("Bills are paid late.", " "), 3, "definition", "empty", "sentences"),
        (
            block("a") + '[[code]]\nid = "b"\ndefinition = "x"\nexamples = ["one", "two"]\n',
            12,
            "examples",
            "at least 3",
            "Add sentences",
        ),
        (block("a") + '[[code]]\nid = "b"\ndefinition = "x"\n', 9, "examples", "has 0", "Add"),
        (block("a", 'retired = "yes"'), 9, "retired", "expected `bool`", "quotation"),
        (block("a", 'colour = "red"'), 9, "colour", "regex", "#rrggbb"),
        (block("a", "cues = [1]"), 9, "cues", "expected `str`", "quotation"),
        (block("a", 'cues = ["no", "No "]'), 9, "cues", "stands twice", "Remove"),
        (block("a", 'cues = ["... late"]'), 9, "cues", "nothing before", "wait"),
        (block("a", 'includes = [" "]'), 9, "includes", "empty", "Remove"),
        (
            block("a") + block("b").replace("b: the first", "a: the first"),
            12,
            "examples",
            "also an example of 'a'",
            "Keep one",
        ),
        (
            block("a", 'counter_examples = ["A: the first of the examples"]'),
            9,
            "counter_examples",
            "same code",
            "one of the two",
        ),
        (block("a", 'id = "b"'), 9, "id", "not valid TOML", "quotation mark"),
        (block("a", 'name = "open'), 9, "name", "not valid TOML", "quotation mark"),
        (block("a").replace("[[code]]", "\n[code]"), 2, "code", "expected `array`", "[[code]]"),
        (block("a") + "[more]\nx = 1\n", 9, "more", "unknown key", "Known keys: code"),
        ("", 1, "code", "missing", "Add a block"),
        ("code = []", 1, "code", "no code", "[[code]]"),
    ],
)
def test_mistakes_name_line_and_key(
    tmp_path: Path, text: str, line: int, key: str, message: str, hint: str
) -> None:
    with pytest.raises(CodebookError) as caught:
        load_codebook(write(tmp_path, text))
    assert caught.value.message.startswith(f"codebook.toml, line {line}, key {key}: ")
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_keys_inside_strings_are_not_mistaken_for_lines(tmp_path: Path) -> None:
    text = block("a", 'name = """\ncolour = 1\n[[code]]\n"""\ncolour = "red"')
    with pytest.raises(CodebookError, match="line 13, key colour"):
        load_codebook(write(tmp_path, text))


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match="cannot be read") as caught:
        load_codebook(tmp_path / "none.toml")
    assert "notesmine init" in caught.value.hint
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[[code]]\nname = 'caf\xe9'\n")
    with pytest.raises(CodebookError, match="line 2: not UTF-8"):
        load_codebook(path)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("They WERE SHELVING it again.", "shelving", "SHELVING"),
        ("We don’t trust the list", "culture-trust", "don’t trust"),
        ("No buy\u2011in from above", "culture-trust", "buy\u2011in"),
        ("no buy in from above", "culture-trust", "buy in"),
        ("Wait for the board's approval", "production-path", "Wait for the board's approval"),
        ("too many meetings this month", "planning", "too many meetings"),
        ("The CI was failing all week", "infrastructure", "CI was failing"),
        ("Unlabelled rows, but labelled data is short", "data", "labelled data"),
    ],
)
def test_cues_are_found_in_any_form(finder: CueFinder, text: str, code: str, words: str) -> None:
    hits = [hit for hit in finder.find(text) if hit.code == code]
    assert [hit.words for hit in hits] == [words]
    assert text[hits[0].start : hits[0].end] == words


def test_every_cue_finds_itself(book: Codebook, finder: CueFinder) -> None:
    for code in book.codes:
        for cue in code.cues:
            text = cue.replace("...", "the")
            assert code.id in {hit.code for hit in finder.find(text)}, cue


def test_gap_stays_within_four_words_and_the_clause() -> None:
    code = Code(id="a", definition="x", cues=("wait ... approval",))
    finder = CueFinder([code])
    assert finder.find("wait approval")
    assert finder.find("wait a b c d approval")
    assert not finder.find("wait a b c d e approval")
    assert not finder.find("We wait. Approval came.")


def test_overlapping_cues_of_a_code_count_once() -> None:
    codes = [
        Code(id="a", definition="x", cues=("scope", "scope creep")),
        Code(id="b", definition="x", cues=("creep",)),
    ]
    found = [(hit.code, hit.words) for hit in CueFinder(codes).find("scope creep, new scope")]
    assert found == [("a", "scope creep"), ("b", "creep"), ("a", "scope")]


def test_cues_of_odd_texts(finder: CueFinder) -> None:
    odd = ["", " ", "\n\n", "…", "🙂 legacy 🙂", "İ legacy"]
    hits = list(finder.find_all(odd))
    assert [len(found) for found in hits] == [0, 0, 0, 0, 1, 1]
    assert hits[5][0].words == odd[5][hits[5][0].start : hits[5][0].end] == "legacy"


def test_three_thousand_texts_take_under_three_seconds(book: Codebook, finder: CueFinder) -> None:
    many = [f"{k}: {t}" for k in range(18) for code in book.codes for t in code.examples][:3000]
    assert len(many) == 3000
    finder.find("loads spaCy")
    begin = time.perf_counter()
    assert len(list(finder.find_all(many))) == 3000
    assert time.perf_counter() - begin < 3.0


OPEN = [
    "We could not get access to the registers before May.",
    "Nobody could say who signs the letters.",
    "The job fails each night, which might delay the release.",
    "Nobody owns the model. This could hurt us next year.",
    "We might have lost half of the records in the move.",
    "It is unclear who may change the thresholds.",
    "We do not know if this would be allowed.",
    "It would be easier if we had labels.",
    "If we had known, we would have asked earlier.",
    "At-risk-of-poverty rate still computed by hand.",
    "It took three weeks before we could start.",
    "No reply in May.",
]
ANTICIPATED = [
    "There is a risk that the contract ends before the test.",
    "The vendor might raise the price next year.",
    "Without Ana the monthly run could stop.",
    "We may end up with two registers.",
    "If the law changes, we would have to start again.",
    "Nobody will be able to run it if Maria leaves.",
    "We fear losing the interviewers to the census.",
    "Risk: only key person retires in June",
    "Colleagues are concerned that the regions will not take part.",
    "The move will probably cost us a sprint.",
]
NEGATED = [
    "Access to the registers is no longer an issue.",
    "No issues with the new server.",
    "Privacy was not a problem for the commissioner.",
    "Ownership is now settled.",
    "Blockers: none",
    "Nothing stands in the way of the release.",
    "It used to be a nuisance, this year all labels came on time.",
    "We do not have to ask for exports anymore",
]
NONE = [
    "The price unit builds the classifier.",
    "Check that there are no issues with the new server.",
    "No issues with the new server?",
    "If there are no objections, we start on Monday.",
    "Speed is not only a problem for us.",
    "We decided not to pursue the issue.",
    "Release planned for June.",
    "",
]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        *(("impediment", text, "open") for text in OPEN),
        *(("impediment", text, "anticipated") for text in ANTICIPATED),
        *(("status", text, "negated") for text in NEGATED),
        *(("status", text, "none") for text in NONE),
        ("resolved", "There is a risk that it comes back.", "resolved"),
        ("boilerplate", "No issues", "none"),
        ("impediment", "The export no longer works.", "open"),
    ],
)
def test_stance(kind: Kind, text: str, expected: Stance) -> None:
    assert stance(kind, text) == expected


def test_stance_takes_every_kind() -> None:
    assert {kind: stance(kind, "Plain words") for kind in KINDS} == {
        **dict.fromkeys(KINDS, "none"),
        "impediment": "open",
        "resolved": "resolved",
    }


def test_texts_begin_with_the_definition(book: Codebook) -> None:
    code = book.code("legal")
    first, *rest = texts(code)
    assert first == f"{code.name}. {code.definition}"
    assert tuple(rest) == code.examples


def test_similarity_prefers_the_nearer_code() -> None:
    rng = np.random.default_rng(4)
    centres = rng.normal(size=(3, 64))
    book_vectors = {
        str(k): (centres[k] + 0.3 * rng.normal(size=(5, 64))).astype(np.float32) for k in range(3)
    }
    others = [rng.normal(size=(5, 64)).astype(np.float32) for _ in range(4)]
    passages = (centres + 0.3 * rng.normal(size=(3, 64))).astype(np.float32)
    scores = similarity(passages, book_vectors, others)
    assert scores.shape == (3, 3)
    assert (scores.argmax(axis=1) == np.arange(3)).all()
    assert scores.diagonal().min() > 0.9
    assert ((scores >= 0) & (scores <= 1)).all()


def test_similarity_depends_on_the_passage_alone() -> None:
    rng = np.random.default_rng(4)
    passages = rng.normal(size=(301, 384)).astype(np.float32)
    book_vectors = {str(k): rng.normal(size=(k + 1, 384)).astype(np.float32) for k in range(12)}
    others = [rng.normal(size=(9, 384)).astype(np.float32) for _ in range(5)]
    scores = similarity(passages, book_vectors, others)
    order = rng.permutation(len(passages))
    assert np.array_equal(similarity(passages[order], book_vectors, others), scores[order])
    single = np.vstack([similarity(passages[k : k + 1], book_vectors, others) for k in range(301)])
    assert np.array_equal(single, scores)
    scaled = similarity(passages * np.float32(4.0), book_vectors, others)
    assert np.array_equal(scaled, scores)


def test_similarity_of_nothing() -> None:
    none = np.zeros((0, 8), dtype=np.float32)
    zero = np.zeros((2, 8), dtype=np.float32)
    assert similarity(none, {"a": zero}, []).shape == (0, 1)
    assert similarity(zero, {}, []).shape == (2, 0)
    assert np.isfinite(similarity(zero, {"a": zero}, [zero])).all()
    with pytest.raises(ValueError, match=r"2D array, got shape \(8,\)"):
        similarity(np.zeros(8, dtype=np.float32), {"a": zero}, [])
