"""``decisions.toml``: added to, read back, and remembered by the state."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deciding import notes, on
from notesmine.errors import ConfigError
from notesmine.exchange import load_decisions
from notesmine.exchange.decision import Decision, add_decisions, read_decisions
from notesmine.store import Store


def test_the_file_is_added_to_and_what_people_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "decisions.toml"
    made = notes()
    first = on(made, "Nobody", "pin", why='says it "all"\nin two lines', when="2025-03-01")
    add_decisions(path, [first])
    by_hand = path.read_text("utf-8") + "\n# my remark\n[[decision]]\nwhat = 'retire'\nwho='b'\n"
    path.write_text(by_hand + "on = 'legal'\nwhen = 2025-03-02\n", "utf-8")
    second = Decision(what="rename", who="anna", on="T-017", value="Späte \U0001f642 Register\x07")
    add_decisions(path, [second])
    found = read_decisions(path)
    assert found[0] == first
    assert (found[1].what, found[1].when) == ("retire", "2025-03-02")
    assert found[2] == second
    assert path.read_text("utf-8").startswith(by_hand)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_words_come_back_from_the_file(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "decisions.toml"
        decision = Decision(what="pin", who="a", path="p", text=text)
        add_decisions(path, [decision])
        assert read_decisions(path) == [decision]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[[decision]\n", "not valid TOML"),
        ("[[decision]]\nwhat = 'kind'\nwho = 'a'\nvalue='nice'\npath='p'\ntext='t'\n", "'nice'"),
        ("[[decision]]\nwhat = 'burn'\nwho = 'a'\n", "decision 1"),
        ("[[decision]]\nwhat = 'pin'\nwho = ''\npath='p'\ntext='t'\n", "who is empty"),
        ("[[decision]]\nwhat = 'pin'\nwho = 'a'\n", "text is empty"),
        ("[[decision]]\nwhat = 'pin'\nwho = 'a'\ntext='t'\n", "which note"),
        ("[[decision]]\nwhat = 'retire'\nwho = 'a'\n", "on is empty"),
        ("[[decision]]\nwhat = 'add'\nwho = 'a'\non='Bad id'\nvalue='x'\n", "is no id"),
        ("[[decision]]\nwhat = 'pin'\nwho = 'a'\nsize = 3\n", "size"),
        ("decisions = 1\n", "unknown key"),
        ("decision = 1\n", "decision"),
    ],
)
def test_a_faulty_file_is_an_error_that_says_where(tmp_path: Path, body: str, said: str) -> None:
    path = tmp_path / "decisions.toml"
    path.write_text(body, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_decisions(path)
    assert said in caught.value.message
    assert caught.value.hint


def test_the_file_rules_and_the_state_remembers_where_it_is_gone(tmp_path: Path) -> None:
    corpus = tmp_path / "notes"
    corpus.mkdir()
    decision = Decision(what="retire", who="a", on="legal")
    with Store(tmp_path / "state") as store:
        assert load_decisions(corpus, store).decisions == ()
        add_decisions(corpus / "decisions.toml", [decision])
        found = load_decisions(corpus, store)
        assert found.decisions == (decision,)
        store.keep_decisions(found.rows())
        (corpus / "decisions.toml").unlink()
        remembered = load_decisions(corpus, store)
        assert remembered.decisions == (decision,)
        assert [p.code for p in remembered.problems] == ["decisions-missing"]
        assert remembered.version == found.version
        (corpus / "decisions.toml").write_text("", "utf-8")
        assert load_decisions(corpus, store).decisions == ()
