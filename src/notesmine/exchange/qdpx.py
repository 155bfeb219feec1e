"""A run as a REFI-QDA project (.qdpx): sources, codebook, codings, variables and notes.

A ZIP of ``project.qde`` and ``sources/GUID.txt``. Positions are code points, GUIDs are made of what
they name, and every date comes from the notes: the same run gives the same bytes.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Callable, Mapping, Sequence

from lxml import etree

from notesmine import __version__
from notesmine.config import PublishSettings
from notesmine.exchange.names import Hide, Shown, plain, shown
from notesmine.exchange.project import Node, Project, borne
from notesmine.publish.text import moment, one_line
from notesmine.records import Document, Finding
from notesmine.rulings import Ruling

NAMESPACE = "urn:QDA-XML:project:1.0"
#: Root of all GUIDs; any fixed value will do.
ROOT = uuid.uuid5(uuid.NAMESPACE_URL, "urn:notesmine:exchange")
MACHINE = "notesmine"
ENTRY_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP can bear
LONGEST_NAME = 80  # characters of the quote in a selection's name

#: (variable, its type, element of its value, what a document says)
VARIABLES: tuple[tuple[str, str, str, Callable[[Document], str]], ...] = (
    ("Date", "Date", "DateValue", lambda d: _day(d.date)),
    ("Period", "Text", "TextValue", lambda d: d.date or ""),
    ("Organisation", "Text", "TextValue", lambda d: d.organisation),
    ("Meeting", "Text", "TextValue", lambda d: d.meeting),
    ("Title", "Text", "TextValue", lambda d: d.title),
)


def guid(*parts: str) -> str:
    """Return the GUID of something: the same for the same parts, upper case, without braces."""
    return str(uuid.uuid5(ROOT, "\x1f".join(parts))).upper()


def render(project: Project, hide: Hide) -> bytes:
    """Return the project file of a run.

    Parameters
    ----------
    project : Project
    hide : callable
        Says which words are shown otherwise, see `names`.
    """
    files: dict[str, str] = {}
    tree = _Writer(project, hide, files).tree()
    etree.indent(tree, space=" ")
    body = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        _entry(archive, "project.qde", body)
        for name, text in sorted(files.items()):
            _entry(archive, f"sources/{name}", text.encode("utf-8", "replace"))
    return stream.getvalue()


def _entry(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    info = zipfile.ZipInfo(name, ENTRY_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # the same on every system
    info.external_attr = 0o644 << 16
    archive.writestr(info, body)


class Named(dict[str, str]):
    """Unique names of sources by ``doc_id``; they become file names in other programs."""


def source_names(documents: Sequence[Document], hide: Hide) -> Named:
    """Return the name of each document's source: its path, without separators, told apart."""
    names, taken = Named(), set[str]()
    for document in documents:
        path = line(min(document.paths, default=document.doc_id), "", hide)
        name = re.sub(r'[\\/:*?"<>|]+', " - ", path)
        if name.casefold() in taken:
            stem, dot, ending = name.rpartition(".")
            name = f"{stem or ending} ({document.doc_id}){dot}{ending if stem else ''}"
        taken.add(name.casefold())
        names[document.doc_id] = name
    return names


def line(text: str, doc_id: str, hide: Hide) -> str:
    """Return words of a note on one line, as they may leave."""
    return one_line(shown(text, doc_id, hide).text)


class _Writer:
    def __init__(self, project: Project, hide: Hide, files: dict[str, str]) -> None:
        self.project, self.hide, self.files = project, hide, files
        self.user = guid("user", MACHINE)
        self.date = _stamp(project.run.report_date)
        self.ordered = sorted(
            project.documents.values(), key=lambda d: (d.date or "9999", d.doc_id)
        )
        self.names = source_names(self.ordered, hide)
        self.known = {n.ident for n in project.nodes}
        self.people = sorted({w for r in project.rulings for w in r.decided_by})

    def tree(self) -> etree._Element:
        run = self.project.run
        root = etree.Element(f"{{{NAMESPACE}}}Project", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
        root.set("name", line(_title(run.settings), "", self.hide))
        root.set("origin", f"notesmine {__version__}")
        root.set("creatingUserGUID", self.user)
        root.set("creationDateTime", self.date)
        root.set("modifyingUserGUID", self.user)
        root.set("modifiedDateTime", self.date)
        users = _add(root, "Users")
        for name in [MACHINE, *(p for p in self.people if p != MACHINE)]:
            _add(users, "User", guid=guid("user", name), name=one_line(name), id=one_line(name))
        codes = _add(_add(root, "CodeBook"), "Codes")
        notes = {f.finding_id: guid("note", f.finding_id) for f in self.project.findings}
        for node in self.project.nodes:
            if node.parent is None:
                self._code(codes, node, notes)
        self._variables(root)
        if self.ordered:
            sources = _add(root, "Sources")
            rulings: dict[str, list[Ruling]] = {}
            for ruling in self.project.rulings:
                rulings.setdefault(ruling.doc_id, []).append(ruling)
            for document in self.ordered:
                self._source(sources, document, rulings.get(document.doc_id, []))
        if notes:
            group = _add(root, "Notes")
            for number, finding in enumerate(self.project.findings, 1):
                self._note(group, number, finding, notes[finding.finding_id])
        _add(root, "Description").text = (
            f"Written by notesmine {__version__} from its run {run.run_id}. Codings by the user"
            f" {MACHINE} are the machine's. Correct them and bring the project back with"
            " `notesmine import`; leave this line as it is."
        )
        for finding in self.project.findings:
            if finding.theme_id not in self.known:
                _add(root, "NoteRef", targetGUID=notes[finding.finding_id])
        return root

    def _code(self, parent: etree._Element, node: Node, notes: dict[str, str]) -> None:
        element = _add(
            parent,
            "Code",
            guid=guid("code", node.ident),
            name=line(node.name, "", self.hide),
            isCodable="true" if node.codable else "false",
            color=node.colour.upper(),
        )
        if node.description:
            _add(element, "Description").text = line(node.description, "", self.hide)
        for finding in self.project.findings:
            if finding.theme_id == node.ident:
                _add(element, "NoteRef", targetGUID=notes[finding.finding_id])
        for child in self.project.nodes:
            if child.parent == node.ident:
                self._code(element, child, notes)

    def _variables(self, root: etree._Element) -> None:
        used = [v for v in VARIABLES if any(v[3](d) for d in self.ordered)]
        if used:
            group = _add(root, "Variables")
            for name, kind, _, _ in used:
                _add(group, "Variable", guid=guid("variable", name), name=name, typeOfVariable=kind)

    def _source(
        self, parent: etree._Element, document: Document, rulings: Sequence[Ruling]
    ) -> None:
        name, when = (
            self.names[document.doc_id],
            _stamp(document.date or self.project.run.report_date),
        )
        text = shown(document.text, document.doc_id, self.hide)
        facts = {"creatingUser": self.user, "creationDateTime": when}
        facts |= {"modifyingUser": self.user, "modifiedDateTime": when}
        ident = guid("source", document.doc_id)
        if document.format == "pdf":
            whole = _add(
                parent, "PDFSource", guid=ident, name=name, path=f"relative:///{name}", **facts
            )
            holder = _add(
                whole,
                "Representation",
                guid=guid("text", document.doc_id),
                name=name,
                plainTextPath=self._file(guid("text", document.doc_id), text.text),
                **facts,
            )
        else:
            whole = holder = _add(
                parent,
                "TextSource",
                guid=ident,
                name=name,
                plainTextPath=self._file(ident, text.text),
                **facts,
            )
        for ruling in rulings:
            self._selection(holder, ruling, text)
        for variable, _, element, value in VARIABLES:
            said = line(value(document), document.doc_id, self.hide)
            if said:
                pair = _add(whole, "VariableValue")
                _add(pair, "VariableRef", targetGUID=guid("variable", variable))
                _add(pair, element).text = said

    def _file(self, ident: str, text: str) -> str:
        self.files[f"{ident}.txt"] = text
        return f"internal://{ident}.txt"

    def _selection(self, parent: etree._Element, ruling: Ruling, text: Shown) -> None:
        codes = borne(ruling, self.known)
        if not codes:
            return
        start, end = text.to_shown(ruling.start, ruling.end)
        who = ruling.decided_by[0] if ruling.decided_by else MACHINE
        facts = {"creatingUser": guid("user", who), "creationDateTime": self.date}
        element = _add(
            parent,
            "PlainTextSelection",
            guid=guid("selection", ruling.quote_id),
            name=one_line(text.text[start:end])[:LONGEST_NAME],
            startPosition=str(start),
            endPosition=str(end),
            modifyingUser=facts["creatingUser"],
            modifiedDateTime=self.date,
            **facts,
        )
        _add(element, "Description").text = line(about(ruling), ruling.doc_id, self.hide)
        for code in codes:
            coding = _add(element, "Coding", guid=guid("coding", ruling.quote_id, code), **facts)
            _add(coding, "CodeRef", targetGUID=guid("code", code))

    def _note(self, parent: etree._Element, number: int, finding: Finding, ident: str) -> None:
        quotes = {
            q.quote_id: q
            for e in self.project.evidence.values()
            for group in (e.impediments, e.resolved, e.enablers, e.proposals, e.review)
            for q in group
        }
        lines = [line(finding.statement, "", self.hide)]
        for quote_id in finding.quote_ids:
            quote = quotes.get(quote_id)
            if quote is not None:
                words = line(quote.text, quote.doc_id, self.hide)
                place = self.names.get(quote.doc_id, "")
                lines += ["", f"{quote_id} ({place}, {quote.date or 'undated'})", words]
        _add(
            parent,
            "Note",
            guid=ident,
            name=f"Finding {number}: {finding.kind}",
            plainTextPath=self._file(ident, plain("\n".join(lines) + "\n")),
            creatingUser=self.user,
            creationDateTime=self.date,
            modifyingUser=self.user,
            modifiedDateTime=self.date,
        )


def about(ruling: Ruling) -> str:
    """Return what is known of a passage, for the description of its selection."""
    parts = [f"{ruling.kind}, {ruling.tier}", f"probability {ruling.probability:.2f}"]
    parts += [f"stance {ruling.stance}"] if ruling.stance != "none" else []
    parts += [f"page {ruling.page}"] if ruling.page is not None else []
    scores = zip(ruling.codes, ruling.code_scores, strict=False)
    parts += [f"{code} {score:.2f}" for code, score in scores]
    parts += [f"why: {ruling.why}"] if ruling.why else []
    parts += [f"decided by {', '.join(ruling.decided_by)}"] if ruling.decided_by else []
    return "; ".join([*parts, ruling.quote_id])


def _add(parent: etree._Element, element: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{element}", attributes)


def _stamp(date: str | None) -> str:
    return moment(date).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(date: str | None) -> str:
    """Return a date that is whole, else the empty text."""
    found = re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", (date or "")[:10])
    return found[0] if found else ""


def _title(settings: Mapping[str, object]) -> str:
    chosen = settings.get("publish")
    title = chosen.get("title") if isinstance(chosen, dict) else None
    return str(title or PublishSettings().title)
