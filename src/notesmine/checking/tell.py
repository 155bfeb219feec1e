"""The figures of a comparison in words: for a terminal, for Markdown, for another program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from notesmine.checking.agreement import SCOPES, Figure, Group, Score
from notesmine.checking.comparison import Agreement
from notesmine.checking.measures import Interval
from notesmine.publish.excerpts import shortened
from notesmine.publish.markdown import escape, table
from notesmine.publish.text import one_line

LISTED = 10  # disagreements on a terminal; files hold all of them
PROBLEMS = 20  # of those too
SHORT = 96
NOTES = (
    "kappa: Cohen's (1960); alpha: Krippendorff's, nominal (2011). 1 is full agreement, 0 what"
    " chance would give; from .67 on tentative conclusions are usual, from .80 on firm ones"
    " (Krippendorff 2004).",
    "In brackets: 95 % intervals, from resampling rows (precision and recall of a sample with equal"
    " chances: Wilson's). None is given where resampling shows no spread.",
    "Coded text only: rows that one of the two, at least, took for an impediment, resolved, an"
    " enabler or a proposal.",
)
DOCUMENTS = "By document, the machine is judged on impediments, confirmed or to review."
WEIGHTED = (
    "Not every row stands for as many passages. Kappa and alpha describe the rows as they are;"
    " 'kappa, all passages', precision, recall and F1 are weighted to all passages that the sample"
    " was drawn from."
)
FIGURE_HEAD = ("question", "rows", "A", "B", "agree", "kappa", "alpha", "kappa, all passages", "")
SCORE_HEAD = (
    "what",
    "rows",
    "both",
    "machine only",
    "person only",
    "precision",
    "recall",
    "F1",
    "",
)


def to_json(found: Agreement) -> str:
    """Return everything as JSON, keys in order."""
    body = msgspec.json.encode(found, order="deterministic")
    return msgspec.json.format(body, indent=2).decode() + "\n"


def to_lines(found: Agreement, by: Group = "kind") -> list[str]:
    """Return the figures for a terminal, with the breakdown asked for."""
    lines = [f"A: {found.a}", f"B: {found.b}", found.design, ""]
    for title, head, rows, same in _tables(found, by):
        lines.append(title)
        if rows:
            lines += _aligned(head, rows)
        lines += [f"  {same}", ""] if same else [""]
    lines += _notes(found, by)
    if found.disagreements:
        lines += ["", f"Disagreements ({len(found.disagreements)}), A against B"]
        for item in found.disagreements[:LISTED]:
            lines.append(f"  {item.row_id}  {item.a} | {item.b}  {item.document}")
            lines.append(f"      {shortened(one_line(item.text), SHORT)}")
            if item.remark:
                lines.append(f"      Remark {shortened(one_line(item.remark), SHORT)}")
        if len(found.disagreements) > LISTED:
            lines.append(
                f"  … and {len(found.disagreements) - LISTED} more: -o FILE.md writes all of them"
            )
    if found.problems:
        lines += ["", f"Problems ({len(found.problems)})"]
        lines += [f"  {one_line(p.message)}. {p.hint}" for p in found.problems[:PROBLEMS]]
        if len(found.problems) > PROBLEMS:
            lines.append(
                f"  … and {len(found.problems) - PROBLEMS} more: -o FILE.md writes them all"
            )
    return lines


def to_markdown(found: Agreement, by: Group = "kind") -> str:
    """Return the figures as Markdown, with every disagreement."""
    lines = [
        f"# Agreement of {escape(found.a)} and {escape(found.b)}",
        "",
        escape(found.design),
        "",
    ]
    for title, head, rows, same in _tables(found, by):
        lines += [f"## {title}", ""]
        if rows:
            lines += [*table(head, [(escape(row[0]), *row[1:]) for row in rows]), ""]
        lines += [escape(same), ""] if same else []
    lines += ["## How to read this", "", *(f"- {n}" for n in _notes(found, by))]
    lines += ["", "## Kinds, A against B", ""]
    lines += table(("A", "B", "rows"), [(a, b, str(n)) for a, b, n in found.confusion])
    lines += ["", f"## Disagreements ({len(found.disagreements)})", ""]
    lines += table(
        ("row", "A", "B", "document", "text", "remark"),
        [
            (f"`{d.row_id}`", *(escape(one_line(x)) for x in
                                (d.a, d.b, d.document, d.text, d.remark)))
            for d in found.disagreements
        ],
    )  # fmt: skip
    if found.problems:
        lines += ["", f"## Problems ({len(found.problems)})", ""]
        lines += [f"- {escape(one_line(p.message))}. {escape(p.hint)}" for p in found.problems]
    return "\n".join(lines) + "\n"


def _notes(found: Agreement, by: Group) -> list[str]:
    return [
        *NOTES,
        *([DOCUMENTS] if by == "document" and found.scores else []),
        *([WEIGHTED] if found.weighted else []),
    ]


def _tables(
    found: Agreement, by: Group
) -> Iterator[tuple[str, Sequence[str], list[tuple[str, ...]], str]]:
    """Give (title, head, rows, what is the same as over all text); that is not shown twice."""
    for scope in SCOPES:
        groups, first = {"overall", by}, scope == SCOPES[0]
        figures = [f for f in found.figures if f.scope == scope and f.group in groups]
        scores = [s for s in found.scores if s.scope == scope and s.group in groups]
        if first or any(_again(f) not in found.figures for f in figures):
            yield f"Agreement, {scope}", FIGURE_HEAD, [_figure_row(f) for f in figures], ""
        else:
            yield f"Agreement, {scope}", FIGURE_HEAD, [], "The same: all rows are coded text."
        if not scores:
            continue
        told = {_share(s) for s in found.scores if s.scope == SCOPES[0]}
        same = [] if first else [s.name for s in scores if _share(s) in told]
        yield (
            f"The machine, judged by the person, {scope}",
            SCORE_HEAD,
            [_score_row(s) for s in scores if s.name not in same],
            _same(same, len(scores)),
        )


def _same(names: Sequence[str], of: int) -> str:
    if not names:
        return ""
    return "The same." if len(names) == of else f"The same as over all text: {', '.join(names)}"


def _again(figure: Figure) -> Figure:
    return msgspec.structs.replace(figure, scope=SCOPES[0])


def _share(score: Score) -> Score:
    """Return what a score says, whatever the rows in which neither said anything."""
    return msgspec.structs.replace(score, scope=SCOPES[0], n=0, warning="")


def _figure_row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        str(figure.n),
        "" if figure.a is None else str(figure.a),
        "" if figure.b is None else str(figure.b),
        _number(figure.observed),
        interval_in_words(figure.kappa),
        interval_in_words(figure.alpha),
        interval_in_words(figure.kappa_all),
        figure.warning,
    )


def _score_row(score: Score) -> tuple[str, ...]:
    return (
        score.name,
        str(score.n),
        str(score.both),
        str(score.machine_only),
        str(score.person_only),
        interval_in_words(score.precision),
        interval_in_words(score.recall),
        interval_in_words(score.f1),
        score.warning,
    )


def _number(value: float | None) -> str:
    """Return a share or coefficient as statisticians write it.

    Examples
    --------
    >>> _number(0.5), _number(1.0), _number(-0.124), _number(None)
    ('.50', '1.00', '-.12', '-')
    """
    if value is None:
        return "-"
    return f"{round(value, 2) + 0.0:.2f}".replace("0.", ".", 1)  # + 0.0: no minus before zero


def interval_in_words(interval: Interval) -> str:
    """Return an estimate with its ends, where it has some."""
    if interval.low is None or interval.high is None:
        return _number(interval.value)
    return f"{_number(interval.value)} [{_number(interval.low)}, {_number(interval.high)}]"


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, *rows]
    widths = [max(len(row[i]) for row in lines) for i in range(len(head))]
    return [
        ("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))).rstrip()
        for row in lines
    ]
