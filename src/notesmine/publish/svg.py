"""Small drawings, inline SVG without styles of their own: classes are coloured by report.css.

Every drawing has a text alternative that says the same in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from notesmine.numerals import plural
from notesmine.publish.text import month

BAR = (132, 14)  # px
STEP = 7  # px for a month in a sparkline
SPARK_HEIGHT = 22
LIFE = (720, 92)
WIDEST_SPARK = 24  # months; longer times are drawn narrower


def bar(share: float, low: float, high: float) -> Markup:
    """Draw a share as a bar with its interval as a whisker."""
    width, height = BAR
    inner = width - 2
    parts = [
        f'<rect class="track" x="1" y="3" width="{inner}" height="8" rx="2"/>',
        f'<rect class="bar" x="1" y="3" width="{share * inner:.1f}" height="8" rx="2"/>',
    ]
    if high > low:
        one, two = 1 + low * inner, 1 + high * inner
        parts.append(
            f'<path class="whisker" d="M{one:.1f} 7H{two:.1f}M{one:.1f} 4V10M{two:.1f} 4V10"/>'
        )
    label = f"{share:.0%}, 95% interval {low:.0%} to {high:.0%}"
    return _svg("".join(parts), width, height, label, "sharebar")


def spark(by_month: Mapping[str, int], months: Sequence[str]) -> Markup:
    """Draw the documents that report a theme, month by month, as thin columns."""
    step = STEP * min(1.0, WIDEST_SPARK / max(1, len(months)))
    top = max([*by_month.values(), 1])
    width = max(step * len(months), 1)
    parts = [f'<path class="base" d="M0 {SPARK_HEIGHT - 0.5}H{width:.1f}"/>']
    bars = []
    for n, name in enumerate(months):
        value = by_month.get(name, 0)
        if value:
            tall = 4 + (SPARK_HEIGHT - 5) * value / top
            bars.append(_box(n * step, SPARK_HEIGHT - tall, max(step - 2, 1), tall))
    parts.append(f'<path class="bar" d="{"".join(bars)}"/>')
    return _svg("".join(parts), round(width), SPARK_HEIGHT, spoken(by_month), "spark")


def life(
    by_month: Mapping[str, int], read: Mapping[str, int], solved: Mapping[str, int], label: str
) -> Markup:
    """Draw a theme's life: documents read (pale), reporting (dark), and reports of a solution."""
    months = sorted(read)
    width, height = LIFE
    floor = height - 22
    step = min(48.0, width / max(1, len(months)))
    top = max([*read.values(), 1])
    unit = (floor - 14) / top
    parts = [f'<path class="base" d="M0 {floor + 0.5}H{step * len(months):.1f}"/>']
    every = max(1, -(-len(months) // 16))
    boxes: dict[str, list[str]] = {"track": [], "bar": []}
    for n, name in enumerate(months):
        x, wide = n * step + step * 0.14, step * 0.72
        for css, value in (("track", read[name]), ("bar", by_month.get(name, 0))):
            if value:
                tall = value * unit
                boxes[css].append(_box(x, floor - tall, wide, tall))
        if solved.get(name):
            parts.append(f'<circle class="solved" cx="{x + wide / 2:.1f}" cy="6" r="4"/>')
        if n % every == 0:
            short = month(name).split(" ")[0]
            year = (
                name[:4] if n == 0 or name[5:] == "01" or name[:4] != months[n - every][:4] else ""
            )
            middle = n * step + step / 2
            parts.append(f'<text x="{middle:.1f}" y="{floor + 11}">{escape(short)}</text>')
            if year:
                parts.append(
                    f'<text class="year" x="{middle:.1f}" y="{floor + 21}">{escape(year)}</text>'
                )
    drawn = [f'<path class="{css}" d="{"".join(found)}"/>' for css, found in boxes.items() if found]
    body = "".join([*drawn, *parts])
    return _svg(body, max(round(step * len(months)), 1), height, label, "life")


def _box(x: float, y: float, wide: float, tall: float) -> str:
    """Return a rectangle as a piece of a path: all columns of a colour make one short element."""
    return f"M{x:.1f} {y:.1f}h{wide:.1f}v{tall:.1f}h-{wide:.1f}z"


def spoken(by_month: Mapping[str, int]) -> str:
    """Return the same in words, by year where the time is long.

    Examples
    --------
    >>> spoken({"2024-09": 1, "2024-10": 2})
    'Sep 2024: 1 document; Oct 2024: 2 documents'
    """
    if len(by_month) > WIDEST_SPARK:
        years = Counter[str]()
        for name, number in by_month.items():
            years[name[:4]] += number
        return "; ".join(f"{y}: {plural(n, 'document')}" for y, n in sorted(years.items()) if n)
    said = (f"{month(m)}: {plural(n, 'document')}" for m, n in sorted(by_month.items()) if n)
    return "; ".join(said) or "no dated document"


def _svg(body: str, width: int, height: int, label: str, css: str) -> Markup:
    return Markup(  # noqa: S704 - numbers and escaped words alone
        f'<svg class="{css}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(label)}">{body}</svg>'
    )
