"""What people did with a run: their decisions over the machine's, and their checks of it by hand.

Lines for the method sections; nobody is named in them.
"""

from __future__ import annotations

from typing import Any

from notesmine.numerals import plural
from notesmine.publish.bundle import Bundle

TITLE = "Corrected and checked by people"
#: What a decision of each kind did, told with its number.
DID = {
    "kind": "kinds of statement corrected or confirmed",
    "code": "codes given",
    "uncode": "codes taken away",
    "pin": "quotes pinned",
    "unpin": "pins taken back",
    "veto": "quotes vetoed",
    "unveto": "vetoes taken back",
    "add": "codes added",
    "rename": "codes or themes renamed",
    "redefine": "codes or themes defined anew",
    "merge": "codes or themes merged",
    "retire": "codes or themes retired",
}


def checked(bundle: Bundle) -> list[str]:
    """Return what a method section says of people's decisions and checks; empty if there is none.

    The checks are lines of their own, as `notesmine.checking` words them.
    """
    counts: Any = bundle.run.counts.get("decisions")
    return [*(_decisions(counts) if isinstance(counts, dict) else ()), *bundle.checks]


def _decisions(counts: dict[str, Any]) -> list[str]:
    by_what = counts["by_what"]
    listed = ", ".join(f"{by_what[what]} {did}" for what, did in DID.items() if by_what.get(what))
    lines = [
        f"{plural(counts['people'], 'person').replace('persons', 'people')} took"
        f" {plural(counts['read'], 'decision')}, which win over the machine: {listed}.",
        f"{counts['held']} of {counts['read']} hold in this run.",
    ]
    found = counts["found_again_moved"] + counts["found_again_changed"]
    if found:
        lines.append(
            f"{plural(found, 'decision')} found again where the notes had changed"
            f" ({counts['found_again_changed']} on words that are not the same any more)."
        )
    for number, why in (
        (counts["not_placed"], "on passages that are not in the notes any more"),
        (counts["not_taken"], "on codes or themes that are not in use any more"),
    ):
        if number:
            lines.append(f"{plural(number, 'decision')} not taken: {why}; see the problems.")
    if counts["conflicts"]:
        lines.append(
            f"{plural(counts['conflicts'], 'question')} on which people differ: the machine's"
            " answer stands; see the problems."
        )
    return lines
