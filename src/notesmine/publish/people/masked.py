"""A bundle without names: everything that a renderer sees passes through here.

Renderers know nothing of masking. The text of documents is left out altogether, so that nothing
can be published that did not pass through a quote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from notesmine.publish.bundle import Bundle
from notesmine.publish.people.masker import Masker, Span, bracketed, clipped
from notesmine.publish.people.protect import Protection
from notesmine.publish.references import citation_keys
from notesmine.records import Document, Event, Evidence, Mask, Problem, Quote, Run, Theme

#: Stands for the text of a document that has one.
TEXT = "…"
#: Characters before and after a quote that are looked at with it, more than are shown.
AROUND = 400
HIDDEN_TITLE = "Note not for quotation"


def masked(
    bundle: Bundle, protection: Protection, withheld: frozenset[str] = frozenset()
) -> Bundle:
    """Return a bundle that holds no name that is to be hidden, and no text of a document.

    Parameters
    ----------
    bundle : Bundle
    protection : Protection
    withheld : frozenset of str
        ``doc_id`` of documents of which nothing may be quoted: their titles are hidden too.

    Returns
    -------
    Bundle
        Quotes with their masks and citation keys; ``run.counts["names"]`` says what was masked.
    """
    veil = _Veil(protection.masker, bundle.documents)
    documents = tuple(veil.document(d, d.doc_id in withheld) for d in bundle.documents)
    keys = citation_keys(documents)
    paths = {d.doc_id: d.paths for d in bundle.documents}
    titles = {d.doc_id: d.title for d in documents}
    evidence = tuple(veil.evidence(e, keys, titles) for e in bundle.evidence)
    run = veil.run(bundle.run, {d.doc_id: d.paths for d in documents})
    run = replace(run, counts={**run.counts, "names": veil.facts(protection)})
    return replace(
        bundle,
        title=veil.line(bundle.title),
        corpus=veil.path(bundle.corpus),
        documents=documents,
        evidence=evidence,
        findings=tuple(replace(f, statement=veil.line(f.statement)) for f in bundle.findings),
        run=run,
        unlinked=frozenset(d.doc_id for d in documents if d.paths != paths[d.doc_id]),
    )


class _Veil:
    """Masks each part of a bundle and counts what it masked."""

    def __init__(self, masker: Masker | None, documents: Sequence[Document]) -> None:
        self.masker = masker
        self.texts = {d.doc_id: d.text for d in documents}
        self.counts: Counter[str] = Counter()
        self.shown: set[str] = set()
        self.cache: dict[tuple[str, str | None], str] = {}
        self.found: dict[tuple[str, int, int], list[Span]] = {}

    def text(self, text: str, doc_id: str | None = None) -> str:
        """Mask a text that belongs to a document."""
        if self.masker is None or not text:
            return text
        key = (text, doc_id)
        if key not in self.cache:
            self.cache[key] = self.masker.mask(text, doc_id)[0]
        return self.cache[key]

    def line(self, text: str) -> str:
        """Mask a text that belongs to no document; the same text always gives the same."""
        return self.text(text)

    path = line

    def label(self, text: str) -> str:
        """Leave names out of a label of words, if other words stay."""
        parts = text.split(", ")
        kept = [p for p in parts if self.line(p) == p]
        return ", ".join(kept) if kept and len(kept) < len(parts) else self.line(text)

    def document(self, document: Document, hide: bool) -> Document:
        """Return a document as renderers see it."""
        title = HIDDEN_TITLE if hide else self.text(document.title, document.doc_id)
        return replace(
            document,
            paths=tuple(sorted(self.path(p) for p in document.paths)),
            title=title,
            meeting=self.text(document.meeting, document.doc_id),
            organisation=self.line(document.organisation),
            text=TEXT if document.text.strip() else "",
            quotable=document.quotable and not hide,
            problems=tuple(self.problem(p) for p in document.problems),
            blocks=(),
            furniture=(),
            people=(),
        )

    def problem(self, problem: Problem) -> Problem:
        return replace(
            problem,
            message=self.line(problem.message),
            hint=self.line(problem.hint),
            path=self.path(problem.path),
        )

    def theme(self, theme: Theme) -> Theme:
        words = tuple(w for w in theme.words if self.line(w) == w)
        return replace(
            theme,
            label=self.label(theme.label),
            definition=self.line(theme.definition),
            words=words,
        )

    def event(self, event: Event) -> Event:
        return replace(event, detail=self.line(event.detail))

    def evidence(
        self, item: Evidence, keys: Mapping[str, str], titles: Mapping[str, str]
    ) -> Evidence:
        def all_of(quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
            return tuple(self.quote(q, keys, titles) for q in quotes)

        return replace(
            item,
            theme=self.theme(item.theme),
            impediments=all_of(item.impediments),
            resolved=all_of(item.resolved),
            enablers=all_of(item.enablers),
            proposals=all_of(item.proposals),
            review=all_of(item.review),
        )

    def quote(self, quote: Quote, keys: Mapping[str, str], titles: Mapping[str, str]) -> Quote:
        """Mask a quote and declare its brackets."""
        doc_id = quote.doc_id
        changes: dict[str, Any] = {
            "citation_key": keys.get(doc_id, quote.citation_key),
            "title": titles.get(doc_id, quote.title),
        }
        if self.masker is not None:
            before, text, after, masks, spans = self.passage(quote)
            self.counts.update(s.kind for s in spans)
            self.shown.update(s.shown for s in spans)
            changes |= {
                "text": text,
                "masks": masks,
                "context_before": before,
                "context_after": after,
                "path": self.path(quote.path),
                "heading_path": tuple(self.text(h, doc_id) for h in quote.heading_path),
                "speaker": self.speaker(quote.speaker, doc_id),
                "copies": tuple(self.line(c) for c in quote.copies),
                "why": self.text(quote.why, doc_id),
            }
        return replace(quote, **changes)

    def passage(self, quote: Quote) -> tuple[str, str, str, tuple[Mask, ...], list[Span]]:
        """Mask a quote and the words around it as one text: a name may stand across their bounds.

        Returns
        -------
        (before, text, after, masks, spans)
        """
        assert self.masker is not None
        source = self.texts.get(quote.doc_id, "")
        low, high = max(0, quote.start - AROUND), quote.end + AROUND
        place = (quote.doc_id, low, high)
        if place not in self.found:  # a passage is quoted under each of its themes
            self.found[place] = self.masker.spans(source[low:high], quote.doc_id)
        spans = self.found[place]
        inside = clipped(spans, quote.start - low, quote.end - low)
        text, masks = bracketed(quote.text, inside, quote.start)
        # The words around were cut from the source, white space at their ends taken away.
        first = source.rfind(quote.context_before, low, quote.start)
        last = source.find(quote.context_after, quote.end, high)
        around = []
        for words, at in ((quote.context_before, first), (quote.context_after, last)):
            if at < 0:
                around.append(self.text(words, quote.doc_id))
            else:
                part = clipped(spans, at - low, at - low + len(words))
                around.append(bracketed(words, part)[0])
        return around[0], text, around[1], masks, inside

    def speaker(self, name: str | None, doc_id: str) -> str | None:
        """Mask a speaker; the word before a colon is a name, whatever else it means."""
        if not name or self.masker is None:
            return name
        return self.text(name + ":", doc_id).removesuffix(":")

    def run(self, run: Run, paths: Mapping[str, tuple[str, ...]]) -> Run:
        """Mask the record of a run; hashes and ids stay, they hold no name."""
        inputs = tuple(
            {**row, "paths": list(paths[str(row.get("doc_id"))])}
            if row.get("doc_id") in paths
            else row
            for row in run.inputs
        )
        return replace(
            run,
            corpus=self.path(run.corpus),
            inputs=inputs,
            skipped=tuple({k: self.path(v) for k, v in row.items()} for row in run.skipped),
            settings={k: self._deep(v) for k, v in run.settings.items()},
            model={k: self._deep(v) for k, v in run.model.items()},
            problems=tuple(self.problem(p) for p in run.problems),
            events=tuple(self.event(e) for e in run.events),
        )

    def _deep(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.line(value)
        if isinstance(value, Mapping):
            return {k: self._deep(v) for k, v in value.items()}
        return [self._deep(v) for v in value] if isinstance(value, (list, tuple)) else value

    def facts(self, protection: Protection) -> dict[str, object]:
        """Return what was found and masked, in numbers, for ``run.json`` and the report."""
        if self.masker is None:
            return {}
        return {
            "found": dict(protection.people.sources),
            "people": len(protection.people.persons),
            "organisations": protection.organisations,
            "brackets_in_quotes": dict(sorted(self.counts.items())),
            "shown_in_quotes": len(self.shown),
            "recogniser": protection.pipeline,
        }


def counted(facts: Mapping[str, Any], mode: str) -> list[str]:
    """Return the sentences of a report on how names are protected.

    Parameters
    ----------
    facts : mapping
        ``run.counts["names"]``.
    mode : str
        ``[people] mode``.
    """
    if not facts:
        return ["Names of people and organisations stand as the notes write them."]
    if mode == "keep":
        how = "Names of people stand as the notes write them."
    elif mode == "initials":
        how = "People are shown by their initials in brackets."
    else:
        how = (
            "People are shown by their role or a pseudonym in brackets; one person has the same in "
            "all notes and later reports."
        )
    found = ", ".join(f"{number:,} from {source}" for source, number in facts["found"].items())
    brackets = facts["brackets_in_quotes"]
    total = sum(brackets.values())
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in brackets.items())
    lines = [how]
    if facts["people"]:
        lines.append(f"{facts['people']:,} people are known: spellings {found}.")
    if facts["organisations"]:
        lines.append(f"{facts['organisations']:,} organisations are masked.")
    lines.append(
        f"{total:,} brackets stand in the quotes ({kinds}); evidence.csv declares the place of"
        " each."
        if total
        else "No bracket was needed in any quote."
    )
    helper = facts.get("recogniser")
    lines.append(
        "What cannot be matched: people who are on no list of those present, are no speaker and "
        "not in people.csv, misspelt names, and first names or surnames that are ordinary words "
        "too where nothing beside them shows that a person is meant."
        + (f" Names found by {helper} were added." if helper else "")
    )
    return lines


__all__ = ["HIDDEN_TITLE", "counted", "masked"]
