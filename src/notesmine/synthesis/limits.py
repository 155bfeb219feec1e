"""What the corpus cannot say: few documents, one organisation, files not read, what is in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notesmine.records import Document, Evidence, Finding
from notesmine.synthesis.wording import bind, filled

#: Documents below which shares are said to be rough: an interval then spans 40 points or more.
FEW_DOCUMENTS = 20
#: What the corpus cannot say: name, noun of the number ``{n}``, statement.
LIMITS = {
    "nothing": ("", "No document could be read: there is nothing to synthesise."),
    "few": ("document", "Only {n} could be read: shares are rough, as their intervals show."),
    "one-organisation": ("", "All notes that name an organisation come from {one}."),
    "no-organisation": ("", "No note names its organisation, so none can be compared."),
    "unread": ("document", "{n} could not be read."),
    "empty": ("document", "{n} without text, or left out."),
    "partial": ("document", "{n} could be read only in part."),
    "undated": ("document", "{n} without a date: counted, and in no month or trend."),
    "abstained": (
        "impediment",
        "{n} that {fits|fit} no theme {is|are} in no list of this report.",
    ),
    "review": ("further passage", "{n} may report impediments: not counted, to be reviewed."),
    "unquotable": ("theme", "{n} resting on passages not for quotation: counted, nothing shown."),
}


def limits(
    evidence: Sequence[Evidence], documents: Mapping[str, Document], abstained: int
) -> list[Finding]:
    """Say what the corpus cannot say; no claim about a theme, so no quote."""
    everything = sorted(documents.values(), key=lambda d: d.doc_id)
    read = [d for d in everything if d.status in {"ok", "partial"} and d.text.strip()]
    failed = [d for d in everything if d.status == "failed"]
    empty = len(everything) - len(read) - len(failed)
    partial = [d for d in read if d.status == "partial"]
    undated = [d for d in read if not d.date]
    organisations = {d.organisation for d in read if d.organisation}
    hidden = [e for e in evidence if e.passages and not e.impediments]
    review = {q.quote_id for e in evidence for q in e.review}
    numbers = {
        "nothing": int(not read),
        "few": len(read) if len(read) < FEW_DOCUMENTS else 0,
        "one-organisation": int(len(organisations) == 1),
        "no-organisation": int(bool(read) and not organisations),
        "unread": len(failed),
        "empty": empty,
        "partial": len(partial),
        "undated": len(undated),
        "abstained": abstained,
        "review": len(review),
        "unquotable": len(hidden),
    }
    one = next(iter(organisations), "")
    return [
        bind(
            "limits",
            filled(template, numbers[name], noun).replace("{one}", one),
            None,
            (),
            {name: numbers[name]},
            name=name,
        )
        for name, (noun, template) in LIMITS.items()
        if numbers[name]
    ]
