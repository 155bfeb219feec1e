"""Hostile notes in every published format, opened by programs that are not ours."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from hostile import HOSTILE
from notesmine.publish.published import docx_quotes, html_quotes
from notesmine.publish.tables import FORMULA
from notesmine.publish.text import visible
from office import W, needs_office, office, part

PANDOC = shutil.which("pandoc")
needs_pandoc = pytest.mark.skipif(PANDOC is None, reason="pandoc is not installed")
WORD_FILES = ("report.docx", "digest.docx")
#: Direction marks and the like, which some programs leave out when they show a text.
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def folded(text: str) -> str:
    return " ".join(UNSEEN.sub("", text).split())


def pandoc(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["pandoc", *arguments],
        cwd=folder, capture_output=True, text=True, check=True, timeout=120, encoding="utf-8",
    )  # fmt: skip
    return done.stdout


def nodes(tree: Any, kind: str) -> list[Any]:
    """All nodes of a kind in a pandoc tree."""
    if isinstance(tree, list):
        return [n for part in tree for n in nodes(part, kind)]
    if isinstance(tree, dict):
        own = [tree] if tree.get("t") == kind else []
        return own + [n for part in tree.values() for n in nodes(part, kind)]
    return []


def targets(tree: Any) -> set[str]:
    """Where the links and pictures of a pandoc tree lead."""
    return {str(n["c"][-1][0]) for kind in ("Link", "Image") for n in nodes(tree, kind)}


#: An address of a reference, a figure or a note of the report itself.
HARMLESS = re.compile(
    r"#[\w:.-]*|figures/[\w-]+\.(?:png|svg)|media/[\w.-]+|n\d+\.pdf(?:#.*)?|data:image/.*",
    re.DOTALL,
)


@pytest.mark.parametrize("name", WORD_FILES)
def test_a_word_file_runs_and_fetches_nothing(bad: Path, name: str) -> None:
    with zipfile.ZipFile(bad / name) as archive:
        for item in archive.namelist():
            assert not re.search(r"(?i)vba|macro|embeddings|activex", item), item
            if item.endswith(".rels"):
                for relation in etree.fromstring(archive.read(item)):
                    assert relation.get("TargetMode") != "External", relation.get("Target")
    body = part(bad / name)
    fields = [str(n.text).split()[0] for n in body.iter(f"{W}instrText")]
    fields += [str(n.get(f"{W}instr")).split()[0] for n in body.iter(f"{W}fldSimple")]
    assert set(fields) <= {"TOC", "PAGE", "NUMPAGES", "PAGEREF", "REF", "SEQ", "HYPERLINK"}
    for node in body.iter(f"{W}instrText"):
        if str(node.text).split()[0] == "HYPERLINK":
            assert r"\l" in str(node.text)  # to a place in the file itself


@needs_office
@pytest.mark.parametrize("name", WORD_FILES)
def test_libreoffice_shows_the_quotes_of_a_word_file(bad: Path, tmp_path: Path, name: str) -> None:
    text = folded(office(bad / name, "txt:Text (encoded):UTF8", tmp_path).read_text("utf-8-sig"))
    quotes = docx_quotes(bad / name)
    assert quotes
    for _, quote in quotes:
        assert folded(quote) in text


@needs_pandoc
@pytest.mark.parametrize("name", [*WORD_FILES, "report.html", "report.md"])
def test_pandoc_reads_quotes_as_text_and_no_link_of_theirs(bad: Path, name: str) -> None:
    tree = json.loads(pandoc(bad, name, "-t", "json"))
    assert not {a for a in targets(tree) if not HARMLESS.fullmatch(a)}
    raw = [n for kind in ("RawInline", "RawBlock", "Math") for n in nodes(tree, kind)]
    assert not [r for r in raw if "script" in str(r).lower() or "passwd" in str(r)]
    plain = folded(pandoc(bad, name, "-t", "plain", "--wrap=none"))
    read = docx_quotes if name.endswith(".docx") else html_quotes
    wanted = [t for _, t in read(bad / name)] if name != "report.md" else map(visible, HOSTILE)
    words = _words(plain)
    assert not [w for w in wanted if not _words(w) <= words]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", folded(text)))


@needs_pandoc
@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("latex", r"\\input\{/etc|href\{javascript:"),
        ("context", r"\\input\{/etc|url\([^)]*javascript:"),
        ("html", r"<script|<img src=x|href=.javascript:|<[^<>]*\son\w+="),
        ("rst", r"(?m)^\.\. (?:raw|include)::|<javascript:"),
    ],
)
def test_what_pandoc_makes_of_the_report_holds_no_command_of_the_notes(
    bad: Path, kind: str, command: str
) -> None:
    if kind not in pandoc(bad, "--list-output-formats").split():
        pytest.skip(f"this pandoc writes no {kind}")
    found = re.search(command, pandoc(bad, "report.md", "-t", kind))
    assert found is None, found


def test_no_cell_of_any_table_is_a_formula(bad: Path) -> None:
    tables = sorted(bad.glob("*.csv"))
    assert len(tables) >= 5
    for table in tables:
        with table.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                for cell in row:
                    number = re.fullmatch(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", cell)
                    assert number or not cell.startswith(FORMULA), f"{cell!r} in {table.name}"


def test_figures_hold_no_script_and_no_address(bad: Path) -> None:
    pictures = sorted((bad / "figures").glob("*.svg"))
    assert pictures
    for picture in pictures:
        tree = etree.fromstring(picture.read_bytes())
        tags = {str(n.tag).rpartition("}")[2] for n in tree.iter() if isinstance(n.tag, str)}
        assert not tags & {"script", "foreignObject", "image", "a"}
        for node in tree.iter():
            for key, value in node.attrib.items():
                assert not str(key).startswith("on")
                if str(key).endswith("href"):
                    assert str(value).startswith("#")
