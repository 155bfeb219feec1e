"""Words and phrases of notes: what may stand in a theme's top words or in its name.

Tokens come from ``spacy.blank("en")``, lemmas from spacy-lookups-data (no trained pipeline), and
phrases from patterns over tokens. What notes carry beside words (links, markup, tickets, hashes,
versions, dates, handles, file names, people) is taken out first and breaks a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

#: Put between passages that BERTopic joins into one text per topic (U+2029 PARAGRAPH SEPARATOR),
#: so that no phrase runs from one passage into the next and each passage is tokenised once.
SEPARATOR = "\u2029"

_MONTHS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)

#: What is no word, in the order in which it is looked for. Each match becomes a break.
_JUNK = re.compile(
    "|".join(
        (
            r"```.*?(?:```|$)",  # fenced code
            r"<[^<>\n]{1,300}>",  # tags
            r"&(?:#\d+|[a-z]+);",  # entities
            r"\]\([^()\s]*\)",  # the target of a Markdown link
            r"\b(?:https?|ftp|file|ipfs|mailto):\S+",
            r"\bwww\.\S+",
            r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",  # e-mail
            r"(?<!\w)@[\w/-]+",  # handles
            r"\b(?:[\w-]+\.)+(?:com|org|net|io|gov|edu|eu|int|dev)\b(?:/\S*)?",  # hosts
            r"(?<!\w)(?:[\w.-]*/)+[\w.-]+\.[a-z]\w{0,4}\b",  # paths
            r"\b[\w-]+\.(?:py|js|ts|tsx|jsx|go|rs|md|txt|csv|tsv|json|ya?ml|toml|docx?|pptx?|xlsx?|"
            r"pdf|html?|xml|ipynb|sh|sql|zip|gz|png|jpe?g|svg|log|eml|msg)\b",
            r"\b(?:pr|issue|ticket|gh|mr)s?\s*[-#]?\s*\d+\b",  # tickets
            r"[\w./-]*#\s?\d+\b",
            r"\b[A-Z][A-Z0-9]{1,9}-\d+\b",
            r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b",  # hashes
            r"\bQm[1-9A-HJ-NP-Za-km-z]{10,}\b",
            r"\bv\d+(?:\.\d+)*[\w.-]*",  # versions
            r"\b\d+(?:\.\d+){1,3}(?:[-+]?(?:rc|alpha|beta|dev)\.?\d*)?\b",
            r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b",  # dates
            rf"\b(?:{_MONTHS})\.?\s+\d{{1,4}}\b(?:st|nd|rd|th)?",
            rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{_MONTHS})\b",
            r"\b\d{1,2}[:.]\d{2}(?:\s?[ap]m)?\b",
            r"\bq[1-4]\b",
            r":[a-z0-9_+-]+:",  # emoji names
            r"\b\w*_\w*\b|\$\{?\w+\}?",  # identifiers
            r"`[^`\n]*[^\w\s`-][^`\n]*`",  # inline code that is more than words
        )
    ),
    re.IGNORECASE | re.DOTALL,
)

#: Months and weekdays alone ("may" and "march" are left to context above: they are words too).
_CALENDAR = frozenset(
    "january february april june july august september october november december jan feb mar apr "
    "jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon "
    "tue tues wed thu thur thurs fri sat sun".split()
)

#: Furniture of notes: what stands in every note whatever it is about.
FURNITURE = frozenset(
    "action actions agenda agendas attendee attendees apology apologies minute minutes note notes "
    "meeting meetings sprint sprints standup retro item items update updates updated status done "
    "wip tbd tbc todo eta fyi asap next previous last week weeks weekly month months monthly day "
    "days daily year years yearly today tomorrow yesterday morning afternoon cc re fwd etc eg ie "
    "aka pr prs br nbsp amp quot http https www com org github io html md ok okay yes thanks "
    "thank please hi hello lot lots bit thing things stuff way ways need needs needed want wants "
    "wanted get gets got getting go goes going gone went come came comes coming make makes made "
    "making take takes took taken taking see sees seen look looks looking looked think thinks "
    "thought know known say says said ask asks asked talk talked tell told try tries tried trying "
    "use uses used using work works worked working start started starting still also yet already "
    "maybe really actually currently current new able unable like let lets let's let’s seem seems "
    "one two three four five six seven eight nine ten several many various".split()
)

#: The look-up table gives forms that no reader of notes expects.
_LEMMAS = {"data": "data", "media": "media", "criteria": "criteria", "metadata": "metadata"}

#: May stand inside a phrase, between words of content.
GLUE = frozenset(("of", "for", "to", "with", "in"))

_WORD = re.compile(r"[^\W\d_]+(?:[-'’&][^\W\d_]+)*\Z")

Kind = Literal["word", "glue", "stop", "break"]


class Token(NamedTuple):
    """A token of a passage: its place (code points), its lemma, and what it may serve as."""

    start: int
    end: int
    lemma: str
    kind: Kind


@lru_cache(maxsize=1)
def _language() -> tuple[Any, Any, frozenset[str]]:
    """Return the tokenizer, the lemma table and the stop words, loaded once."""
    import spacy
    from spacy.lookups import load_lookups

    nlp = spacy.blank("en")
    lemmas = load_lookups("en", ["lemma_lookup"]).get_table("lemma_lookup")
    return nlp.tokenizer, lemmas, frozenset(nlp.Defaults.stop_words)


class NoteTokens:
    """Tokens of passages, remembered by text.

    Parameters
    ----------
    names : iterable of str
        People's names; each of their parts of two letters or more is no word of any theme.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        parts = (part for name in names for part in re.split(r"[\W\d_]+", name.casefold()))
        self.names = frozenset(part for part in parts if len(part) > 1)
        self._known: dict[str, tuple[Token, ...]] = {}
        self._kinds: dict[str, tuple[str, Kind]] = {}

    def __call__(self, text: str) -> tuple[Token, ...]:
        """Return the tokens of one passage; what is no word stands as a break."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = tuple(self._tokens(text))
        return found

    def _tokens(self, text: str) -> Iterator[Token]:
        # Junk is overwritten at equal length, so that offsets stay those of the passage.
        clean = _JUNK.sub(lambda match: ";" + " " * (len(match[0]) - 1), text)
        for token in _language()[0](clean):
            written = token.text
            if written.isspace():
                if "\n" in written:
                    yield Token(token.idx, token.idx + len(written), "", "break")
                continue
            known = self._kinds.get(written)
            if known is None:
                known = self._kinds[written] = self._kind(written)
            end = token.idx + len(written)
            if written == "-" and clean[token.idx - 1 : end + 1].strip(" ")[1:-1] == "-":
                known = ("-", "glue")  # inside a compound: "data-sharing"
            yield Token(token.idx, end, *known)

    def _kind(self, written: str) -> tuple[str, Kind]:
        lower = written.lower()
        if lower in GLUE:
            return lower, "glue"
        if not _WORD.match(written) or lower in self.names or lower in _CALENDAR:
            return lower, "break"
        _, lemmas, stops = _language()
        lemma = _LEMMAS.get(lower) or lemmas.get(lower, lower)
        if {lower, lemma} & (stops | FURNITURE) or len(lower) < 2:
            return lemma, "stop"
        return lemma, "word"


def phrases(tokens: Sequence[Token], longest: int = 3) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of every phrase of adjacent content words, single words included."""
    for first, token in enumerate(tokens):
        if token.kind != "word":
            continue
        for last in range(first, min(first + longest, len(tokens))):
            if tokens[last].kind != "word":
                break
            yield first, last + 1


class NotesVectorizer(CountVectorizer):  # type: ignore[misc]
    """Counts lemmas and phrases of two or three words; for BERTopic's ``vectorizer_model``.

    Parameters
    ----------
    names : tuple of str
        People's names, left out.
    min_df : int or float
        As in scikit-learn; in BERTopic a document of it is a whole theme.

    Notes
    -----
    A phrase is kept when it occurs twice in the texts counted: phrases met once are noise, and
    they would be most of the vocabulary.
    """

    def __init__(self, names: tuple[str, ...] = (), min_df: float = 1) -> None:
        super().__init__(lowercase=False, min_df=min_df)
        self.names = names

    def build_analyzer(self) -> Callable[[str], list[str]]:
        """Return the function from a text (or several, joined by ``SEPARATOR``) to its terms."""
        tokens = self.tokens

        def analyse(text: str) -> list[str]:
            parts = [tokens(part) for part in text.split(SEPARATOR)]
            found = [term for part in parts for term in terms(part)]
            # A theme of furniture only still needs a word, or scikit-learn refuses to count.
            return found or [t.lemma for p in parts for t in p if t.kind == "stop"] or ["?"]

        return analyse

    @property
    def tokens(self) -> NoteTokens:
        """The tokenizer with its memory, made at first use."""
        known: NoteTokens | None = self.__dict__.get("_tokens")
        if known is None:
            known = self.__dict__["_tokens"] = NoteTokens(self.names)
        return known

    def _count_vocab(self, raw_documents: Any, fixed_vocab: bool) -> Any:
        vocabulary, counts = super()._count_vocab(raw_documents, fixed_vocab)
        if fixed_vocab or not vocabulary:
            return vocabulary, counts
        total = np.asarray(counts.sum(axis=0)).ravel()
        kept = {w: at for w, at in vocabulary.items() if " " not in w or total[at] > 1}
        columns = list(kept.values())
        return {word: number for number, word in enumerate(kept)}, counts[:, columns]

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_tokens"}


def terms(tokens: Sequence[Token]) -> list[str]:
    """Return the terms counted for one passage: lemmas, and phrases of two or three."""
    return [" ".join(t.lemma for t in tokens[a:b]) for a, b in phrases(tokens)]
