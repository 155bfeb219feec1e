"""From a draft to a Document: title, date, people, language, and how reading went."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from notesmine.errors import ReadError
from notesmine.read import dates, language
from notesmine.read.builder import Draft
from notesmine.read.people import is_attendance_label, mark_attendance
from notesmine.records import Document, Problem, Status

# Titles that programs write by themselves.
_JUNK_TITLE = re.compile(
    r"(?i)^(?:untitled|untitled document|microsoft (?:word|powerpoint)( -.*)?|powerpoint "
    r"presentation|presentation|document\d*|slide \d+|title|new document|no title|word document|"
    r".*\.(?:docx?|pptx?|pdf|odt|xlsx?|dvi|tex|indd|qxd|md))$"
)
DATE_LINE_WORDS = 14  # a line that states the date of a meeting is short
FIRST_BLOCKS = 14  # how far down a note states its date

COVERED = frozenset({"en"})


def failed(
    *,
    doc_id: str,
    sha256: str,
    paths: tuple[str, ...],
    error: ReadError,
    format: str = "",  # noqa: A002
) -> Document:
    """Return the document that stands for a file nothing could be read from."""
    return Document(
        doc_id=doc_id,
        paths=paths,
        sha256=sha256,
        format=format,
        status="failed",
        title=_stem(paths[0]),
        problems=(Problem(code=error.code, message=error.message, hint=error.hint, path=paths[0]),),
    )


def _stem(name: str) -> str:
    base = name.rpartition("/")[2]
    return base.rpartition(".")[0] or base


def finish(draft: Draft, *, doc_id: str, sha256: str, name: str) -> Document:
    """Turn a draft into a document.

    Parameters
    ----------
    draft : Draft
        What the reader built.
    doc_id, sha256 : str
        Identity of the content.
    name : str
        Relative path; asked for a title or a date where the content states none.

    Returns
    -------
    Document
    """
    people = mark_attendance(draft)
    text = draft.text
    lang = _languages(draft, text)
    status: Status = "partial" if draft.partial else "ok"
    if not any(c.isalpha() for c in text):
        status = "failed"
        if not any(p.code in {"empty", "no-text-layer"} for p in draft.problems):
            draft.problem(
                "no-text",
                "the file holds no text",
                "If it shows text, it is a picture: run OCR over it, or add the original.",
            )
    title, from_content = _title(draft, text, name)
    day, source = _date(draft, text, name, title if from_content else "")
    return Document(
        doc_id=doc_id,
        paths=(name,),
        sha256=sha256,
        format=draft.format,
        status=status,
        problems=tuple(msgspec.structs.replace(p, path=p.path or name) for p in draft.problems),
        title=title,
        date=day,
        date_source=source,
        meeting=draft.declared.get("meeting") or (_meeting(title) if from_content else ""),
        organisation=draft.declared.get("organisation", ""),
        language=lang,
        text=text,
        blocks=tuple(draft.blocks),
        pages=draft.pages,
        furniture=tuple(draft.furniture),
        repairs=dict(sorted(draft.repairs.items())),
        people=people,
    )


def _languages(draft: Draft, text: str) -> str:
    """Set the language of each block; return that of the document."""
    default = language.guess(text, "en" if any(c.isalpha() for c in text) else "")
    others: Counter[str] = Counter()
    for i, block in enumerate(draft.blocks):
        own = language.guess(text[block.start : block.end], default)
        draft.blocks[i] = msgspec.structs.replace(block, language=own)
        if own not in COVERED and own:
            others[own] += 1
    if others:
        names = ", ".join(f"{n} in {code}" for code, n in sorted(others.items()))
        draft.problem(
            "language-not-covered",
            f"{sum(others.values())} of {len(draft.blocks)} passages are not in English ({names})",
            "They are read and listed but not classified; translate them if they should count.",
        )
    return default


def _title(draft: Draft, text: str, name: str) -> tuple[str, bool]:
    title = " ".join(draft.clean(draft.title).split())
    if title and len(title) < 300 and not _JUNK_TITLE.match(title):
        return title, True
    for block in draft.blocks[:3]:
        piece = text[block.start : block.end]
        heading = block.type in {"heading", "slide_title"} and len(piece) < 200
        if heading and not is_attendance_label(piece) and any(c.isalpha() for c in piece):
            return piece, True
    return _stem(name), False


def _meeting(title: str) -> str:
    """Kind of meeting: the title without its date, if it states one."""
    found = dates.find(title)
    if found is None:
        return ""
    rest = f"{title[: found.start]} {title[found.end :]}"
    return " ".join(rest.split()).strip(" -–—:,|()[]#")


def _date(draft: Draft, text: str, name: str, title: str) -> tuple[str | None, str | None]:
    """Date of the document and where it was found; ambiguity is a problem, not a guess."""
    if draft.date:
        return draft.date, draft.date_source
    candidates: list[tuple[dates.Found, str]] = []
    by_name, where = dates.from_name(name)
    if by_name:
        candidates.append((by_name, where))
    dated_headings: list[str] = []
    for index, block in enumerate(draft.blocks):
        piece = text[block.start : block.end]
        if block.type in {"heading", "slide_title"}:
            found = dates.find(piece)
            if found and found.day and found.precision == "day":
                dated_headings.append(found.day)
                if block.date is None:
                    draft.blocks[index] = msgspec.structs.replace(block, date=found.day)
            if found and index < FIRST_BLOCKS:
                candidates.append((found, "heading"))
        elif (
            index < FIRST_BLOCKS and len(piece.split()) <= DATE_LINE_WORDS and block.type != "link"
        ):
            found = dates.find(piece)
            if found:
                candidates.append((found, "first lines"))
    if title and (found := dates.find(title)):
        candidates.append((found, "title"))
    if len(set(dated_headings)) >= 3 and not (by_name and by_name.precision == "day"):
        return max(dated_headings), "newest dated heading"
    order = ("file name", "heading", "title", "first lines", "folder")
    for precision in ("day", "month", "quarter"):
        for source in order:
            for found, origin in candidates:
                if origin == source and found.day and found.precision == precision:
                    suffix = "" if precision == "day" else f" ({precision} only)"
                    return found.day, origin + suffix
    for found, origin in candidates:
        if found.ambiguous:
            draft.problem(
                "ambiguous-date",
                f"the {origin} says {found.ambiguous}: day and month cannot be told apart",
                f"Add a row to metadata.csv: {name},YYYY-MM-DD",
            )
            break
    return None, None


def says_no(row: Mapping[str, str]) -> bool:
    """Whether a row of ``metadata.csv`` keeps its document from being quoted."""
    return row.get("quotable", "").strip().lower() in {"no", "n", "false", "0"}


def apply_metadata(document: Document, row: dict[str, str]) -> Document:
    """Let a row of ``metadata.csv`` override what the document says about itself."""
    changes: dict[str, object] = {}
    for key in ("title", "meeting", "organisation"):
        if row.get(key):
            changes[key] = row[key]
    if row.get("date"):
        changes["date"] = row["date"]
        changes["date_source"] = "metadata.csv"
        changes["problems"] = tuple(p for p in document.problems if p.code != "ambiguous-date")
    if says_no(row):
        changes["quotable"] = False
    return msgspec.structs.replace(document, **changes) if changes else document
