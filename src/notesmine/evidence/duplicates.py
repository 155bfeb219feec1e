"""Pasted, forwarded and repeated text counts once."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from notesmine.evidence.assigned import Assigned, Mention, is_quotable, moment
from notesmine.records import Document

#: Lowest similarity (0..100, normalised indel) of two texts that are one statement. On the sample
#: corpus pasted statements with a word or two changed reach 95 and more, others 58 at most.
SAME_STATEMENT = 92.0


def normalised(text: str) -> str:
    """Return letters and digits only, folded, so that layout and punctuation do not matter.

    Examples
    --------
    >>> normalised("- No  data OWNER.") == normalised("no data owner")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c if c.isalnum() else " " for c in folded)
    return " ".join(kept.split()) or " ".join(folded.split())


def collapse(items: Sequence[Assigned], documents: Mapping[str, Document]) -> list[Mention]:
    """Collapse near-equal texts to the earliest, those for quotation first.

    Parameters
    ----------
    items : sequence of Assigned
        Passages of one theme and one kind, in any order.
    documents : mapping of str to Document

    Returns
    -------
    list of Mention
        In order of time.
    """
    ordered = sorted(items, key=lambda i: (not is_quotable(i, documents), moment(i, documents)))
    heads: list[Assigned] = []
    texts: list[str] = []
    known: dict[str, int] = {}
    copies: dict[int, list[Assigned]] = {}
    for item in ordered:
        text = normalised(item.passage.text)
        place = known.get(text)
        if place is None and texts:
            hit = process.extractOne(text, texts, scorer=fuzz.ratio, score_cutoff=SAME_STATEMENT)
            place = hit[2] if hit else None
        if place is None:
            known[text] = len(heads)
            heads.append(item)
            texts.append(text)
        else:
            known.setdefault(text, place)
            copies.setdefault(place, []).append(item)
    mentions = [
        Mention(head, tuple(sorted(copies.get(n, ()), key=lambda i: moment(i, documents))))
        for n, head in enumerate(heads)
    ]
    return sorted(mentions, key=lambda m: moment(m.head, documents))
