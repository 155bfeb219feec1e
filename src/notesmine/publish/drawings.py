"""What is drawn in each figure, with its caption and the same in words.

One hue from pale to dark, numbers written where they matter, so that figures survive a black and
white printer. Widths are in inches: 16 cm.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter
from msgspec import Struct

from notesmine.numerals import plural
from notesmine.publish.bundle import Bundle
from notesmine.publish.excerpts import ranked, read_ones
from notesmine.publish.excerpts import width as wide
from notesmine.publish.periods import Period, periods
from notesmine.publish.text import month_of, one_line
from notesmine.records import Evidence

WIDTH = 16 / 2.54
INK, MIDDLE, PALE, EMPTY = "#12436d", "#6a9cc4", "#d5e2ec", "#f3f5f7"
ACCENT = "#b3540b"  # the one other hue; differs from INK in brightness too
RAMP = LinearSegmentedColormap.from_list("ink", ["#e7eff6", "#a9c6de", "#5b92bf", "#12436d"])
DARK = 0.55  # share of the ramp from which letters on it are white
MOST_BARS, MOST_ROWS, MOST_SMALL = 15, 12, 9
ROW = 0.262  # inches: two lines of a label
LABEL = 30  # characters of a line of a label
DOCUMENTS = "documents"
#: Said where quarters or years are added up from months, and a document stands in several.
PARTS = " A document whose parts are dated counts once in each of their months."


class Drawn(Struct, frozen=True, kw_only=True):
    """A figure, its caption, and the same in words."""

    figure: Figure
    caption: str
    alt: str


def impediments(bundle: Bundle) -> Drawn | None:
    """Draw the ranked impediments with the intervals of their shares."""
    shown = ranked(bundle.evidence)[:MOST_BARS]
    if not shown:
        return None
    figure = Figure(figsize=(WIDTH, 0.75 + ROW * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    for row, item in enumerate(shown):
        axes.barh(row, item.share, height=0.62, color=MIDDLE)
        low, high = min(item.share_low, item.share), max(item.share_high, item.share)
        axes.plot([low, high], [row, row], color=INK, linewidth=1.1, solid_capstyle="butt")
        for end in (low, high):
            axes.plot([end, end], [row - 0.16, row + 0.16], color=INK, linewidth=1.1)
        said = f"{item.documents} of {item.read}"
        axes.text(high + 0.012, row, said, va="center", fontsize=7, color="#33424e")
    _rows(axes, shown)
    top = max(max(e.share_high, e.share) for e in shown)
    axes.set_xlim(0, min(1.0, top) + 0.1)
    axes.set_xticks([t / 10 for t in range(0, 11, 2 if top > 0.5 else 1) if t / 10 <= top + 0.05])
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("Share of the documents read that report it; lines are 95% intervals")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    of = len(ranked(bundle.evidence))
    which = f"The {len(shown)} most widely reported of {of} impediments" if of > len(shown) else (
        "Impediments"
    )  # fmt: skip
    return Drawn(
        figure=figure,
        caption=f"{which} by the share of documents that report them, with 95% intervals from "
        "resampling the documents.",
        alt="; ".join(
            f"{i.rank}. {_line(i)}: {i.documents} of {i.read} documents "
            f"({i.share_low:.0%} to {i.share_high:.0%})"
            for i in shown
        ),
    )


def months(bundle: Bundle) -> Drawn | None:
    """Draw themes by months as a heat map; the number in a cell is of documents."""
    shown = ranked(bundle.evidence)[:MOST_ROWS]
    columns = periods(shown[0].months) if shown else []
    if not columns:
        return None
    figure = Figure(figsize=(WIDTH, 0.75 + ROW * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    for row, item in enumerate(shown):
        for column, period in enumerate(columns):
            _heat(axes, column, row, period.sum(item.by_month), period.sum(item.months))
    axes.set_xlim(-0.5, len(columns) - 0.5)
    _rows(axes, shown)
    _periods(axes, columns)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)
    unit = columns[0].unit
    what = _counted(bundle, unit)
    return Drawn(
        figure=figure,
        caption=f"{what.capitalize()} that report each impediment, {unit} by {unit}. The darker, "
        f"the larger their share of the {unit}'s {what}; blank: no report; dash: no document."
        + (PARTS if what != DOCUMENTS else ""),
        alt="; ".join(
            f"{_line(e)}: "
            + (
                ", ".join(f"{p.long} {n}" for p in columns if (n := p.sum(e.by_month)))
                or "no dated report"
            )
            for e in shown
        ),
    )


def trends(bundle: Bundle) -> Drawn | None:
    """Draw the strongest themes over time, small: documents read (pale) and reporting (dark)."""
    shown = [e for e in ranked(bundle.evidence) if e.by_month][:MOST_SMALL]
    columns = periods(shown[0].months) if shown else []
    if len(columns) < 2:
        return None
    across = min(3, len(shown))
    tall = -(-len(shown) // across)
    figure = Figure(figsize=(WIDTH, 0.45 + 1.2 * tall), layout="constrained")
    most = max(p.sum(shown[0].months) for p in columns)
    grid = figure.subplots(tall, across, sharex=True, sharey=True, squeeze=False)
    at = range(len(columns))
    for n, axes in enumerate(grid.flat):
        if n >= len(shown):
            axes.set_visible(False)
            continue
        item = shown[n]
        axes.bar(at, [p.sum(item.months) for p in columns], width=0.8, color=PALE)
        axes.bar(at, [p.sum(item.by_month) for p in columns], width=0.8, color=INK)
        axes.set_title(_wrapped(item, 27), loc="left", fontsize=7, fontweight="bold", pad=9)
        axes.text(0, 1.02, _trend(item), transform=axes.transAxes, fontsize=6.5, color="#4a5965")
        axes.set_ylim(0, most + 0.5)
        axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        axes.tick_params(labelsize=6.5, length=2)
        last = n + across >= len(shown)
        _few_periods(axes, columns)
        axes.tick_params(labelbottom=last)
    unit = columns[0].unit
    what = _counted(bundle, unit)
    figure.supylabel(what.capitalize(), fontsize=7)
    return Drawn(
        figure=figure,
        caption=f"{what.capitalize()} read (pale) and {what} that report the impediment (dark), "
        f"{unit} by {unit}, of the {plural(len(shown), 'impediment')} most widely reported."
        + (PARTS if what != DOCUMENTS else ""),
        alt="; ".join(f"{_line(e)}: {_trend(e)}" for e in shown),
    )


def cooccurrence(bundle: Bundle) -> Drawn | None:
    """Draw which impediments are reported in the same documents, as half a matrix."""
    shown = ranked(bundle.evidence)[:MOST_ROWS]
    if len(shown) < 2 or not bundle.overlaps:
        return None
    pairs = {frozenset((o.one, o.other)): o for o in bundle.overlaps}
    size = len(shown)
    figure = Figure(figsize=(WIDTH, 0.5 + ROW * size), layout="constrained")
    axes = figure.add_subplot()
    most = max((o.jaccard for o in bundle.overlaps), default=0.0) or 1.0
    best = None
    for row in range(1, size):
        for column in range(row):
            ids = frozenset((shown[row].theme.theme_id, shown[column].theme.theme_id))
            pair = pairs.get(ids)
            if pair is None or not pair.documents:
                axes.add_patch(_box(column, row, EMPTY))
                continue
            best = pair if best is None or pair.jaccard > best.jaccard else best
            shade = pair.jaccard / most
            axes.add_patch(_box(column, row, RAMP(shade)))
            axes.text(column, row, str(pair.documents), ha="center", va="center", fontsize=7,
                      color="white" if shade > DARK else "#1c2b36")  # fmt: skip
    for place, item in enumerate(shown):
        if place < size - 1:
            axes.text(place - 0.35, place, _wrapped(item, 44, lines=1), fontsize=6.5, va="center")
    axes.set_xlim(-0.5, size - 0.5)
    _rows(axes, shown[1:], first=1)
    axes.set_ylim(size - 0.5, -0.5)
    axes.set_xticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)
    names = {e.theme.theme_id: _line(e) for e in shown}
    together = [o for o in bundle.overlaps if {o.one, o.other} <= set(names) and o.documents][:8]
    return Drawn(
        figure=figure,
        caption="Documents that report both of two impediments. The darker, the larger their share "
        "of the documents that report either (Jaccard index"
        + (f", at most {best.jaccard:.2f})." if best else ")."),
        alt="; ".join(
            f"{names[o.one]} and {names[o.other]}: {plural(o.documents, 'document')}, Jaccard "
            f"{o.jaccard:.2f}"
            for o in together
        )
        or "no two impediments are reported in the same document",
    )


def saturation(bundle: Bundle) -> Drawn | None:
    """Draw how many impediments are known after each further document."""
    found = bundle.saturation
    if found is None or len(found.steps) < 2 or not found.steps[-1].total:
        return None
    steps = found.steps
    figure = Figure(figsize=(WIDTH, 2.5), layout="constrained")
    axes = figure.add_subplot()
    at = [s.number for s in steps]
    axes.step(at, [s.total for s in steps], where="mid", color=INK, linewidth=1.6)
    axes.plot(at, [s.expected for s in steps], color=ACCENT, linewidth=1.1, linestyle="--")
    top = steps[-1].total
    axes.text(at[-1], top * 0.9, "in order of date", ha="right", color=INK, fontsize=7)
    axes.text(at[-1], top * 0.8, "mean over all orders (dashed)", ha="right", color=ACCENT,
              fontsize=7)  # fmt: skip
    said = []
    for run, number in sorted(found.reached.items()):
        if number is None:
            said.append(f"not reached with run length {run}")
            continue
        said.append(f"reached after {number} documents with run length {run} ({number}+{run})")
        axes.axvline(number, color="#8795a1", linewidth=0.7, linestyle=":")
        axes.text(number + 0.1, top * 0.04 * (1 + 2 * (run % 2)), f"{number}+{run}", fontsize=7)
    axes.set_xlim(0.5, len(steps) + 0.5)
    axes.set_ylim(0, top * 1.08)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(10, integer=True))
    axes.set_xlabel("Documents")
    axes.set_ylabel("Impediments known")
    rule = f"base of {found.base}, new information at most {found.threshold:.0%}"
    return Drawn(
        figure=figure,
        caption=f"Impediments known after each further document. Saturation ({rule}; Guest, Namey "
        f"and Chen 2020): {', '.join(said)}.",
        alt=f"{top} impediments after {plural(len(steps), 'document')}; "
        + ", ".join(f"{s.total} after {s.number}" for s in steps[:: max(1, len(steps) // 6)]),
    )


# -- pieces ---------------------------------------------------------------------------------------


def _counted(bundle: Bundle, unit: str) -> str:
    """Say what the months of a column add up to: a file may stand in several of them."""
    dated = sum(bool(month_of(d.date)) for d in read_ones(bundle.documents))
    months = max((sum(e.months.values()) for e in bundle.evidence), default=0)
    return DOCUMENTS if unit == "month" or months <= dated else "document-months"


def _line(item: Evidence) -> str:
    return one_line(item.theme.label) or item.theme.theme_id


def _wrapped(item: Evidence, width: int = LABEL, lines: int = 2) -> str:
    line = _line(item)
    letters = max(6, width * len(line) // max(1, wide(line)))  # fewer where they are wide
    found = textwrap.wrap(line, letters, max_lines=lines, placeholder=" …")
    return "\n".join(found)


def _trend(item: Evidence) -> str:
    if item.trend_p is None:
        return item.trend or "trend unknown"
    return f"{item.trend}, p = {item.trend_p:.2f}"


def _rows(axes: Any, shown: Sequence[Evidence], first: int = 0) -> None:
    """Name the rows, the strongest on top."""
    axes.set_yticks(range(first, first + len(shown)))
    axes.set_yticklabels([_wrapped(e) for e in shown], fontsize=7, linespacing=1.05)
    axes.set_ylim(first + len(shown) - 0.4, first - 0.6)


def _box(column: float, row: float, colour: Any) -> Rectangle:
    return Rectangle((column - 0.47, row - 0.46), 0.94, 0.92, facecolor=colour, linewidth=0)


def _heat(axes: Any, column: int, row: int, number: int, read: int) -> None:
    if not read:
        axes.text(column, row, "–", ha="center", va="center", fontsize=7, color="#8795a1")
        return
    share = min(1.0, number / read)
    axes.add_patch(_box(column, row, RAMP(share) if number else EMPTY))
    if number:
        axes.text(column, row, str(number), ha="center", va="center", fontsize=7,
                  color="white" if share > DARK else "#1c2b36")  # fmt: skip


def _periods(axes: Any, columns: Sequence[Period]) -> None:
    """Name the columns below, the year under its first one."""
    axes.set_xticks(range(len(columns)))
    axes.set_xticklabels(_names(columns), fontsize=7 if len(columns) <= 20 else 6)


def _names(columns: Sequence[Period]) -> list[str]:
    """Return short names; the year stands under the first period of each."""
    before = ("", *(p.year for p in columns[:-1]))
    return [
        p.short + (f"\n{p.year}" if p.year != was and p.short != p.year else "")
        for p, was in zip(columns, before, strict=True)
    ]


def _few_periods(axes: Any, columns: Sequence[Period]) -> None:
    """Name at most four columns, of those that a small drawing has room for."""
    every = max(1, -(-len(columns) // 4))
    at = range(0, len(columns), every)
    names: Mapping[int, str] = {n: f"{columns[n].short}\n{columns[n].year}" for n in at}
    axes.set_xticks(list(names))
    axes.set_xticklabels(
        [columns[n].year if columns[n].short == columns[n].year else names[n] for n in names],
        fontsize=6.5,
    )
