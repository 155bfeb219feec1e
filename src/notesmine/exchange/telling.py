"""Why a passage is what people say it is, beside what the machine said of it, in words."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from notesmine.exchange.settle import Settled
from notesmine.records import Judgement


def told_over(machine: Judgement, kind: Settled) -> str:
    """Return why a passage is of the kind that people say: what the machine said, who, and when."""
    tier = ", to review" if (machine.kind, machine.tier) == ("impediment", "review") else ""
    said = f"machine said {machine.kind} {machine.scores.get(machine.kind, 0.0):.2f}{tier}"
    done = "confirmed" if kind.value == machine.kind else f"decided {kind.value}"
    return f"{said}; {done} {_by(kind)}"


def _by(settled: Settled) -> str:
    """Return who decided something, on which days, and why."""
    days = ", ".join(dict.fromkeys(d.when[:10] for d in settled.by if d.when))
    why = "; ".join(dict.fromkeys(d.why for d in settled.by if d.why))
    told = f"by {', '.join(settled.people)}" + (f" on {days}" if days else "")
    return f"{told}: {why}" if why else told


def with_codes(judgement: Judgement, own: Mapping[tuple[str, str], Settled]) -> Judgement:
    """Return a judgement that tells which codes people gave or took, and what they marked."""
    words = {("code", True): "code {} given", ("code", False): "code {} taken away",
             ("pin", True): "pinned", ("veto", True): "vetoed"}  # fmt: skip
    told = [
        f"{words[aspect, bool(settled.value)].format(code)} {_by(settled)}"
        for (aspect, code), settled in own.items()
        if (aspect, bool(settled.value)) in words
    ]
    if not told:
        return judgement
    return msgspec.structs.replace(judgement, why="; ".join([judgement.why, *told]).lstrip("; "))
