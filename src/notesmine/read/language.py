"""Which language a text is in, by script and function words: enough to keep apart what is covered.

The encoder and the classifier know English. A text in another language is read, listed as a
problem and left out of counting; for that, telling English from the rest is what matters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

# The commonest function words of each language that are not common words of another one here.
_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        "the and of to is for that with are this be it as was will we have from by not on an or "
        "at our you they there been has had what how should would can more but which who if about "
        "their your i need still who's don't it's all some any when into other do so".split()
    ),
    "fr": frozenset(
        "le la les des et du une est pour dans que qui sur au aux par ne pas nous vous avec sont "
        "cette ces ont être il elle mais plus leur été".split()
    ),
    "de": frozenset(
        "der die das und ist nicht den von zu mit dem ein eine für auf im sich auch wir werden "
        "wird "
        "sind des bei oder noch nach über einen aus".split()
    ),
    "es": frozenset(
        "el los las de y que en un una por con para del se es lo al como más pero su sus este esta "
        "son hay fue entre".split()
    ),
    "it": frozenset(
        "il di che è per un una della del in con non sono alla dei le gli nel anche più ma questo "
        "delle si come".split()
    ),
    "pt": frozenset(
        "o os de da do das dos e que em um uma para com não por mais na no ao como são foi".split()
    ),
    "nl": frozenset(
        "de het een en van is dat op te voor niet met zijn er aan ook als bij wordt door".split()
    ),
}
_SCRIPTS = {
    "ARABIC": "ar",
    "HEBREW": "he",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
    "THAI": "th",
    "DEVANAGARI": "hi",
}
# Not what stands in an address, a hash or a handle: their single letters look Portuguese.
_URL = re.compile(r"(?:https?://|www\.)\S+")
_WORD = re.compile(r"(?<![\w@#/])[^\W\d_]+(?:['’][^\W\d_]+)?(?![\w/])")
# Below this many words nothing is said about a passage: it takes the language of its document.
ENOUGH_WORDS = 8
ENOUGH_LETTERS = 6  # of another script; a word of Korean is three
CLEARLY = 0.25  # share of English function words above which no other language is tried


def _by_script(text: str) -> str:
    """Language of the commonest non-Latin script, if most letters are written in it."""
    letters = [c for c in text[:4000] if c.isalpha()]
    foreign = [c for c in letters if ord(c) > 0x370]
    if len(foreign) * 2 <= len(letters) or len(foreign) < ENOUGH_LETTERS:
        return ""
    scripts = Counter(unicodedata.name(c, "").split(" ")[0] for c in foreign)
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > 0:
        return "ja"
    return _SCRIPTS.get(scripts.most_common(1)[0][0], "und")


def guess(text: str, default: str = "") -> str:
    """Guess the language of a text.

    Parameters
    ----------
    text : str
        Any text; the first 20,000 characters count.
    default : str
        Returned where the text is too short to tell.

    Returns
    -------
    str
        ISO 639-1 code, ``und`` for a script not known here, or ``default``.

    Examples
    --------
    >>> guess("The data is not shared with the team and we have no access to it.")
    'en'
    >>> guess("Les données ne sont pas partagées avec les équipes qui en ont besoin.")
    'fr'
    """
    if not text.isascii() and (script := _by_script(text)):
        return script
    plain = _URL.sub(" ", text[:20_000])
    words = [w.lower().replace("’", "'") for w in _WORD.findall(plain)]
    if len(words) < ENOUGH_WORDS:
        return default
    if sum(w in _WORDS["en"] for w in words) > CLEARLY * len(words):
        return "en"
    hits = {code: sum(w in known for w in words) for code, known in _WORDS.items()}
    best = max(hits, key=lambda code: (hits[code], code == "en"))
    # Ticket titles hold few function words: without clear evidence for another language the
    # default stands. 12 % is half the usual share of these words in running text.
    if best != "en" and hits[best] >= max(3, 0.12 * len(words)) and hits[best] > 1.5 * hits["en"]:
        return best
    return "en" if hits["en"] > 0.04 * len(words) else default
