"""Pictures of all themes together in ``report.html``: the map, what goes together, saturation.

Each drawing stands beside a table or a list that says the same in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from notesmine.numerals import plural
from notesmine.records import Evidence, Overlap, PassageMap, Saturation

#: Themes of the map that have a colour of their own; the rest is grey.
COLOURS = 8
#: Passages on the map; beyond them every second, third ... is drawn.
MOST_POINTS = 1000
#: Pairs of themes that are listed; all are in cooccurrence.csv.
MOST_PAIRS = 12
#: Documents in common below which a pair says nothing.
FEWEST_COMMON = 2
MAP = (720, 420)
CURVE = (720, 170)


def passages(evidence: Sequence[Evidence], placed: PassageMap | None) -> dict[str, Any] | None:
    """Return the map with its legend, None where there is none to draw."""
    if placed is None:
        return None
    ranked = [e for e in evidence if e.rank]
    colour: dict[str, int] = {}
    counts: dict[int, int] = {}
    for item in ranked:
        for quote in item.impediments:
            if quote.quote_id in placed.places and quote.quote_id not in colour:
                number = item.rank if item.rank <= COLOURS else 0
                colour[quote.quote_id] = number
                counts[number] = counts.get(number, 0) + 1
    drawn = [q for q in placed.places if q in colour]
    if not drawn:
        return None
    step = -(-len(drawn) // MOST_POINTS)
    width, height = MAP
    parts = []
    for quote_id in drawn[::step]:
        x, y = placed.places[quote_id]
        parts.append(
            f'<circle class="m{colour[quote_id]}" cx="{width / 2 + x * (width / 2 - 12):.1f}" '
            f'cy="{height / 2 - y * (height / 2 - 12):.1f}" r="5" data-quote="{quote_id}"/>'
        )
    label = (
        f"Map of {plural(len(drawn[::step]), 'passage')}; those that lie close together use "
        "words of like meaning. The list below names the themes and their number of points."
    )
    return {
        "drawing": _svg("".join(parts), MAP, label, "map"),
        "legend": [(n, ranked[n - 1].theme, counts[n]) for n in sorted(counts) if n],
        "others": counts.get(0, 0),
        "kept": placed.kept,
        "every": step,
    }


def pairs(overlaps: Sequence[Overlap], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the pairs of themes most often reported by the same documents."""
    found = [
        o for o in overlaps if o.documents >= FEWEST_COMMON and o.lift is not None and o.lift > 1
    ]
    found.sort(key=lambda o: (-o.documents, -o.jaccard))
    return [
        {
            "overlap": o,
            "one": labels.get(o.one, o.one),
            "other": labels.get(o.other, o.other),
            "bar": _svg(
                '<rect class="track" x="0" y="2" width="90" height="8" rx="2"/>'
                f'<rect class="bar" x="0" y="2" width="{90 * o.jaccard:.1f}" height="8" rx="2"/>',
                (90, 12),
                f"{o.jaccard:.0%}",
                "sharebar",
            ),
        }
        for o in found[:MOST_PAIRS]
    ]


def growth(found: Saturation | None) -> dict[str, Any] | None:
    """Return the curve of themes by number of documents, None where there is too little."""
    if found is None or len(found.steps) < 2 or not found.steps[-1].total:
        return None
    steps = found.steps
    width, height = CURVE
    left, floor = 30, height - 22
    wide = (width - left - 10) / (len(steps) - 1)
    unit = (floor - 12) / steps[-1].total

    def line(values: Sequence[float]) -> str:
        return "L".join(
            f"{left + n * wide:.1f} {floor - value * unit:.1f}" for n, value in enumerate(values)
        )

    every = max(1, -(-len(steps) // 16))
    parts = [
        f'<path class="base" d="M{left} {floor + 0.5}H{width - 10}"/>',
        f'<path class="expected" d="M{line([s.expected for s in steps])}"/>',
        f'<path class="curve" d="M{line([s.total for s in steps])}"/>',
        f'<text class="y" x="{left - 12}" y="{floor - steps[-1].total * unit + 4:.1f}">'
        f"{steps[-1].total}</text>",
        f'<text class="y" x="{left - 12}" y="{floor + 4}">0</text>',
    ]
    parts += [
        f'<text x="{left + n * wide:.1f}" y="{floor + 14}">{step.number}</text>'
        for n, step in enumerate(steps)
        if n % every == 0
    ]
    said = [
        f"after {plural(n, 'document')} the next {run} brought no more than "
        f"{found.threshold:.0%} of new themes"
        for run, n in sorted(found.reached.items())
        if n is not None
    ]
    half = next((s.number for s in steps if s.total * 2 >= steps[-1].total), len(steps))
    label = (
        f"Themes reported so far, by number of documents: half of the {steps[-1].total} themes "
        f"after {half}, all after "
        f"{next(s.number for s in steps if s.total == steps[-1].total)} of {len(steps)} documents."
    )
    return {
        "drawing": _svg("".join(parts), CURVE, label, "growth"),
        "words": label,
        "reached": "; ".join(said),
        "base": found.base,
        "threshold": found.threshold,
    }


def _svg(body: str, size: tuple[int, int], label: str, css: str) -> Markup:
    width, height = size
    return Markup(  # noqa: S704 - numbers and escaped words alone
        f'<svg class="{css}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(label)}">{body}</svg>'
    )
