"""The tidy tables as pandas frames: what ``evidence.xlsx`` and the further CSV files hold.

One row an observation, one column a variable, a name for each. Dates are ISO texts here, since a
note may be dated by its month alone; missing values are None.
"""

from __future__ import annotations

import pandas as pd

from notesmine.publish.bundle import Bundle
from notesmine.publish.excerpts import read_ones
from notesmine.publish.references import citation_keys
from notesmine.publish.tables import (
    EVIDENCE_COLUMNS,
    SEPARATOR,
    THEME_COLUMNS,
    csv_text,
    evidence_rows,
    theme_rows,
)

DOCUMENT_COLUMNS = (
    *("doc_id", "citation_key", "title", "date", "date_source", "meeting", "organisation"),
    *("language", "format", "status", "pages", "passages", "themes", "paths", "problems"),
)
OVERLAP_COLUMNS = ("theme_id", "other_id", "label", "other_label", "documents", "jaccard", "lift")
STEP_COLUMNS = ("number", "doc_id", "date", "title", "new", "new_themes", "total", "expected")
#: Columns that stand before the themes in the theme x document matrix.
MATRIX_COLUMNS = ("doc_id", "date", "title", "citation_key")


def codings(bundle: Bundle) -> pd.DataFrame:
    """Return one row for each passage under each theme: ``evidence.csv`` with the theme's name."""
    frame = _frame(EVIDENCE_COLUMNS, evidence_rows(bundle)).drop(columns="text_guarded")
    labels = {e.theme.theme_id: e.theme.label for e in bundle.evidence}
    frame.insert(2, "theme", frame["theme_id"].map(labels).astype(object))
    return frame


def themes(bundle: Bundle) -> pd.DataFrame:
    """Return one row a theme, ranked, with its definition: ``themes.csv``."""
    frame = _frame(THEME_COLUMNS, theme_rows(bundle))
    frame.insert(3, "definition", [e.theme.definition for e in bundle.evidence])
    return frame


def documents(bundle: Bundle) -> pd.DataFrame:
    """Return one row a document, unread ones too, in order of date."""
    keys = citation_keys(bundle.documents)
    held = _held(bundle)
    quoted = _frame(("doc_id", "quote_id"), [[q.doc_id, q.quote_id] for _, q in bundle.quotes()])
    passages = quoted.drop_duplicates().groupby("doc_id").size()
    rows: list[list[object]] = []
    for d in bundle.documents:
        problems = SEPARATOR.join(f"{p.code}: {p.message}" for p in d.problems)
        rows.append(
            [
                *(d.doc_id, keys[d.doc_id], d.title, d.date, d.date_source, d.meeting),
                *(d.organisation, d.language, d.format, d.status, d.pages),
                *(int(passages.get(d.doc_id, 0)), sum(d.doc_id in ids for ids in held.values())),
                *(SEPARATOR.join(sorted(d.paths)), problems),
            ]
        )
    return _frame(DOCUMENT_COLUMNS, rows)


def theme_document(bundle: Bundle) -> pd.DataFrame:
    """Return the 0/1 matrix: a row a document that was read, a column a theme, sub-themes too.

    1 where the document reports the theme as an impediment with enough confidence to be counted,
    so that a column's sum is the theme's ``documents``.
    """
    keys = citation_keys(bundle.documents)
    read = read_ones(bundle.documents)
    left = _frame(MATRIX_COLUMNS, [[d.doc_id, d.date, d.title, keys[d.doc_id]] for d in read])
    held = _held(bundle)
    pairs = _frame(("doc_id", "theme_id"), [[i, t] for t, ids in held.items() for i in sorted(ids)])
    cells = pd.crosstab(pairs["doc_id"], pairs["theme_id"]) if len(pairs) else pd.DataFrame()
    cells = cells.reindex(index=[d.doc_id for d in read], columns=list(held), fill_value=0)
    cells = cells.astype("int64").reset_index(drop=True)
    return pd.concat([left, cells], axis="columns")


def cooccurrence(bundle: Bundle) -> pd.DataFrame:
    """Return one row a pair of themes: documents in common, Jaccard index, lift."""
    labels = {e.theme.theme_id: e.theme.label for e in bundle.evidence}
    rows: list[list[object]] = [
        [o.one, o.other, labels.get(o.one), labels.get(o.other), o.documents, o.jaccard, o.lift]
        for o in bundle.overlaps
    ]
    return _frame(OVERLAP_COLUMNS, rows)


def saturation(bundle: Bundle) -> pd.DataFrame:
    """Return one row a document, in order of date: what it added, and the share of each run."""
    found = bundle.saturation
    titles = {d.doc_id: d.title for d in bundle.documents}
    runs = sorted(found.reached) if found else []
    rows: list[list[object]] = [
        [
            *(s.number, s.doc_id, s.date, titles.get(s.doc_id, ""), len(s.new)),
            *(SEPARATOR.join(s.new), s.total, s.expected, *(s.change.get(run) for run in runs)),
        ]
        for s in (found.steps if found else ())
    ]
    return _frame((*STEP_COLUMNS, *(f"new_share_run_{run}" for run in runs)), rows)


def as_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV text, formulas guarded."""
    plain = frame.astype(object).where(frame.notna(), None)
    return csv_text([str(c) for c in plain.columns], plain.to_numpy().tolist())


def _held(bundle: Bundle) -> dict[str, frozenset[str]]:
    """Return the documents that report each theme that anything reports, in order of rank."""
    return {e.theme.theme_id: frozenset(e.reported_in) for e in bundle.evidence if e.documents}


def _frame(columns: tuple[str, ...], rows: list[list[object]]) -> pd.DataFrame:
    """Make a frame of objects: pandas would turn a column of counts with a gap into floats."""
    return pd.DataFrame(rows, columns=list(columns), dtype=object)
