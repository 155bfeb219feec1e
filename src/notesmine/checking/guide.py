"""What people who code by hand are told: the kinds, the codes, how to fill in the sheet."""

from __future__ import annotations

from collections.abc import Sequence

from notesmine.records import KINDS, Kind
from notesmine.themes.codebook import Codebook

NONE = "none"
#: Each kind in words for a person who decides by reading; the order is that of the list to choose.
MEANING: dict[Kind, str] = {
    "impediment": "Something hinders, delays or endangers the work or its use, or may come to: a"
    " lack, a failure, a doubt, a dispute, a worry. A question that lays such a gap open counts"
    " too. If a hindrance is stated and a remedy proposed in one breath: impediment.",
    "resolved": "A hindrance that is over, by the words of the passage itself.",
    "enabler": "Something that helps or goes well: a success, a good practice, praise.",
    "proposal": "What someone suggests, asks for, plans or is to do, where the hindrance itself is"
    " not what the passage states.",
    "decision": "What was agreed, approved, voted on or turned down.",
    "status": "A report of facts or progress in which nothing hinders.",
    "boilerplate": "What belongs to the form of the notes: attendance, agenda, links, greetings,"
    " empty templates, remains of tables.",
}
#: How to fill in the sheet.
STEPS = (
    "Work alone, and without looking at the report: the sheet is blind on purpose.",
    "Read the words in the column Text first. Heading, before and after only help to understand.",
    "Choose one kind for each row. If you really cannot tell, leave it empty and say why under"
    " Remark: an empty row is left out and counted.",
    "For impediment, resolved, enabler and proposal choose the code that fits best, or"
    f" '{NONE}' where no code fits. Where two fit, type both with a semicolon: capacity; data.",
    "For the other kinds leave the code empty.",
    "Put your initials under Coder. Do not change the column Id; rows may be sorted or left out.",
    "Save as XLSX (or CSV). A second person fills in a copy of the empty sheet.",
)


def lines(book: Codebook, withheld: int, *, all_passages: bool) -> list[tuple[str, str, str]]:
    """Return the rows of the guide sheet: (what, name, text); a heading has a text alone.

    Parameters
    ----------
    book : Codebook
        As the run used it.
    withheld : int
        Passages not for quotation that were left out.
    all_passages : bool
        Whether passages not for quotation are in the sheet.
    """
    rows = [("", "", "How to fill in this sheet")]
    rows += [("step", str(n), text) for n, text in enumerate(STEPS, 1)]
    if all_passages:
        rows.append(
            ("note", "", "The sheet holds passages that are not for quotation: do not pass it on.")
        )
    elif withheld:
        rows.append(("note", "", f"Left out: {withheld} passages marked as not for quotation."))
    rows.append(("", "", "Kinds"))
    rows += [("kind", kind, MEANING[kind]) for kind in KINDS]
    rows.append(("", "", "Codes"))
    for code in book.active():
        rows.append(("code", code.id, f"{code.label}. {code.definition}"))
        rows += [("", "belongs here", text) for text in code.includes]
        rows += [("", "does not", text) for text in code.excludes]
    rows.append(("code", NONE, "None of the codes fits."))
    return rows


def choices(codes: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Return what can be chosen for kind and for code."""
    return list(KINDS), [*(ident for ident, _ in codes), NONE]
