from __future__ import annotations

import csv
import hashlib
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from factory import Notes, bundle, themes
from notesmine.config import Settings
from notesmine.errors import Damaged, InputError
from notesmine.evidence import Assigned, weigh
from notesmine.publish import Bundle, Check, input_rows, publish, verify, write_run
from notesmine.records import (
    Block,
    Coding,
    Document,
    Judgement,
    Passage,
)
from notesmine.synthesis import findings

LINES = {
    "one.txt": (
        "Present: all of us, as always.",
        "Nobody has been named who decides about the coder once the project is over.",
        "The next meeting is in March.",
    ),
    "two.txt": (
        "=SUM of what is missing: two servers and a key to the room.",
        "After the pilot of the building map the team was moved to other work.",
    ),
}


def read(file: Path, path: str) -> Document:
    """The plainest reader: the text is the file."""
    data = file.read_bytes()
    if data.startswith(b"\0"):
        raise Damaged("nothing could open it")
    text = data.decode()
    sha = hashlib.sha256(data).hexdigest()
    block = Block(type="paragraph", start=0, end=len(text), page=1)
    return Document(
        doc_id=sha[:12], paths=(path,), sha256=sha, format="txt", text=text, blocks=(block,),
        title=path, date="2025-01-10",
    )  # fmt: skip


@pytest.fixture
def published(tmp_path: Path) -> tuple[Path, Path]:
    """A corpus and what was published of it."""
    corpus, out = tmp_path / "corpus", tmp_path / "outputs"
    corpus.mkdir()
    for name, lines in LINES.items():
        (corpus / name).write_text("\n".join(lines))
    documents = {d.doc_id: d for n in LINES for d in [read(corpus / n, n)]}
    assigned = []
    for document in documents.values():
        position = 0
        for line in document.text.split("\n"):
            theme = () if line.startswith(("Present", "The next")) else ("ownership", "shelving")
            passage = Passage(
                passage_id=f"p{position}", doc_id=document.doc_id, start=position,
                end=position + len(line), text=line, type="bullet",
            )  # fmt: skip
            judgement = Judgement(
                kind="impediment", scores={"impediment": 0.9}, why="", tier="confirmed"
            )
            assigned.append(Assigned(passage, judgement, Coding(codes=(), stance="open"), theme))
            position += len(line) + 1
    evidence = weigh(documents, assigned, themes(), Settings(), 1)
    empty = bundle(Notes())
    run = msgspec.structs.replace(empty.run, inputs=input_rows(documents.values()))
    made = Bundle(
        title="T", corpus="c", documents=tuple(documents.values()), evidence=tuple(evidence),
        findings=tuple(findings(evidence, documents)), run=run,
    )  # fmt: skip
    hashes = publish(out, made)
    write_run(out, msgspec.structs.replace(run, outputs=hashes))
    return corpus, out


def verdicts(checks: list[Check], name: str = "evidence.csv") -> Counter[str]:
    return Counter(c.verdict for c in checks if c.file == name)


def of(checks: list[Check], start: str) -> set[str]:
    return {c.verdict for c in checks if c.text.startswith(start)}


def test_untouched_is_verbatim_in_every_file(published: tuple[Path, Path]) -> None:
    corpus, out = published
    checks = verify(out, corpus, read)
    for name in ("evidence.csv", "report.html", "report.md"):
        assert verdicts(checks, name) == {"verbatim": 3}


def test_without_corpus_the_recorded_one_is_taken(published: tuple[Path, Path]) -> None:
    _, out = published
    assert verdicts(verify(out, None, read)) == {"verbatim": 3}


def test_renamed_is_found_by_content(published: tuple[Path, Path]) -> None:
    corpus, out = published
    (corpus / "deep").mkdir()
    (corpus / "one.txt").rename(corpus / "deep" / "another name.txt")
    checks = verify(out, corpus, read)
    assert verdicts(checks) == {"verbatim": 3}
    assert any("deep/another name.txt" in c.detail for c in checks)


def test_a_page_inserted_before_moves(published: tuple[Path, Path]) -> None:
    corpus, out = published
    file = corpus / "one.txt"
    file.write_text("A page that was not there before.\n" * 20 + file.read_text())
    checks = verify(out, corpus, read)
    for name in ("evidence.csv", "report.html", "report.md"):
        assert verdicts(checks, name) == {"verbatim": 2, "moved": 1}
    assert of(checks, "Nobody has") == {"moved"}
    assert any("now at characters" in c.detail for c in checks)


def test_a_changed_word_is_changed_and_shown(published: tuple[Path, Path]) -> None:
    corpus, out = published
    file = corpus / "one.txt"
    file.write_text(file.read_text().replace("Nobody has been", "Somebody has been"))
    checks = verify(out, corpus, read)
    assert of(checks, "Nobody has") == {"changed"}
    assert (
        "body has been named who decides" in next(c for c in checks if c.verdict == "changed").found
    )


@pytest.mark.parametrize("how", ["removed", "rewritten", "unreadable", "empty"])
def test_what_is_gone_is_lost(published: tuple[Path, Path], how: str) -> None:
    corpus, out = published
    file = corpus / "one.txt"
    if how == "removed":
        file.unlink()
    else:
        new = {
            "rewritten": "Quite other words stand here, about lunch.\n" * 9,
            "unreadable": "\0",
            "empty": "",
        }
        file.write_text(new[how])
    checks = verify(out, corpus, read)
    assert of(checks, "Nobody has") == {"lost"}
    assert all(c.detail for c in checks if c.verdict == "lost")


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_a_report_that_was_edited_is_changed(published: tuple[Path, Path], name: str) -> None:
    corpus, out = published
    text = (out / name).read_text("utf-8")
    assert "Nobody has been named" in text
    (out / name).write_text(text.replace("Nobody has been named", "Somebody was named"), "utf-8")
    checks = verify(out, corpus, read)
    assert verdicts(checks, name)["changed"] == 1
    assert verdicts(checks) == {"verbatim": 3}


def test_a_table_that_was_edited_is_changed_everywhere(published: tuple[Path, Path]) -> None:
    corpus, out = published
    with (out / "evidence.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["text"] = row["text"].replace("Nobody has", "Somebody has")
    with (out / "evidence.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    checks = verify(out, corpus, read)
    assert verdicts(checks) == {"verbatim": 2, "changed": 1}
    assert verdicts(checks, "report.html") == {"verbatim": 2, "changed": 1}


def test_a_quote_the_table_does_not_know_is_lost(published: tuple[Path, Path]) -> None:
    corpus, out = published
    page = out / "report.html"
    page.write_text(
        page.read_text("utf-8").replace("</main>", '<p data-quote-id="Q-0">x</p></main>'), "utf-8"
    )
    assert verdicts(verify(out, corpus, read), "report.html")["lost"] == 1


def test_a_recorded_path_cannot_leave_the_corpus(published: tuple[Path, Path]) -> None:
    corpus, out = published
    (corpus.parent / "outside.txt").write_text("\n".join(LINES["one.txt"]))
    (corpus / "one.txt").unlink()
    run = out / "run.json"
    run.write_text(run.read_text().replace('"one.txt"', '"../outside.txt"'))
    assert of(verify(out, corpus, read), "Nobody has") == {"lost"}


def test_a_folder_that_no_run_wrote_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json"):
        verify(tmp_path, None, read)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(InputError, match="not a run record"):
        verify(tmp_path, None, read)
