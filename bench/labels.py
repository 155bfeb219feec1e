"""Names and top words of themes, checked without a model, beside ``BERTopic()``'s own.

Over the impediments of each corpus: mean NPMI of the pairs of a theme's ten top words (how often
passages of the whole corpus say both; -1 for never), the share of different words among all top
words, and of the names the share with markup or links, with numbers, with people's names, and of
two words or more. BERTopic's default names are judged without their topic number and with
underscores taken for spaces.

    python -m bench.labels [CORPUS ...] [--state DIR] [--record]
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from bench.common import ROOT, record, table
from bench.judged import Statements, statements
from notesmine.config import ThemeSettings
from notesmine.encoder import Encoder
from notesmine.records import digest
from notesmine.themes.growth import grow, people
from notesmine.themes.words import NoteTokens, terms

CORPORA = ("ipfs_syncs", "openjs_minutes", "tanf_sprints")
TOP = 10
#: What is left of markup and links when punctuation is gone, or what is neither word nor hyphen.
_MARKUP = re.compile(
    r"[<>\[\](){}*_`#@/\\|=~^]|://|\b(?:https?|www|br|nbsp|amp|html?|md|com|org|href|img)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d")


def coherence(
    tops: Sequence[Sequence[str]], texts: Iterable[str], terms_of: Callable[[str], set[str]]
) -> float:
    """Return the mean NPMI over the pairs of each theme's top words, mean over themes."""
    wanted = {word for top in tops for word in top}
    one: Counter[str] = Counter()
    two: Counter[tuple[str, str]] = Counter()
    n = 0
    for text in texts:
        said = sorted(terms_of(text) & wanted)
        n += 1
        one.update(said)
        two.update(itertools.combinations(said, 2))

    def npmi(a: str, b: str) -> float:
        both = two[a, b] if a < b else two[b, a]
        if not both:
            return -1.0
        if both == n:
            return 1.0
        return math.log(both * n / (one[a] * one[b])) / -math.log(both / n)

    means = [
        np.mean([npmi(a, b) for a, b in itertools.combinations(top, 2)])
        for top in tops
        if len(top) > 1
    ]
    return float(np.mean(means)) if means else 0.0


def figures(
    names: Sequence[str], tops: Sequence[Sequence[str]], persons: set[str], npmi: float
) -> list[float]:
    """Return themes, NPMI, diversity, and the shares of names with what no name should have."""
    said = [word for top in tops for word in top]
    count = max(len(names), 1)
    return [
        len(names),
        npmi,
        len(set(said)) / max(len(said), 1),
        sum(bool(_MARKUP.search(name)) for name in names) / count,
        sum(bool(_NUMBER.search(name)) for name in names) / count,
        sum(not persons.isdisjoint(re.findall(r"[^\W\d_]+", name.casefold())) for name in names)
        / count,
        sum(len(name.split()) > 1 for name in names) / count,
    ]


def measure(found: Statements) -> list[list[object]]:
    """Return the rows of one corpus: ours, then BERTopic's."""
    from bertopic import BERTopic
    from umap import UMAP

    rows = found.impediments()
    texts = [found.texts[i] for i in rows]
    vectors = found.stack(rows)
    known = people(found.speakers, found.texts)
    persons = {part for name in known for part in re.findall(r"[^\W\d_]+", name.casefold())}
    persons = {part for part in persons if len(part) > 2}
    grown = grow(
        texts,
        vectors,
        [digest(text, length=32) for text in texts],
        b"",
        ThemeSettings(),
        encode=Encoder(threads=1).encode,
        codes=found.stack(rows, "codes"),
        confirmed=[found.tiers[i] == "confirmed" for i in rows],
        background=[t for t, k in zip(found.texts, found.kinds, strict=True) if k != "impediment"],
        names=known,
    )
    tokens = NoteTokens()
    tops = [words[:TOP] for words in grown.words]
    corpus = sorted(set(found.texts))
    npmi = coherence(tops, corpus, lambda text: set(terms(tokens(text))))
    out: list[list[object]] = [["notesmine", *figures(grown.labels, tops, persons, npmi)]]
    # The defaults of BERTopic 0.17.4, written out to set the seed.
    umap = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0)
    model = BERTopic(umap_model=umap)
    model.fit(texts, embeddings=np.array(vectors))
    topics = sorted(set(model.topics_) - {-1})
    names = [model.topic_labels_[t].partition("_")[2].replace("_", " ") for t in topics]
    tops = [tuple(word for word, _ in model.get_topic(t)[:TOP] if word) for t in topics]
    analyse = model.vectorizer_model.build_analyzer()
    npmi = coherence(tops, corpus, lambda text: set(analyse(text)))
    out.append(["BERTopic()", *figures(names, tops, persons, npmi)])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("corpora", nargs="*")
    parser.add_argument("--state", type=Path, default=ROOT / ".notesmine")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    header = ["who", "themes", "NPMI", "diversity", "markup", "numbers", "people", "two words"]
    for name in options.corpora or CORPORA:
        lines = measure(statements(name, options.state / name))
        print(f"\n{name}\n{table(header, lines)}", flush=True)
        if options.record:
            ours, theirs = (
                f"NPMI {line[2]:.3f}, diversity {line[3]:.2f}; markup {line[4]:.1%}, numbers "
                f"{line[5]:.1%}, people {line[6]:.1%}; two words or more {line[7]:.0%} of {line[1]}"
                for line in lines
            )
            record(
                f"names of themes, {name}",
                "none with markup, numbers or people",
                ours,
                f"BERTopic(): {theirs}",
                "python -m bench.labels",
            )


if __name__ == "__main__":
    main()
