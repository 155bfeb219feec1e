"""The figures of a comparison in words: for a terminal, for Markdown, for another program."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from notesmine.checking.agreement import SCOPES, Figure, Group, Score
from notesmine.checking.comparison import Agreement
from notesmine.checking.measures import Interval
from notesmine.publish.markdown import escape
from notesmine.publish.text import one_line

LISTED = 10  # disagreements on a terminal; files hold all of them
PROBLEMS = 20  # of those too
SHORT = 96
NOTES = (
    "kappa: Cohen's (1960); alpha: Krippendorff's, nominal (2011). 1 is full agreement, 0 what"
    " chance would give; from .67 on tentative conclusions are usual, from .80 on firm ones"
    " (Krippendorff 2004).",
    "In brackets: 95 % intervals, from resampling rows (precision and recall of a sample with equal"
    " chances: Wilson's).",
    "Coded text only: rows that one of the two, at least, took for an impediment, resolved, an"
    " enabler or a proposal.",
)
WEIGHTED = (
    "Rows were drawn with unequal chances. Kappa and alpha describe these rows; 'kappa, all"
    " passages', precision, recall and F1 are weighted to all passages the sample was drawn from."
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
    for scope in SCOPES:
        lines += [f"Agreement, {scope}"]
        lines += _aligned(FIGURE_HEAD, [_figure_row(f) for f in _chosen(found, scope, by)])
        lines.append("")
        scores = [s for s in found.scores if s.scope == scope and s.group in {"overall", by}]
        if scores:
            lines += [f"The machine, judged by the person, {scope}"]
            lines += _aligned(SCORE_HEAD, [_score_row(s) for s in scores])
            lines.append("")
    lines += [*NOTES, *([WEIGHTED] if found.weighted else [])]
    if found.disagreements:
        lines += ["", f"Disagreements ({len(found.disagreements)}), A against B"]
        for item in found.disagreements[:LISTED]:
            lines.append(f"  {item.row_id}  {item.a} | {item.b}  {item.document}")
            lines.append(f"      {_short(one_line(item.text))}")
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
    for scope in SCOPES:
        lines += [f"## {scope.capitalize()}", ""]
        lines += _table(FIGURE_HEAD, [_figure_row(f) for f in _chosen(found, scope, by)])
        scores = [s for s in found.scores if s.scope == scope and s.group in {"overall", by}]
        if scores:
            lines += ["", "The machine, judged by the person:", ""]
            lines += _table(SCORE_HEAD, [_score_row(s) for s in scores])
        lines.append("")
    lines += ["## How to read this", "", *(f"- {n}" for n in NOTES)]
    lines += [f"- {WEIGHTED}"] if found.weighted else []
    lines += ["", "## Kinds, A against B", ""]
    lines += _table(("A", "B", "rows"), [(a, b, str(n)) for a, b, n in found.confusion])
    lines += ["", f"## Disagreements ({len(found.disagreements)})", ""]
    lines += _table(
        ("row", "A", "B", "document", "text"),
        [
            (f"`{d.row_id}`", escape(d.a), escape(d.b), escape(one_line(d.document)),
             escape(one_line(d.text)))
            for d in found.disagreements
        ],
    )  # fmt: skip
    if found.problems:
        lines += ["", f"## Problems ({len(found.problems)})", ""]
        lines += [f"- {escape(one_line(p.message))}. {escape(p.hint)}" for p in found.problems]
    return "\n".join(lines) + "\n"


def _chosen(found: Agreement, scope: str, by: Group) -> list[Figure]:
    return [f for f in found.figures if f.scope == scope and f.group in {"overall", by}]


def _figure_row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        str(figure.n),
        "" if figure.a is None else str(figure.a),
        "" if figure.b is None else str(figure.b),
        _number(figure.observed),
        _interval(figure.kappa),
        _interval(figure.alpha),
        _interval(figure.kappa_all),
        figure.warning,
    )


def _score_row(score: Score) -> tuple[str, ...]:
    return (
        score.name,
        str(score.n),
        str(score.both),
        str(score.machine_only),
        str(score.person_only),
        _interval(score.precision),
        _interval(score.recall),
        _interval(score.f1),
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


def _interval(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return _number(interval.value)
    return f"{_number(interval.value)} [{_number(interval.low)}, {_number(interval.high)}]"


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    return [
        ("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))).rstrip()
        for row in table
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _short(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"
