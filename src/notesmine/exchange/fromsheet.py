"""A workbook that came back, compared with what it said when it was exported."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from notesmine.checking.workbook import Cells, cells
from notesmine.errors import InputError
from notesmine.exchange.anchor import Anchor
from notesmine.exchange.changes import Author, Changes, Drafts
from notesmine.exchange.decision import Decision, is_code_id
from notesmine.exchange.names import Hide
from notesmine.exchange.placing import our_texts
from notesmine.exchange.project import Project
from notesmine.exchange.qdpx import line
from notesmine.exchange.sheet import CUT, KEEP, NO_CODE, PIN, VETO, passage_text
from notesmine.records import KINDS
from notesmine.rulings import Ruling

HEAD_WITHIN = 20  # rows in which a header is looked for: people put a title above
RUN = re.compile(r"\brun (R-[0-9a-f]{10})\b", re.IGNORECASE)
RETIRED = "retired"

Row = Mapping[str, str]
Tables = dict[str, list[tuple[int, Row]]]


def read_workbook(data: bytes, name: str) -> tuple[Tables, str]:
    """Return the tables ``codings`` and ``codes`` of a workbook, and the run it came from.

    Raises
    ------
    InputError
        If it is no workbook, or holds neither table.
    """
    tables: Tables = {}
    run_id = ""
    for sheet in cells(data, name):
        for _, row in sheet:
            found = RUN.search(" ".join(c for c in row if c)[:200])
            run_id = run_id or (found[1] if found else "")
        for at, (_, head) in enumerate(sheet[:HEAD_WITHIN]):
            columns = [" ".join((c or "").split()).casefold() for c in head]
            kind = _table(columns)
            if kind and kind not in tables:
                tables[kind] = [(number, _named(columns, row)) for number, row in sheet[at + 1 :]]
                break
    if not tables:
        raise InputError(
            f"{name} holds no codings: no sheet has the columns Id, Kind and Codes",
            "Bring back a workbook that `notesmine export --to xlsx` wrote, its header included.",
        )
    return tables, run_id


def _table(columns: Sequence[str]) -> str:
    if {"id", "kind", "codes"} <= set(columns):
        return "codings"
    return "codes" if {"code", "name", "definition"} <= set(columns) else ""


def _named(columns: Sequence[str], row: Cells) -> Row:
    return {c: (v or "").strip() for c, v in zip(columns, row, strict=False) if c}


def compare(
    tables: Tables,
    name: str,
    project: Project,
    author: Author,
    hides: tuple[Hide, ...],
    taken: Sequence[Decision],
) -> Changes:
    """Return what people changed in a workbook."""
    drafts = Drafts(project, author)
    reader = _Reader(drafts, hides, taken)
    for number, row in tables.get("codes", []):
        reader.code(number, row)
    for number, row in tables.get("codings", []):
        reader.coding(number, row)
    return drafts.changes(name, taken, reader.moved)


class _Reader:
    def __init__(self, drafts: Drafts, hides: tuple[Hide, ...], taken: Sequence[Decision]) -> None:
        self.drafts, self.hides = drafts, hides
        self.project = drafts.project
        self.rulings = {r.quote_id: r for r in self.project.rulings}
        self.vetoed = {(d.doc, d.start, d.end) for d in taken if d.what == "veto"}
        self.moved: list[str] = []
        self.known: dict[str, str] = {}
        for node in self.project.nodes:
            item = self.project.evidence.get(node.ident)
            if item is not None:
                for words in (node.ident, node.name, item.theme.label):
                    self.known.setdefault(words.casefold(), node.ident)

    # -- codes ----------------------------------------------------------------------------------

    def code(self, number: int, row: Row) -> None:
        """Compare a row of the sheet of codes."""
        ident, who, why = row.get("code", ""), row.get("who", ""), row.get("note", "")
        name, definition = row.get("name", ""), row.get("definition", "")
        where = f"sheet Codes, row {number}"
        if not ident and not name:
            return
        node = self.project.node(ident) if ident in self.project.evidence else None
        if node is None:
            self._new_code(where, ident, name, definition, who, why)
            return
        theme = self.project.evidence[ident].theme
        names = {line(theme.label, "", h) for h in self.hides} | {row.get("machine name", "")}
        definitions = {line(node.description, "", h) for h in self.hides}
        definitions.add(row.get("machine definition", ""))
        if name and name not in names:
            self.drafts.on_code(ident, "rename", name, who=who, why=why)
        if definition and " ".join(definition.split()) not in definitions:
            self.drafts.on_code(ident, "redefine", definition, who=who, why=why)
        becomes = row.get("becomes", "")
        if becomes.casefold() == RETIRED:
            self.drafts.on_code(ident, "retire", who=who, why=why)
        elif becomes:
            into = self.known.get(becomes.casefold())
            if into is None or into == ident:
                self.drafts.left_out.append(f"{where}: {becomes!r} is no code to become")
            else:
                self.drafts.on_code(ident, "merge", into, who=who, why=why)

    def _new_code(
        self, where: str, ident: str, name: str, definition: str, who: str, why: str
    ) -> None:
        if ident and (not is_code_id(ident) or ident in self.drafts.ids):
            self.drafts.left_out.append(
                f"{where}: {ident!r} cannot be the id of a new code (a-z, 0-9, hyphens; not yet"
                " used)"
            )
            return
        chosen = ident or self.drafts.new_id(name)
        self.drafts.ids.add(chosen)
        for words in (chosen, name):
            self.known.setdefault(words.casefold(), chosen)
        self.drafts.on_code(
            chosen, "add", name or chosen, definition=definition or name or chosen, who=who, why=why
        )

    # -- codings --------------------------------------------------------------------------------

    def coding(self, number: int, row: Row) -> None:
        """Compare a row of the sheet of codings."""
        where = f"sheet Codings, row {number}"
        if not row.get("id") and not row.get("text"):
            return
        ruling = self._ruling(row)
        if ruling is None:
            self.drafts.left_out.append(
                f"{where}: the passage {row.get('id') or ''} {row.get('text', '')[:60]!r} is not in"
                " the run"
            )
            return
        who, why = row.get("who", ""), row.get("note", "")
        kind = row.get("kind", "").casefold()
        base_kind = row.get("machine kind", "") or ruling.kind
        word = row.get("decision", "").casefold()
        if kind and kind not in KINDS:
            self.drafts.left_out.append(f"{where}: {row['kind']!r} is no kind")
        elif (kind and kind != base_kind) or word == KEEP:
            self.drafts.on_passage(ruling, "kind", kind or base_kind, who=who, why=why)
        self._codes(where, ruling, row, who, why)
        self._decision(where, ruling, row, word, who, why)

    def _ruling(self, row: Row) -> Ruling | None:
        found = self.rulings.get(row.get("id", ""))
        if found is not None:
            return found
        text = row.get("text", "")
        if not text or text.endswith(CUT):
            return None
        for hide in self.hides:
            equal = [r for r in self.project.rulings if passage_text(r, hide) == text]
            if len(equal) == 1:
                return equal[0]
            finder, names = our_texts(self.project, hide)
            doc = next((i for i, n in names.items() if n == row.get("document")), "")
            place = finder.find(Anchor(doc=doc, path="", start=0, end=len(text), text=text))
            passages = finder.at(place) if place is not None else []
            if len(passages) == 1:
                ruling = self.rulings[passages[0].passage_id]
                self.moved.append(f"{ruling.path}: {ruling.text[:80]}")
                return ruling
        return None

    def _codes(self, where: str, ruling: Ruling, row: Row, who: str, why: str) -> None:
        if "codes" not in row or not row["codes"]:
            return  # an empty cell says nothing; `none` takes all codes away
        themes = "; ".join(t for t in ruling.theme_ids if t in self.project.evidence)
        before = self._ids(where, row.get("machine codes") or themes or NO_CODE, who)
        after = self._ids(where, row["codes"], who)
        for code in sorted(after - before):
            self.drafts.on_passage(ruling, "code", code, who=who, why=why)
        for code in sorted(before - after):
            self.drafts.on_passage(ruling, "uncode", code, who=who, why=why)

    def _ids(self, where: str, text: str, who: str) -> set[str]:
        found = set()
        for word in re.split(r"[;\n]", text):
            name = " ".join(word.split())
            if not name or name.casefold() == NO_CODE:
                continue
            if name.casefold() not in self.known:
                self._new_code(where, "", name, "", who, "")
            found.add(self.known[name.casefold()])
        return found

    def _decision(
        self, where: str, ruling: Ruling, row: Row, word: str, who: str, why: str
    ) -> None:
        base = row.get("machine decision", "").casefold()
        if word not in {"", KEEP, PIN, VETO}:
            self.drafts.left_out.append(f"{where}: {row['decision']!r} is no decision")
            return
        if "decision" not in row or word == base:
            return
        if base == PIN:
            self.drafts.on_passage(ruling, "unpin", who=who, why=why)
        elif base == VETO and (ruling.doc_id, ruling.start, ruling.end) in self.vetoed:
            self.drafts.on_passage(ruling, "unveto", who=who, why=why)
        elif base == VETO:
            self.drafts.left_out.append(f"{where}: the note itself marks this as not for quotation")
        if word == PIN:
            self.drafts.on_passage(ruling, "pin", who=who, why=why)
        elif word == VETO:
            self.drafts.on_passage(ruling, "veto", who=who, why=why)
