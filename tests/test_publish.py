from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import html as lxml_html

from factory import Notes, bundle, sample
from hostile import HOSTILE, hostile
from notesmine.errors import OutputError
from notesmine.publish import citation_keys, describe, intact, publish, write_run
from notesmine.publish.markdown import quoted, unquoted
from notesmine.publish.published import html_quotes, markdown_quotes, rows_of
from notesmine.publish.references import biblatex, csl_json, latex, plain
from notesmine.publish.runfile import read_run
from notesmine.publish.text import visible
from notesmine.records import Document, Evidence


# lxml's stubs give ``xpath`` a union that no comparison passes.
def xpath(page: Any, path: str) -> list[Any]:
    return list(page.xpath(path))


FILES = {
    *("report.html", "report.md", "themes.csv", "evidence.csv"),
    *("references.bib", "references.json", "report.docx", "digest.docx", "evidence.xlsx"),
    *("theme_document.csv", "cooccurrence.csv", "saturation.csv"),
    *(
        f"figures/{name}.{kind}"
        for name in ("impediments", "months", "trends", "cooccurrence", "saturation")
        for kind in ("png", "svg")
    ),
}


def test_writes_the_files_and_returns_their_hashes(tmp_path: Path) -> None:
    made = bundle(sample())
    hashes = publish(tmp_path, made)
    there = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert set(hashes) == FILES == there
    for name, sha in hashes.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == sha
    write_run(tmp_path, msgspec.structs.replace(made.run, outputs=hashes))
    sealed = read_run(tmp_path)
    assert sealed.outputs == hashes
    assert intact(tmp_path, sealed)
    (tmp_path / "report.md").write_text("edited")
    assert not intact(tmp_path, sealed)
    assert not list(tmp_path.glob(".*"))


def test_columns_are_pinned(tmp_path: Path) -> None:
    publish(tmp_path, bundle(sample()))
    themes = (tmp_path / "themes.csv").read_text("utf-8").splitlines()[0]
    assert themes.startswith(
        "theme_id,origin,label,parent_id,documents,meetings,organisations,passages,first_seen,"
        "last_seen,open,resolved,stability,trend,"
    )
    assert themes.endswith("unquotable,trend_p,anticipated")
    evidence = (tmp_path / "evidence.csv").read_text("utf-8").splitlines()[0]
    assert evidence.startswith(
        "quote_id,theme_id,kind,stance,tier,text,doc_id,path,title,date,page,start,end,heading,"
        "speaker,citation_key,copies,"
    )
    assert evidence.endswith("score,why,text_guarded,resolved_by,before,after,masks")


def test_two_publishes_are_byte_identical(tmp_path: Path) -> None:
    made = bundle(sample())
    turned = msgspec.structs.replace(made, documents=tuple(reversed(made.documents)))
    assert publish(tmp_path / "one", made) == publish(tmp_path / "two" / "deeper", turned)


def test_hash_seed_changes_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; import factory; from notesmine.publish import publish\n"
        "print(sorted(publish(Path(sys.argv[2]), factory.bundle(factory.sample())).items()))"
    )
    here = str(Path(__file__).parent)
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, here, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]


def test_hostile_text_comes_back_as_text_from_every_file(tmp_path: Path) -> None:
    made = hostile()
    publish(tmp_path, made)
    want = {q.quote_id: q.text for _, q in made.quotes()}
    assert set(want.values()) == set(HOSTILE)
    assert {r.quote_id: r.text for r in rows_of(tmp_path)} == want
    seen = {i: visible(t) for i, t in want.items()}
    assert dict(html_quotes(tmp_path / "report.html")) == seen
    assert dict(markdown_quotes(tmp_path / "report.md")) == seen


def test_hostile_text_makes_no_markup(tmp_path: Path) -> None:
    publish(tmp_path, hostile())
    page = lxml_html.parse(str(tmp_path / "report.html"))
    assert len(xpath(page, "//script")) == 1
    assert not xpath(page, "//img | //iframe | //object | //form[@action] | //link | //base")
    assert not xpath(page, "//@*[starts-with(name(), 'on')]")
    assert not xpath(page, "//@style")
    for address in xpath(page, "//@href"):
        assert address.startswith("#") or re.match(r"n\d+\.pdf(#page=\d+)?$", address)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    assert "49" not in "".join(q for _, q in html_quotes(tmp_path / "report.html"))


def test_formulas_are_guarded_in_every_cell_and_declared_for_text(tmp_path: Path) -> None:
    made = hostile()
    publish(tmp_path, made)
    want = {q.quote_id: q.text for _, q in made.quotes()}
    start = ("=", "+", "-", "@", "\t", "\r")
    for name in ("evidence.csv", "themes.csv"):
        with (tmp_path / name).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                assert not [c for c in row.values() if c.startswith(start)]
                if name == "evidence.csv":
                    text = want[row["quote_id"]]
                    assert row["text_guarded"] == str(int(text.startswith(start)))
                    assert row["text"] == "'" * text.startswith(start) + text


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_quotes_come_back(text: str) -> None:
    assert unquoted(quoted(text).split("\n")) == visible(text)


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
def test_pandoc_reads_quotes_and_citations_as_written(tmp_path: Path) -> None:
    made = hostile()
    publish(tmp_path, made)
    done = subprocess.run(
        ["pandoc", "report.md", "--citeproc", "-t", "json"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "not found" not in done.stderr
    assert "warning" not in done.stderr.lower(), done.stderr
    flat = " ".join(_plain(json.loads(done.stdout)["blocks"]).split())
    for text in HOSTILE:
        assert " ".join(visible(text).split()) in flat


def _plain(node: object) -> str:
    """All text of a pandoc tree."""
    if isinstance(node, list):
        return "".join(_plain(n) for n in node)
    if isinstance(node, dict):
        kind, content = node.get("t"), node.get("c")
        if kind == "Str":
            return str(content)
        if kind in {"Space", "SoftBreak", "LineBreak"}:
            return " "
        if kind in {"Code", "RawInline", "CodeBlock", "RawBlock", "Math"}:
            return f"<{kind}!>{content[-1] if isinstance(content, list) else content}"
        return _plain(content) + ("\n" if kind in {"Para", "Plain"} else "")
    return ""


def document(number: str, **facts: object) -> Document:
    return Document(doc_id=number, paths=(f"{number}.pdf",), sha256="", format="pdf", **facts)  # type: ignore[arg-type]


def test_keys_are_unique_safe_and_independent_of_file_names() -> None:
    same = {"organisation": "Büro", "meeting": "Jour fixe der Runde vier", "date": "2025-03-14"}
    documents = [
        document("d1", **same),
        document("d2", **same),
        document("d3", title="Fig 3 explained"),
        document("d4", title="2025 in review"),
        document("d5", title="한국어"),
        document("d6"),
        document("d7", title="fig", date="2025-01-01"),
    ]
    keys = citation_keys(documents)
    assert len(set(keys.values())) == len(documents)
    assert keys["d1"].startswith("buro-jour-fixe-der-2025-03-14-")
    for key in keys.values():
        assert re.fullmatch(r"[a-z][a-z0-9-]*", key)
        assert not key.startswith(("fig-", "tbl-", "sec-", "eq-"))
    renamed = [msgspec.structs.replace(d, paths=("zz/other name.pdf",)) for d in documents]
    assert citation_keys(renamed[::-1]) == keys


def test_references_escape_and_type() -> None:
    note = document(
        "d1", title=r"50% of R&D_{x} \ ~^#$", organisation="A & B", meeting="Board",
        date="2025-03-14", language="en",
    )  # fmt: skip
    slides = msgspec.structs.replace(note, doc_id="d2", format="pptx", date="2025-04")
    bib = biblatex([slides, note])
    assert "@report{a-b-board-2025-03-14," in bib
    assert "@unpublished{a-b-board-2025-04," in bib
    assert "type = {Meeting minutes}" in bib
    assert latex(note.title) in bib
    assert latex("a\n\x00b") == "a ␀b"
    items = json.loads(csl_json([slides, note]))
    assert [i["type"] for i in items] == ["report", "speech"]
    assert items[0]["genre"] == "Meeting minutes"
    assert items[0]["issued"] == {"date-parts": [[2025, 3, 14]]}
    assert items[1]["event-date"] == {"date-parts": [[2025, 4]]}
    assert items[0]["author"] == [{"literal": "A & B"}]


def test_csl_is_valid_against_the_schema() -> None:
    path = Path(os.environ.get("NOTESMINE_DATA", "../shared/data")) / "schemas" / "csl-data.json"
    if not path.is_file():
        pytest.skip("the CSL schema is not here (set NOTESMINE_DATA)")
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft7Validator(json.loads(path.read_text("utf-8")))
    for made in (bundle(sample()), hostile()):
        assert list(check.iter_errors(json.loads(csl_json(made.documents)))) == []
    assert list(check.iter_errors([{"id": "x", "type": "minutes"}]))


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
def test_citations_of_the_report_resolve_to_references(tmp_path: Path) -> None:
    made = bundle(sample())
    publish(tmp_path, made)
    for source in ("references.bib", "references.json"):
        done = subprocess.run(
            ["pandoc", "report.md", "--citeproc", f"--metadata=bibliography:{source}", "-t",
             "plain", "--wrap=none"],
            cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stderr == ""
        assert "???" not in done.stdout
        (head, tail) = done.stdout.rsplit("References", 1)
        assert re.search(r"\(Statistics Office 2025, 2\)|\(Statistics Office 2025[a-z], 2\)", head)
        quoted_documents = {q.doc_id for _, q in made.quotes()}
        assert tail.lower().count("monthly meeting") >= len(quoted_documents) - 1  # one is undated


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
def test_pandoc_reads_the_bibliography(tmp_path: Path) -> None:
    publish(tmp_path, hostile())
    for name, kind in (("references.bib", "biblatex"), ("references.json", "csljson")):
        done = subprocess.run(
            ["pandoc", name, "-f", kind, "-t", "csljson"],
            cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert len(json.loads(done.stdout)) == len(HOSTILE)


def test_report_has_no_remote_asset_and_a_strict_policy(tmp_path: Path) -> None:
    publish(tmp_path, bundle(sample()))
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "unsafe" not in text
    assert not re.search(r"(src|href)=\"(https?:)?//", text)
    assert "url(" not in text
    assert "@import" not in text
    page = lxml_html.fromstring(text)
    (policy,) = xpath(page, "//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    ids = xpath(page, "//@id")
    assert len(ids) == len(set(ids))
    targets = {a[1:] for a in xpath(page, "//a/@href") if a.startswith("#")}
    assert targets <= set(ids)
    title = page.findtext(".//title") or ""
    assert "sample" in title
    assert "Sep 2024 to Oct 2025" in title
    assert xpath(page, "//table[not(caption)]") == []
    assert xpath(page, "//section[not(@aria-labelledby)]") == []


def test_source_links_point_to_the_page_or_are_absent(tmp_path: Path) -> None:
    made = bundle(sample(), prefix="../my corpus/")
    publish(tmp_path / "with", made)
    text = (tmp_path / "with" / "report.html").read_text("utf-8")
    assert re.search(r'href="\.\./my%20corpus/2024-09_note-00\.pdf#page=1"', text)
    publish(tmp_path / "without", msgspec.structs.replace(made, source_prefix=None))
    page = lxml_html.parse(str(tmp_path / "without" / "report.html"))
    assert all(a.startswith("#") for a in xpath(page, "//a/@href"))


@pytest.mark.parametrize(
    ("prefix", "start"),
    [
        ("../notes #1/", "../notes%20%231/"),
        ("../100%/", "../100%25/"),
        ("https://host:8/a%20b/", "https://host:8/a%20b/"),
    ],
)
def test_links_to_sources_are_percent_encoded(tmp_path: Path, prefix: str, start: str) -> None:
    notes = Notes()
    notes.note("a #2.md", "2025-01-10", format="md")
    notes.say("a #2.md", "Nobody decides.", ("ownership",))
    publish(tmp_path, bundle(notes, prefix=prefix))
    page = lxml_html.parse(str(tmp_path / "report.html"))
    links = {a for a in xpath(page, "//a/@href") if not a.startswith("#")}
    assert links == {start + "a%20%232.md"}


def test_months_of_dated_parts_have_their_notes_read(tmp_path: Path) -> None:
    notes = Notes()
    notes.note("mails.mbox", "2025-01-10", format="mbox")
    notes.say("mails.mbox", "Nobody decides.", ("ownership",), date="2025-03-03")
    publish(tmp_path, bundle(notes))
    page = lxml_html.parse(str(tmp_path / "report.html"))
    (body,) = xpath(page, "//table[@class='heat']/tbody/tr")
    assert [c.text_content() for c in xpath(body, "td")] == ["·", "", "1"]
    foot = xpath(page, "//table[@class='heat']/tfoot//td")
    assert [c.text_content() for c in foot] == ["1", "", "1"]


def test_every_theme_has_a_section_however_deep_and_totals_count_once(tmp_path: Path) -> None:
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.note("b", "2025-02-10")
    every = ("ownership", "shelving", "data", "capacity", "legal", "T-017")
    notes.say("a", "The register has no owner.", every)
    notes.say("a", "SECRET words on who blocks it.", every, quotable=False)
    notes.say("a", "The unit may be closed next year.", every, stance="anticipated")
    notes.say("b", "The register has an owner now.", every, kind="resolved")
    made = bundle(notes)
    # A chain of four below no parent, and a circle of two.
    parents = {
        "ownership": None, "shelving": "ownership", "data": "shelving", "T-017": "data",
        "capacity": "legal", "legal": "capacity",
    }  # fmt: skip
    evidence = tuple(
        msgspec.structs.replace(
            e,
            theme=msgspec.structs.replace(e.theme, parent_id=parents.get(e.theme.theme_id)),
        )
        for e in made.evidence
    )
    publish(tmp_path, msgspec.structs.replace(made, evidence=evidence))
    page = lxml_html.parse(str(tmp_path / "report.html"))
    sections = xpath(page, "//section[@data-theme]/@id")
    assert sections[:4] == ["ownership", "shelving", "data", "T-017"]
    assert sorted(sections) == sorted(every)
    figures = {
        d.findtext("dt"): d.findtext("dd")
        for d in xpath(page, "//section[@id='r-overview']/dl/div")
    }
    assert figures["later reported resolved"] == "1"
    said = " ".join(xpath(page, "//section[@id='r-overview']/p[@class='fine']")[0].itertext())
    assert "1 passage marked not for quotation is counted" in said
    own = {
        d.findtext("dt"): d.findtext("dd").strip()
        for d in xpath(page, "//section[@id='ownership']/dl/div")
    }
    assert (own["open"], own["anticipated"], own["resolved"]) == ("1", "1", "1")
    with (tmp_path / "themes.csv").open(encoding="utf-8", newline="") as stream:
        row = next(r for r in csv.DictReader(stream) if r["theme_id"] == "ownership")
    assert (row["open"], row["anticipated"], row["resolved"]) == ("1", "1", "1")


def test_show_prints_the_key_of_the_quote_and_no_control_character() -> None:
    notes = Notes()
    for path in ("a\x1b[31m.md", "b.md"):
        notes.note(path, "2025-03-14", title="Minutes\x1b[2J\nof May")
    notes.say("a\x1b[31m.md", "bell \x07 escape \x1b[31m next \x85 and\nmore", ("ownership",))
    made = bundle(notes)
    ((item, quote),) = made.quotes()
    document = next(d for d in made.documents if d.doc_id == quote.doc_id)
    assert quote.citation_key not in citation_keys([document]).values()
    builtins = msgspec.to_builtins
    lines = describe(quote.quote_id, {"quote": builtins(quote), "document": builtins(document)})
    assert f"@report{{{quote.citation_key}," in lines
    assert f'    "id": "{quote.citation_key}",' in lines
    assert f"Plain    {plain(document)}" in lines
    assert f"Pandoc   [@{quote.citation_key}]" in lines
    assert f"LaTeX    \\autocite{{{quote.citation_key}}}" in lines
    assert f'CSL      {{"id": "{quote.citation_key}"}}' in lines
    lines += describe(item.theme.theme_id, {"evidence": builtins(item)})
    lines += describe(document.doc_id, {"document": builtins(document)})
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(lines))
    assert any("bell ␇ escape ␛[31m" in line for line in lines)


def test_nothing_to_report_is_a_report(tmp_path: Path) -> None:
    publish(tmp_path, bundle(Notes()))
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "No impediment was found with enough confidence" in text
    made = bundle(sample())
    bare: tuple[Evidence, ...] = ()
    publish(tmp_path, msgspec.structs.replace(made, evidence=bare, findings=()))


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file is in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        publish(tmp_path / "out", bundle(sample()))


def test_file_names_appear_as_paths_only(tmp_path: Path) -> None:
    made = bundle(sample(), prefix=None)
    renamed = msgspec.structs.replace(
        made,
        documents=tuple(
            msgspec.structs.replace(d, paths=(f"zz/{n}.pdf",)) for n, d in enumerate(made.documents)
        ),
    )
    publish(tmp_path / "a", made)
    publish(tmp_path / "b", renamed)
    for name in ("references.bib", "references.json", "themes.csv", "report.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
