"""The words that a reader would point at; they are shown with a decision and do not take it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

#: Cues shown with a decision: they explain, they do not decide. Lower-case phrases.
CUES: dict[str, tuple[str, ...]] = {
    group: tuple(phrases.split(", "))
    for group, phrases in {
        "problem": (
            "blocked, blocker, blockers, problem, problems, issue, risk, risks, delay, delayed, "
            "unclear, lack, lacks, lacking, missing, cannot, can't, unable, fails, failed, "
            "failing, stuck, slow, difficult, concern, concerns, worried, bottleneck, shortage, "
            "waiting for, depends on, nobody, no one, not enough, too few, too many, too late, "
            "still no, still not, not yet, never, without, outdated, broken, confusing, "
            "overloaded, unknown"
        ),
        "resolution": (
            "no longer, resolved, solved, fixed, sorted, settled, unblocked, overcome, at last, "
            "finally, used to, now that, is now, are now, has now, have now, closed, cleared, is "
            "over, behind us"
        ),
        "negation": (
            "no problem, no problems, no issue, no issues, no delay, no delays, not a, no risk, "
            "no shortage, no complaints, without problems, no blockers"
        ),
        "hedge": (
            "might, may, could, would, perhaps, possibly, risk that, if, in case, fear, afraid"
        ),
        "proposal": (
            "should, propose, proposal, suggest, suggested, let's, plan to, will, to do, next "
            "step, recommend, request, ask"
        ),
        "decision": ("agreed, decided, approved, decision, adopted, voted, endorsed"),
        "praise": ("well, great, good, thanks, helpful, success, pleased, smooth, works"),
    }.items()
}


class CueMatcher:
    """Finds the words that a reader would point at, with spaCy's phrase matcher."""

    @cached_property
    def _tools(self) -> tuple[Any, Any]:
        import spacy
        from spacy.matcher import PhraseMatcher

        nlp = spacy.blank("en")
        matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        for name, phrases in CUES.items():
            matcher.add(name, [nlp.make_doc(phrase) for phrase in phrases])
        return nlp, matcher

    def __call__(self, text: str) -> dict[str, list[str]]:
        """Return the cues of a text by their group, longest match first, in reading order."""
        from spacy.util import filter_spans

        nlp, matcher = self._tools
        found: dict[str, list[str]] = {}
        for span in filter_spans(matcher(nlp.make_doc(text), as_spans=True)):
            words = found.setdefault(span.label_, [])
            if span.text.lower() not in words:
                words.append(span.text.lower())
        return found


@lru_cache(maxsize=1)
def cue_matcher() -> CueMatcher:
    """Return the matcher, built once."""
    return CueMatcher()
