"""References: one entry a document, in BibLaTeX and CSL-JSON, with keys that stay.

A key comes from organisation, meeting or title, and date, never from a file name. CSL has no type
for minutes: they are a ``report`` with ``genre``; slides are a ``speech``.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from notesmine.publish.text import day, one_line
from notesmine.records import Document, digest

GENRE = "Meeting minutes"
SLIDES = {"pptx"}
#: Quarto reads keys that start like this as cross-references.
TAKEN = ("fig-", "tbl-", "sec-", "eq-", "lst-", "thm-")
WORDS_IN_KEY = 3
#: Characters that LaTeX and BibTeX take for commands, and what prints them.
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}
EMBEDDINGS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def citation_keys(documents: Sequence[Document]) -> dict[str, str]:
    """Return a unique key for every document.

    Documents whose keys would be the same get four digits of their content's hash each.

    Parameters
    ----------
    documents : sequence of Document
        In any order.

    Returns
    -------
    dict of str to str
        ``doc_id`` to key.

    Examples
    --------
    >>> note = Document(doc_id="d1", paths=("a.md",), sha256="", format="md",
    ...                 organisation="Statistics Office", meeting="Board", date="2025-03-14")
    >>> citation_keys([note])
    {'d1': 'statistics-office-board-2025-03-14'}
    """
    base = {d.doc_id: _base(d) for d in sorted(documents, key=lambda d: d.doc_id)}
    shared = Counter(base.values())
    keys = {i: k if shared[k] == 1 else f"{k}-{digest(i, length=4)}" for i, k in base.items()}
    twice = Counter(keys.values())
    return {i: k if twice[k] == 1 else f"{k}-{digest(i, length=12)}" for i, k in keys.items()}


def _base(document: Document) -> str:
    who = _slug(document.organisation)
    what = _slug(document.meeting) or _slug(document.title)
    key = "-".join(p for p in (who, what, document.date or "") if p)
    if not key[:1].isalpha() or key.startswith(TAKEN):
        key = "-".join(p for p in ("notes", key or digest(document.doc_id, length=6)) if p)
    return key


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:WORDS_IN_KEY])


def _name(document: Document) -> str:
    return named(document.title or document.meeting) or "Untitled note"


def named(text: str) -> str:
    """Return a name on one line, without embeddings that would turn the words after it."""
    return one_line(text.translate(EMBEDDINGS))


def latex(text: str) -> str:
    r"""Escape text for a braced BibLaTeX field.

    Examples
    --------
    >>> latex("50% of R&D_{x}")
    '50\\% of R\\&D\\_\\{x\\}'
    """
    return "".join(LATEX.get(c, c) for c in named(text))


def biblatex(documents: Sequence[Document], keys: Mapping[str, str] | None = None) -> str:
    """Return a ``.bib`` file: ``@report`` for minutes, ``@unpublished`` for slides.

    `keys` maps ``doc_id`` to the key of each document; by default `citation_keys` makes them.
    """
    keys = keys or citation_keys(documents)
    entries = []
    for document in sorted(documents, key=lambda d: keys[d.doc_id]):
        slides = document.format in SLIDES
        fields = [("title", "{" + latex(_name(document)) + "}")]
        if document.organisation:
            fields.insert(0, ("author", "{" + latex(document.organisation) + "}"))
        if not slides:
            fields.append(("type", latex(GENRE)))
            fields.append(("institution", latex(document.organisation)))
        else:
            fields.append(("howpublished", "Slides"))
        if document.meeting:
            fields.append(("eventtitle", latex(document.meeting)))
            fields.append(("eventdate", document.date or ""))
        fields.append(("date", document.date or ""))
        fields.append(("langid", latex(document.language)))
        body = "".join(f",\n  {name} = {{{value}}}" for name, value in fields if value)
        entries.append(
            f"@{'unpublished' if slides else 'report'}{{{keys[document.doc_id]}{body}\n}}\n"
        )
    return "\n".join(entries)


def csl_json(documents: Sequence[Document], keys: Mapping[str, str] | None = None) -> str:
    """Return CSL-JSON, valid against the CSL 1.0.2 data schema; `keys` as for `biblatex`."""
    keys = keys or citation_keys(documents)
    items = [_csl(d, keys[d.doc_id]) for d in documents]
    items.sort(key=lambda i: str(i["id"]))
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def _csl(document: Document, key: str) -> dict[str, object]:
    slides = document.format in SLIDES
    item: dict[str, object] = {
        "id": key,
        "type": "speech" if slides else "report",
        "title": _name(document),
        "genre": "Slides" if slides else GENRE,
    }
    parts = [int(p) for p in (document.date or "").split("-") if p.isdigit()]
    if document.organisation:
        item["author"] = [{"literal": named(document.organisation)}]
        if not slides:
            item["publisher"] = named(document.organisation)
    if parts:
        item["issued"] = {"date-parts": [parts]}
    if document.meeting:
        item["event-title"] = named(document.meeting)
        if parts:
            item["event-date"] = {"date-parts": [parts]}
    if document.language:
        item["language"] = named(document.language)
    return item


def plain(document: Document, page: int | None = None) -> str:
    """Return a citation to paste where there is no reference manager.

    Examples
    --------
    >>> note = Document(doc_id="d1", paths=("a.md",), sha256="", format="md", title="Minutes",
    ...                 organisation="Statistics Office", date="2025-03-14")
    >>> plain(note, 4)
    'Statistics Office. Minutes [Meeting minutes]. 14 March 2025, p. 4.'
    """
    who = f"{named(document.organisation)}. " if document.organisation else ""
    kind = "Slides" if document.format in SLIDES else GENRE
    where = f", p. {page}" if page is not None else ""
    return f"{who}{_name(document)} [{kind}]. {day(document.date)}{where}."


def pandoc(key: str, page: int | None = None) -> str:
    """Return a Pandoc citation.

    Examples
    --------
    >>> pandoc("board-2025", 4)
    '[@board-2025, p. 4]'
    """
    return f"[@{key}]" if page is None else f"[@{key}, p. {page}]"


def latex_cite(key: str, page: int | None = None) -> str:
    r"""Return a citation for BibLaTeX.

    Examples
    --------
    >>> print(latex_cite("board-2025", 4))
    \autocite[4]{board-2025}
    """
    return f"\\autocite{{{key}}}" if page is None else f"\\autocite[{page}]{{{key}}}"


def csl_cite(key: str, page: int | None = None) -> str:
    """Return a CSL citation item; CSL has no locator for slides, which are pages here.

    Examples
    --------
    >>> print(csl_cite("board-2025", 4))
    {"id": "board-2025", "label": "page", "locator": "4"}
    """
    item = {"id": key}
    if page is not None:
        item |= {"label": "page", "locator": str(page)}
    return json.dumps(item)
