"""The words that point to a code, found with spaCy whatever their form.

spaCy is imported when the first text comes; no trained pipeline is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from notesmine.themes.codebook import Code

if TYPE_CHECKING:
    from spacy.matcher import Matcher, PhraseMatcher
    from spacy.tokens import Doc

#: Words that "..." in a cue may stand for.
GAP = 4


#: Typographic hyphens and apostrophes, one character for one, so that offsets stay.
_TYPOGRAPHY = {0x2010: "-", 0x2011: "-", 0x2019: "'", 0x02BC: "'"}


class _Words:
    """A blank English pipeline whose tokens carry the look-up lemma of their lower-cased norm."""

    def __init__(self) -> None:
        import spacy
        from spacy.lookups import load_lookups

        self.nlp = spacy.blank("en")
        self._table = load_lookups("en", ["lemma_lookup"]).get_table("lemma_lookup")
        self._lemmas: dict[int, int] = {}

    def doc(self, text: str) -> Doc:
        doc = self.nlp.tokenizer(text.translate(_TYPOGRAPHY))
        for token in doc:
            lemma = self._lemmas.get(token.norm)
            if lemma is None:
                lemma = self._lemmas[token.norm] = self._lemma(token.norm_)
            token.lemma = lemma
        return doc

    def _lemma(self, word: str) -> int:
        # Twice, because the table takes "meetings" to "meeting" and "meeting" to "meet".
        once = self._table.get(word.lower(), word.lower())
        return int(self.nlp.vocab.strings.add(self._table.get(once, once)))


@cache
def words_of_notes() -> _Words:
    """Return the tokens and lemmas that cues and stances are matched on, loaded once."""
    return _Words()


class CueHit(Struct, frozen=True):
    """A cue of a code found in a text: ``words == text[start:end]``."""

    code: str
    cue: str
    words: str
    start: int
    end: int


class CueFinder:
    """Finds the cues of codes in texts, whatever the form of the words.

    Nothing is loaded before the first text.

    Parameters
    ----------
    codes : iterable of Code
        Usually ``codebook.active()``.

    Examples
    --------
    >>> from notesmine.themes.codebook import load_codebook
    >>> finder = CueFinder(load_codebook(None).active())
    >>> [(hit.code, hit.words) for hit in finder.find("Nobody owns it, wait for approval")]
    [('ownership', 'Nobody owns'), ('production-path', 'wait for approval')]
    """

    def __init__(self, codes: Iterable[Code]) -> None:
        self.codes = tuple(codes)

    @cached_property
    def _matchers(self) -> tuple[PhraseMatcher, Matcher, dict[str, tuple[str, str]]]:
        from spacy.matcher import Matcher, PhraseMatcher

        words = words_of_notes()
        phrases = PhraseMatcher(words.nlp.vocab, attr="LEMMA")
        gaps = Matcher(words.nlp.vocab, validate=False)
        names: dict[str, tuple[str, str]] = {}
        for code in self.codes:
            for cue in code.cues:
                key = f"cue:{len(names)}"
                names[key] = (code.id, cue)
                if "..." in cue:
                    gaps.add(key, [_gap_pattern(words, cue)], greedy="LONGEST")
                else:
                    phrases.add(key, [words.doc(form) for form in _spellings(cue)])
        return phrases, gaps, names

    def find(self, text: str) -> tuple[CueHit, ...]:
        """Return the cues in a text by position; of overlapping ones of a code, the longest."""
        phrases, gaps, names = self._matchers
        doc = words_of_notes().doc(text)
        strings = doc.vocab.strings
        hits = []
        for match_id, first, last in {*phrases(doc), *(gaps(doc) if len(gaps) else ())}:
            code, cue = names[strings[match_id]]
            start, end = doc[first].idx, doc[last - 1].idx + len(doc[last - 1])
            hits.append(CueHit(code, cue, text[start:end], start, end))
        kept: list[CueHit] = []
        for hit in sorted(hits, key=lambda h: (h.start - h.end, h.start, h.code, h.cue)):
            if not any(
                k.code == hit.code and k.start < hit.end and hit.start < k.end for k in kept
            ):
                kept.append(hit)
        return tuple(sorted(kept, key=lambda h: (h.start, h.code)))

    def find_all(self, texts: Iterable[str]) -> Iterator[tuple[CueHit, ...]]:
        """Yield the cues of each text, in order."""
        return map(self.find, texts)


def _spellings(cue: str) -> list[str]:
    """Return the ways a hyphenated cue is written: sign-off, sign off, signoff."""
    return sorted({cue, cue.replace("-", " "), cue.replace("-", "")})


def _gap_pattern(words: _Words, cue: str) -> list[dict[str, Any]]:
    filler: dict[str, Any] = {"IS_PUNCT": False, "OP": f"{{0,{GAP}}}"}
    pattern: list[dict[str, Any]] = []
    for part in cue.split("..."):
        if pattern:
            pattern.append(filler)
        pattern += [{"LEMMA": token.lemma_} for token in words.doc(part.strip())]
    return pattern
