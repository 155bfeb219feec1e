"""The sample corpus against its planted statements: found, missed, wrongly taken.

``python -m bench.planted [OUT]`` reads an output folder of a run on ``corpus/`` (default
``outputs``). The sample notes were written for this project: this checks, it does not prove.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

import notesmine
from bench.common import table

ROOT = Path(__file__).parents[1]


def main(out: Path) -> None:
    """Print what became of each planted statement."""
    expected = tomllib.loads((ROOT / "tests" / "expected.toml").read_text("utf-8"))
    by_path: dict[str, list[dict[str, str]]] = {}
    for row in notesmine.open(out).evidence().astype(str).to_dict("records"):
        by_path.setdefault(str(row["path"]), []).append({str(k): v for k, v in row.items()})
    found: Counter[tuple[str, str]] = Counter()
    lines = []
    for note in expected["note"]:
        here = by_path.get(note["path"], [])
        for what in ("impediment", "resolved", "not_impediment"):
            for item in note.get(what, []):
                hits = [r for r in here if same(item["quote"], r["text"])]
                said = outcome(hits, item.get("code", ""))
                found[what, said] += 1
                code = item.get("code", item.get("why"))
                lines.append(f"{what:15}{said:28}{code!s:16}{item['quote'][:110]}")
    print("\n".join(sorted(lines)))
    print(
        table(["planted as", "came out as", "n"], [[*k, str(n)] for k, n in sorted(found.items())])
    )


def outcome(hits: list[dict[str, str]], code: str) -> str:
    """Return kind, tier, and whether the code is right, in a word or two."""
    impediments = [r for r in hits if r["kind"] == "impediment"]
    if impediments:
        tier = "confirmed" if any(r["tier"] == "confirmed" for r in impediments) else "review"
        right = any(r["theme_id"] == code for r in impediments)
        return f"{tier}, {'right code' if right else 'other code'}"
    return hits[0]["kind"] if hits else "not shown"


def same(a: str, b: str) -> bool:
    """Whether one text holds the other, punctuation aside."""
    a, b = (re.sub(r"\W+", " ", t.casefold()).strip() for t in (a, b))
    return a in b or (len(b.split()) >= 5 and b in a)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "outputs"))
