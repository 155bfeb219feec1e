"""What a researcher may rely on: typed frames, offsets, masks, vectors, search, a topic model."""

from __future__ import annotations

import doctest
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

import notesmine
import states
from notesmine import commands, pipeline
from notesmine.editions import release
from notesmine.errors import InputError, ModelError, StateError
from notesmine.library import Outputs
from notesmine.library.columns import FRAMES, INDEX
from notesmine.library.frames import frame
from notesmine.publish.tables import masks_of
from notesmine.store import Store
from notesmine.themes.codebook import builtin_text

if TYPE_CHECKING:
    import pandas as pd

OF_OUTPUTS = ("documents()", "passages()", "themes()", "codings()", "evidence()", "runs()")


@pytest.fixture(scope="module")
def outputs(sample_run: pipeline.Result) -> Outputs:
    return notesmine.open(sample_run.out)


@pytest.fixture(scope="module")
def named(sample_run: pipeline.Result) -> Outputs:
    return notesmine.open(sample_run.out, names=True, unquotable=True)


def types(table: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in table.dtypes.items()}


def rows_of(table: pd.DataFrame) -> list[Any]:
    return table.to_dict("records")


def stated(call: str) -> dict[str, str]:
    return {c.name: c.dtype for c in FRAMES[call]}


@pytest.mark.parametrize("call", OF_OUTPUTS)
def test_frames_have_the_columns_and_types_that_are_stated(outputs: Outputs, call: str) -> None:
    table = getattr(outputs, call.removesuffix("()"))()
    assert types(table) == stated(call)
    assert len(table)
    assert table.index.name == INDEX.get(call)


@pytest.mark.parametrize("call", FRAMES)
def test_a_frame_without_rows_has_the_same_types(call: str) -> None:
    assert types(frame(call, [])) == stated(call)


def test_offsets_point_into_the_texts(named: Outputs) -> None:
    texts, passages, evidence = named.texts(), named.passages(), named.evidence()
    for row in (*rows_of(passages), *rows_of(evidence)):
        assert texts[row["doc_id"]][row["start"] : row["end"]] == row["text"]
    assert passages["masks"].isna().all()


def test_names_are_masked_unless_asked_for(outputs: Outputs, named: Outputs) -> None:
    texts, masked = named.texts(), 0
    for row in rows_of(outputs.passages().dropna(subset=["masks"])):
        source, shown = texts[row["doc_id"]], row["text"]
        for mask in reversed(masks_of(row["masks"])):
            there = source[mask.source_start : mask.source_end]
            assert shown[mask.start : mask.end].startswith("[")
            assert there not in shown
            shown = shown[: mask.start] + there + shown[mask.end :]
            masked += 1
        assert shown == source[row["start"] : row["end"]]
    assert masked
    speakers = set(outputs.passages()["speaker"].dropna())
    assert speakers
    assert not speakers & set(named.passages()["speaker"].dropna())


def test_evidence_is_as_published_and_with_names_as_written(
    outputs: Outputs, named: Outputs
) -> None:
    ours, theirs = outputs.evidence(), named.evidence()
    assert (ours["quote_id"] == theirs["quote_id"]).all()
    masked = ours["masks"].notna()
    assert masked.any()
    assert (ours["text"] == theirs["text"])[~masked].all()
    assert (ours["text"] != theirs["text"])[masked].all()


def test_whole_texts_are_given_only_when_everything_is_asked_for(outputs: Outputs) -> None:
    with pytest.raises(InputError, match="names"):
        outputs.texts()


def test_codings_are_those_of_the_passages_and_the_themes(outputs: Outputs) -> None:
    codings, passages = outputs.codings(), outputs.passages()
    themes = outputs.themes()
    assert set(codings["theme_id"]) <= set(themes.index)
    assert (codings["origin"] == themes.loc[codings["theme_id"], "origin"].to_numpy()).all()
    by_passage = codings.groupby("quote_id")["theme_id"].agg("; ".join)
    assert (by_passage == passages.loc[by_passage.index, "theme_ids"]).all()
    assert codings[codings["origin"] == "code"]["score"].notna().all()
    assert codings[codings["origin"] == "emergent"]["score"].isna().all()


def test_vectors_stand_beside_their_passages(outputs: Outputs) -> None:
    vectors, passages = outputs.vectors(), outputs.passages()
    embedded = passages["embedded"].to_numpy()
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(passages), 384)
    assert (~np.isnan(vectors).any(axis=1) == embedded).all()
    assert embedded[(passages["kind"] == "impediment").to_numpy()].all()
    assert not embedded.all()


def test_vectors_are_what_embedding_gives(named: Outputs) -> None:
    rows = np.flatnonzero(named.passages()["embedded"])[:5]
    texts = named.passages()["text"].iloc[rows].tolist()
    assert (notesmine.embed_texts(texts) == named.vectors()[rows]).all()


def test_runs_tell_which_is_shown(outputs: Outputs) -> None:
    runs = outputs.runs()
    assert runs.index[-1] == outputs.run.run_id
    assert runs["current"].tolist() == [False] * (len(runs) - 1) + [True]
    assert runs["impediments"].iloc[-1] == (outputs.passages()["kind"] == "impediment").sum()


# -- search ---------------------------------------------------------------------------------------


def test_a_passage_is_found_by_its_words_and_by_its_meaning(outputs: Outputs) -> None:
    impediments = outputs.passages()
    impediments = impediments[(impediments["kind"] == "impediment") & impediments["masks"].isna()]
    wanted = impediments.iloc[7]
    ways: tuple[Literal["both", "words", "meaning"], ...] = ("both", "words", "meaning")
    for by in ways:
        found = outputs.search(wanted["text"], n=3, by=by)
        assert types(found) == stated("search(text, n)")
        assert found.index[0] == wanted["quote_id"]
        assert found["score"].is_monotonic_decreasing
        assert len(found) <= 3
    assert outputs.search(wanted["text"], n=1, by="meaning")["bm25"].isna().all()
    assert outputs.search(wanted["text"], n=1, by="words")["cosine"].isna().all()


def test_only_passages_of_some_kinds_are_searched(outputs: Outputs) -> None:
    found = outputs.search("nobody has to wait any more", n=200, kinds=["resolved", "enabler"])
    assert set(found["kind"]) == {"resolved", "enabler"}


def test_what_looks_like_a_query_language_is_only_words(outputs: Outputs) -> None:
    assert len(outputs.search('coder" OR NEAR(text:* -"', n=5, by="words"))
    assert len(outputs.search("zyzzogeton", by="words")) == 0


def test_a_masked_name_is_not_found_by_its_letters(outputs: Outputs, named: Outputs) -> None:
    passages = outputs.passages()
    masks = passages["masks"].dropna()
    source = named.texts()
    first = masks_of(masks.iloc[0])[0]
    name = source[passages.loc[masks.index[0], "doc_id"]][first.source_start : first.source_end]
    found = outputs.search(f"{name} said", n=20, by="words")["text"].dropna()
    assert not found.str.contains(name, regex=False).any()


def test_nothing_to_search_for_is_an_error_that_says_so(outputs: Outputs) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        (" ?! ", {}), ("data", {"n": 0}), ("data", {"by": "magic"}), ("data", {"kinds": ["x"]}),
    ]  # fmt: skip
    for text, options in wrong:
        with pytest.raises(InputError):
            outputs.search(text, **options)


def test_vectors_of_another_model_are_not_compared_with(outputs: Outputs, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a folder"):
        outputs.search("data", model=str(tmp_path / "none"))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(ModelError, match="the run's vectors are of"):
        outputs.search("data", model=str(tmp_path / "m"))


# -- the topic model ------------------------------------------------------------------------------


def test_the_topics_of_the_model_are_the_emergent_themes(outputs: Outputs) -> None:
    model, documents = outputs.topic_model(), outputs.topic_documents()
    assert types(documents) == stated("topic_documents()")
    passages = outputs.passages()
    scope = passages[(passages["kind"] == "impediment") & passages["quotable"]]
    assert set(documents["quote_id"]) <= set(scope.index)
    borne = scope.loc[documents["quote_id"], "theme_ids"].fillna("").str.split("; ")
    for theme, themes in zip(documents["theme_id"].astype(object), borne, strict=True):
        assert theme in themes if isinstance(theme, str) else not any("T-" in t for t in themes)
    info = model.get_topic_info()
    assert info["Count"].sum() == len(documents)
    assert documents.groupby("topic")["theme_id"].nunique(dropna=False).max() == 1
    known = outputs.themes()["label"]
    for topic, label in zip(info["Topic"], info["CustomName"], strict=True):
        if topic >= 0:
            theme = documents[documents["topic"] == topic]["theme_id"].iloc[0]
            assert label == f"{theme} {known[theme]}"
            assert len(model.get_topic(topic)) > 3


def test_the_model_is_always_the_same(outputs: Outputs) -> None:
    one, other = outputs.topic_model(), notesmine.open(outputs.folder).topic_model()
    assert one is not other
    assert one.topics_ == other.topics_
    assert one.get_topics() == other.get_topics()
    assert (one.c_tf_idf_ != other.c_tf_idf_).nnz == 0


def test_the_model_draws_transforms_and_is_saved(outputs: Outputs, tmp_path: Path) -> None:
    from bertopic import BERTopic

    model, texts = outputs.topic_model(), list(outputs.topic_documents()["text"])
    tree = model.hierarchical_topics(texts)
    assert len(tree) == len(model.get_topics()) - (-1 in model.get_topics()) - 1
    drawn = [
        model.visualize_topics(custom_labels=True),
        model.visualize_barchart(custom_labels=True),
        model.visualize_hierarchy(hierarchical_topics=tree, custom_labels=True),
        model.visualize_documents(texts, embeddings=outputs.topic_vectors(), custom_labels=True),
    ]
    assert all(len(figure.data) for figure in drawn)
    topics, _ = model.transform(texts[:20])
    assert np.mean(np.array(topics) == np.array(model.topics_[:20])) > 0.5
    model.save(
        tmp_path / "model", serialization="safetensors", save_ctfidf=True,
        save_embedding_model=False,
    )  # fmt: skip
    again = BERTopic.load(str(tmp_path / "model"))
    assert again.topics_ == model.topics_
    assert again.custom_labels_ == model.custom_labels_
    words = [[word for word, _ in t] for t in (again.get_topic(0), model.get_topic(0))]
    assert words[0] == words[1]


def test_no_bracket_is_a_word_of_a_topic(outputs: Outputs) -> None:
    documents = outputs.topic_documents()["text"]
    assert documents.str.contains("[Person", regex=False).any()
    words = {w for topic in outputs.topic_model().get_topics().values() for w, _ in topic}
    inside = set(documents.str.extractall(r"\[(\w+)")[0].str.casefold())
    outside = " ".join(documents.str.replace(r"\[[^\]]*\]", " ", regex=True)).casefold()
    assert not {w for w in inside if w not in outside} & words


# -- folders --------------------------------------------------------------------------------------


def test_a_report_that_was_sent_round_has_its_tables(outputs: Outputs, tmp_path: Path) -> None:
    shutil.copytree(outputs.folder, tmp_path / "sent")
    sent = notesmine.open(str(tmp_path / "sent"))
    for call in ("documents", "themes", "evidence"):
        assert getattr(sent, call)().equals(getattr(outputs, call)())
    assert sent.runs()["run_id"].tolist() == [outputs.run.run_id]
    assert sent.by_month().equals(outputs.by_month())
    with pytest.raises(StateError, match="no state"):
        sent.passages()
    state = notesmine.open(tmp_path / "sent", state=outputs.state)
    assert state.passages().equals(outputs.passages())


def test_a_folder_without_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json"):
        notesmine.open(tmp_path)


def test_passages_of_an_earlier_run_are_not_passed_off_as_its_own(tmp_path: Path) -> None:
    states.run_of(states.small(), tmp_path / "outputs", "R-0000000001")
    shutil.copytree(tmp_path / "outputs", tmp_path / "old")
    states.run_of(states.small(extra=True), tmp_path / "outputs", "R-0000000002")
    old = notesmine.open(tmp_path / "old", state=tmp_path / ".notesmine" / "outputs")
    assert len(old.evidence())
    with pytest.raises(StateError, match="R-0000000002"):
        old.passages()


def test_a_release_finds_the_state_of_its_outputs(tmp_path: Path) -> None:
    out = tmp_path / "outputs"
    states.run_of(states.small(), out, "R-0000000001")
    folder = release("2025-q1", out).folder
    assert notesmine.open(folder).passages().equals(notesmine.open(out).passages())


def test_what_is_not_for_quotation_is_counted_and_not_shown(tmp_path: Path) -> None:
    notes = states.small()
    notes.say("2025-01-10_meeting.md", "Off the record: he wants to stop it.", ("ownership",),
              quotable=False)  # fmt: skip
    states.run_of(notes, tmp_path / "outputs", "R-0000000001")
    rows = notesmine.open(tmp_path / "outputs").passages()
    closed = rows[~rows["quotable"]]
    assert len(closed) == 1
    assert closed[["text", "heading", "why", "speaker", "masks"]].isna().all(axis=None)
    asked = notesmine.open(tmp_path / "outputs", unquotable=True).passages()
    assert asked.loc[closed.index[0], "text"] == "Off the record: he wants to stop it."


def test_a_run_without_vectors_says_so(tmp_path: Path) -> None:
    states.run_of(states.small(), tmp_path / "outputs", "R-0000000001")
    outputs = notesmine.open(tmp_path / "outputs")
    assert outputs.vectors().shape == (len(outputs.passages()), 0)
    assert not outputs.passages()["embedded"].any()
    assert len(outputs.search("nobody decides", by="words"))
    with pytest.raises(StateError, match="no vectors"):
        outputs.topic_model()


# -- the package ----------------------------------------------------------------------------------


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, notesmine, notesmine.library; notesmine.open;"
        "heavy = {'torch', 'pandas', 'spacy', 'bertopic', 'sklearn', 'openpyxl'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_public_names_are_these() -> None:
    assert notesmine.__all__ == [
        "__version__", "classify_texts", "code_texts", "embed_texts", "open", "run", "theme_texts",
    ]  # fmt: skip
    assert all(getattr(notesmine, name) for name in notesmine.__all__)
    with pytest.raises(AttributeError):
        _ = notesmine.nothing


@pytest.mark.parametrize("name", ["outputs", "stages"])
def test_examples_are_true(
    name: str, sample_run: pipeline.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sample_run.out.parent)
    done = doctest.testmod(importlib.import_module(f"notesmine.library.{name}"))
    assert done.attempted
    assert not done.failed


def test_looking_changes_nothing(outputs: Outputs) -> None:
    with Store(outputs.state, write=False) as store:
        assert store.newest_run() == outputs.run.run_id
    assert not list(outputs.folder.glob("*.tmp"))


# -- stages ---------------------------------------------------------------------------------------

SAID: list[Any] = ["Nobody knows who maintains the coder.", "", "The next meeting is in room 4."]


def test_stages_take_lists_of_strings() -> None:
    classified = notesmine.classify_texts(SAID)
    assert types(classified) == stated("notesmine.classify_texts(texts)")
    assert classified["text"].fillna("").tolist() == SAID
    assert classified["kind"].tolist()[0] == "impediment"
    assert np.allclose(classified.filter(like="p_").sum(axis=1), 1, atol=1e-3)
    coded = notesmine.code_texts(SAID)
    codes = coded.columns[len(stated("notesmine.code_texts(texts)")) :]
    assert {"ownership", "capacity"} <= set(codes)
    assert (coded[codes].dtypes == "float64").all()
    assert "ownership" in str(coded["codes"].iloc[0])
    assert types(notesmine.theme_texts(SAID)) == stated("notesmine.theme_texts(texts)")


def test_a_code_of_ones_own_is_scored_as_the_command_scores_it(tmp_path: Path) -> None:
    own = """
[[code]]
id = "late-invoices"
definition = "Bills of suppliers come late, or are paid late."
examples = ["The bill of May came in July.", "We paid them after three reminders.",
            "Nobody signs the invoices."]
"""
    book = tmp_path / "codebook.toml"
    book.write_text(builtin_text() + own, "utf-8")
    text = "The bills of our suppliers are paid months after they came."
    coded = notesmine.code_texts([text], kinds=["impediment"], codebook=book)
    rows = tmp_path / "in.jsonl"
    rows.write_text(json.dumps({"text": text, "kind": "impediment"}) + "\n", "utf-8")
    commands.code(rows, tmp_path / "out.jsonl", book)
    found = json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["codes"]
    scores = {c["code"]: c["score"] for c in found}
    assert scores == coded.iloc[0][list(scores)].to_dict()
    assert found[0]["code"] == "late-invoices"


def test_stages_take_nothing_too() -> None:
    assert len(notesmine.classify_texts([])) == len(notesmine.theme_texts([])) == 0
    assert notesmine.embed_texts([]).shape == (0, 384)
    assert len(notesmine.code_texts([])) == 0


@pytest.mark.parametrize("wrong", ["one text", [None], [3.5]])
def test_what_is_no_list_of_strings_is_refused(wrong: Any) -> None:
    for stage in (
        notesmine.classify_texts, notesmine.code_texts, notesmine.embed_texts,
        notesmine.theme_texts,
    ):  # fmt: skip
        with pytest.raises(InputError):
            stage(wrong)


def test_lengths_must_be_the_same() -> None:
    with pytest.raises(InputError, match="2 headings"):
        notesmine.classify_texts(["a b c"], headings=["x", "y"])
    with pytest.raises(InputError, match="0 kinds"):
        notesmine.code_texts(["a b c"], kinds=[])
    with pytest.raises(InputError, match="vectors"):
        notesmine.theme_texts(["a b c"], vectors=np.zeros((2, 384), dtype=np.float32))
    with pytest.raises(InputError, match="no kind"):
        notesmine.code_texts(["a b c"], kinds=["praise"])  # type: ignore[list-item]
