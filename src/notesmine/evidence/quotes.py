"""From a passage to a quote: its place, its context, and the check that it is really there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notesmine.errors import CheckFailed
from notesmine.evidence.assigned import Assigned, Mention, date_of, is_quotable
from notesmine.records import Document, Quote, digest

CONTEXT = 160  # characters shown before and after a quote, at most


def quote_id(doc_id: str, start: int, end: int) -> str:
    """Return the id of a span, the same under every theme.

    Examples
    --------
    >>> quote_id("d1", 0, 10) == quote_id("d1", 0, 10) != quote_id("d1", 0, 11)
    True
    """
    return "Q-" + digest(doc_id, str(start), str(end), length=10)


def identify(item: Assigned) -> str:
    """Return the quote id of a passage."""
    return quote_id(item.passage.doc_id, item.passage.start, item.passage.end)


def path_of(document: Document) -> str:
    """Return the path that stands for a document found at several."""
    return min(document.paths, default="")


class Quoter:
    """Makes quotes of passages, keeping words not for quotation out of everyone's context.

    Parameters
    ----------
    documents : mapping of str to Document
    assigned : sequence of Assigned
        All of them, so that spans not for quotation are known.
    keys : mapping of str to str
        Citation key by ``doc_id``.
    """

    def __init__(
        self,
        documents: Mapping[str, Document],
        assigned: Sequence[Assigned],
        keys: Mapping[str, str],
    ) -> None:
        self.documents = documents
        self.keys = keys
        self.withheld: dict[str, list[tuple[int, int]]] = {}
        for item in assigned:
            if not is_quotable(item, documents):
                spans = self.withheld.setdefault(item.passage.doc_id, [])
                spans.append((item.passage.start, item.passage.end))

    def place(self, item: Assigned) -> str:
        """Return where a passage stands, for a person to read: ``path p. 2``."""
        path = path_of(self.documents[item.passage.doc_id])
        return path if item.passage.page is None else f"{path} p. {item.passage.page}"

    def quote(self, mention: Mention, theme_id: str) -> Quote:
        """Make the quote of a statement under a theme.

        Raises
        ------
        CheckFailed
            If the document's text does not hold the passage at its place.
        """
        item = mention.head
        passage, document = item.passage, self.documents[item.passage.doc_id]
        if document.text[passage.start : passage.end] != passage.text:
            raise CheckFailed(
                f"passage {passage.passage_id} is not what {path_of(document)} holds at characters "
                f"{passage.start} to {passage.end}",
                "This is a fault of the segmentation: please report it with the document.",
            )
        before, after = self.context(document, passage.start, passage.end)
        return Quote(
            quote_id=identify(item),
            theme_id=theme_id,
            passage_id=passage.passage_id,
            doc_id=passage.doc_id,
            kind=item.judgement.kind,
            stance=item.coding.stance,
            tier=item.judgement.tier,
            score=round(item.probability(item.judgement.kind), 4),
            text=passage.text,
            start=passage.start,
            end=passage.end,
            path=path_of(document),
            title=document.title,
            date=date_of(item, self.documents),
            page=passage.page,
            heading_path=passage.heading_path,
            speaker=passage.speaker,
            citation_key=self.keys.get(passage.doc_id, ""),
            copies=tuple(self.place(c) for c in mention.copies if is_quotable(c, self.documents)),
            context_before=before,
            context_after=after,
            why=item.judgement.why,
        )

    def context(self, document: Document, start: int, end: int) -> tuple[str, str]:
        """Return the words around a span, cut at word bounds and at words not for quotation."""
        text = document.text
        low, high = max(0, start - CONTEXT), min(len(text), end + CONTEXT)
        for first, last in self.withheld.get(document.doc_id, ()):
            if first < start:
                low = max(low, min(last, start))
            if last > end:
                high = min(high, max(first, end))
        before, after = text[low:start], text[end:high]
        if low > 0 and before and not text[low - 1].isspace():
            before = before.partition(" ")[2]
        if high < len(text) and after and not text[high].isspace():
            after = after.rpartition(" ")[0]
        return before.strip(), after.strip()
