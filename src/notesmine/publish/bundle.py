"""What one run publishes, and the writing of all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from notesmine.publish.files import remove_stale, replace_file
from notesmine.publish.references import citation_keys
from notesmine.publish.runfile import outputs_of
from notesmine.records import (
    Document,
    Evidence,
    Finding,
    Overlap,
    PassageMap,
    Quote,
    Run,
    Saturation,
)


class Bundle(Struct, frozen=True, kw_only=True):
    """Everything the outputs are a function of.

    ``source_prefix`` is put before a document's path to link to it, None for no links: an address
    (``https://...``) stays as it is, a folder is percent-encoded.
    ``unlinked`` names documents whose path is masked: it leads nowhere, so nothing links to it.
    ``run.outputs`` is still empty here; ``run.report_date`` is the newest note's date.
    ``overlaps`` and ``saturation`` are what `evidence` found of all themes together, ``places``
    where passages lie on a map of them; ``template`` is a DOCX file whose styles ``report.docx``
    takes, None for the built-in ones. ``checks`` are lines on what people who coded a sample found.
    """

    title: str
    corpus: str
    documents: tuple[Document, ...]
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]
    run: Run
    source_prefix: str | None = None
    overlaps: tuple[Overlap, ...] = ()
    saturation: Saturation | None = None
    places: PassageMap | None = None
    template: bytes | None = None
    unlinked: frozenset[str] = frozenset()
    checks: tuple[str, ...] = ()

    def quotes(self) -> Iterator[tuple[Evidence, Quote]]:
        """Every published quote under every theme, in the order of publication."""
        for item in self.evidence:
            groups = (item.impediments, item.resolved, item.enablers, item.proposals, item.review)
            for group in groups:
                for quote in group:
                    yield item, quote


def canonical(bundle: Bundle) -> Bundle:
    """Put documents in order of date and id, and give every quote its citation key."""
    documents = sorted(bundle.documents, key=lambda d: (d.date or "9999", d.doc_id))
    keys = citation_keys(documents)

    def keyed(quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
        return tuple(
            msgspec.structs.replace(q, citation_key=keys.get(q.doc_id, "")) for q in quotes
        )

    evidence = tuple(
        msgspec.structs.replace(
            e,
            impediments=keyed(e.impediments),
            resolved=keyed(e.resolved),
            enablers=keyed(e.enablers),
            proposals=keyed(e.proposals),
            review=keyed(e.review),
        )
        for e in bundle.evidence
    )
    return msgspec.structs.replace(bundle, documents=tuple(documents), evidence=evidence)


def publish(out: Path, bundle: Bundle) -> dict[str, str]:
    """Write reports, tables, figures and references into a folder.

    Everything is rendered before anything is written, so that a fault leaves the last outputs
    standing. Files of the last run that this one has no more are removed. ``run.json`` is not
    among them: `write_run` writes it when all else is there.

    Parameters
    ----------
    out : pathlib.Path
        Made where it does not exist.
    bundle : Bundle

    Returns
    -------
    dict of str to str
        File name, with forward slashes, to SHA-256.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    # They name `Bundle`, and some take long to import.
    from notesmine.publish import (
        digest_docx,
        figures,
        frames,
        html,
        markdown,
        references,
        report_docx,
        tables,
        xlsx,
    )

    ready = canonical(bundle)
    texts = {
        "report.html": html.render(ready),
        "report.md": markdown.render(ready),
        "themes.csv": tables.themes_csv(ready),
        "evidence.csv": tables.evidence_csv(ready),
        "theme_document.csv": frames.as_csv(frames.theme_document(ready)),
        "cooccurrence.csv": frames.as_csv(frames.cooccurrence(ready)),
        "saturation.csv": frames.as_csv(frames.saturation(ready)),
        "references.bib": references.biblatex(ready.documents),
        "references.json": references.csl_json(ready.documents),
    }
    pictures = figures.render(ready)
    files = {name: text.encode("utf-8", "replace") for name, text in texts.items()}
    files |= {
        "digest.docx": digest_docx.render(ready, pictures),
        "report.docx": report_docx.render(ready, pictures),
        "evidence.xlsx": xlsx.render(ready),
        **figures.files(pictures),
    }
    before = outputs_of(out)
    hashes = {name: replace_file(out, name, body) for name, body in files.items()}
    remove_stale(out, {n: sha for n, sha in before.items() if n not in hashes})
    return hashes
