"""Size and time of ``report.html`` at 5,000 passages, and its quotes against their sources.

``python -m bench.report [PASSAGES]``. The corpus is synthetic (no model is loaded): invented
sentences of the length of real bullets, 17 codes and 25 discovered themes, 200 notes. The same
quotes as a plain HTML list are the peer: the least that any report of them must do.
"""

from __future__ import annotations

import html as plain
import random
import sys
import time
from pathlib import Path

from bench.common import ROOT, record, table

sys.path.insert(0, str(ROOT / "tests"))

from factory import Notes, bundle, vector
from notesmine.publish import html
from notesmine.publish.bundle import canonical
from notesmine.publish.published import html_quotes
from notesmine.records import Kind, Theme, Tier

PASSAGES = 5_000
NOTES = 200
LIMIT_MB = 3.0
KINDS_HERE: tuple[Kind, ...] = ("impediment", "enabler", "proposal", "resolved")
SHARES = (80, 7, 7, 6)
CODES, EMERGENT = 17, 25
#: Invented words; a small vocabulary would make every passage alike.
WORDS = [f"{a}{b}{c}" for a in ("ra", "mo", "ti", "sel") for b in ("ba", "ken", "lo", "nu", "pi")
         for c in ("dor", "ga", "mit", "ser", "ta", "vel", "zo", "rin", "cha", "fe")]  # fmt: skip


def corpus(passages: int) -> Notes:
    """Invent notes with that many statements, four of five of them impediments."""
    rng = random.Random(5)
    notes = Notes()
    names = [
        f"{2021 + n // 60}-{n % 12 + 1:02d}-{n % 27 + 1:02d}_note-{n:03d}.pdf" for n in range(NOTES)
    ]
    for n, name in enumerate(names):
        notes.note(name, name[:10], organisation=f"Office {n % 5}", title=f"Meeting {n}")
    for n in range(passages):
        found = rng.randrange(EMERGENT)
        code = f"code-{found % CODES}"
        words = " ".join(rng.choice(WORDS) for _ in range(rng.randint(9, 28)))
        kind: Kind = rng.choices(KINDS_HERE, SHARES)[0]
        tier: Tier = "confirmed" if kind != "impediment" or rng.random() < 0.5 else "review"
        notes.say(
            names[n % NOTES], f"{words.capitalize()} {n}.", (code, f"T-{found:03d}"), kind=kind,
            tier=tier, page=1 + n % 9,
            probability=0.6 + rng.random() * 0.4, vector=vector(words[:3], words[-6:]),
        )  # fmt: skip
    return notes


def listed() -> list[Theme]:
    """Codes, and discovered themes as parts of them."""
    return [
        *(Theme(theme_id=f"code-{n}", origin="code", label=f"Code {n}") for n in range(CODES)),
        *(
            Theme(
                theme_id=f"T-{n:03d}", origin="emergent", label=f"Theme {n}",
                parent_id=f"code-{n % CODES}",
            )
            for n in range(EMERGENT)
        ),
    ]  # fmt: skip


def main(passages: int) -> None:
    """Render, measure, check each quote, and print the table."""
    made = bundle(corpus(passages), listed=listed())
    start = time.perf_counter()
    page = html.render(canonical(made))
    seconds = time.perf_counter() - start
    size = len(page.encode()) / 1e6
    out = ROOT / ".bench-report.html"
    try:
        out.write_text(page, "utf-8")
        quotes = html_quotes(out)
    finally:
        Path(out).unlink(missing_ok=True)
    spans = {q.quote_id: q for _, q in made.quotes()}
    texts = {d.doc_id: d.text for d in made.documents}
    right = sum(
        text == spans[i].text == texts[spans[i].doc_id][spans[i].start : spans[i].end]
        for i, text in quotes
    )
    start = time.perf_counter()
    body = "".join(f"<li>{plain.escape(q.text)}</li>" for _, q in made.quotes())
    bare = time.perf_counter() - start
    rows = [
        ["size, MB", f"{size:.2f}", f"{len(body) / 1e6:.2f}", f"<= {LIMIT_MB}"],
        ["render, s", f"{seconds:.1f}", f"{bare:.3f}", "-"],
        ["quotes verbatim", f"{right} of {len(quotes)}", "-", "100%"],
    ]
    print(table([f"{passages:,} passages", "report.html", "plain list", "goal"], rows))
    record(
        f"report.html at {passages:,} passages",
        f"<= {LIMIT_MB} MB, 100% verbatim",
        f"{size:.2f} MB, {seconds:.1f} s, {right} of {len(quotes)} quotes verbatim",
        f"plain list: {len(body) / 1e6:.2f} MB",
        "python -m bench.report",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PASSAGES)
