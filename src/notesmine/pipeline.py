"""The main job, and the only file that names every stage.

read -> segment -> classify -> embed -> themes -> evidence -> synthesis -> publish. Heavy libraries
are imported by the stages that need them, when they have work; what is done is kept at once.
"""

from __future__ import annotations

import functools
import importlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from notesmine import (
    checking,
    classify,
    embed,
    evidence,
    exchange,
    naming,
    origin,
    publish,
    read,
    runrecord,
    segment,
)
from notesmine.config import Settings
from notesmine.encoder import Encoder
from notesmine.errors import NothingToRead
from notesmine.evidence import Assigned
from notesmine.folders import check_writable, find_documents, link_prefix
from notesmine.records import (
    Coding,
    Document,
    Event,
    Passage,
    Run,
    Theme,
    digest,
)
from notesmine.rulings import RULINGS, keep_rulings
from notesmine.store import Store, state_folder
from notesmine.themes.codebook import Codebook, load_codebook
from notesmine.themes.coding import CODED_KINDS, Coder
from notesmine.themes.growth import attach, blend, codes_as_themes, emergent_themes, grow, reasons
from notesmine.themes.taught import Lessons

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
    OutputError, StateError, CodebookError, ModelError, ConfigError
        As their names say; the last report is untouched.
    """
    settings = settings or Settings()
    tell = report or (lambda *_: None)
    corpus, out = corpus.absolute(), Path(os.path.abspath(out))  # noqa: PTH100 ('..' has to go)
    home = state_folder(out, state)
    look = publish.find_template(settings.publish.docx_template, corpus)
    found, skipped = find_documents(corpus, out, home, look)
    rows, problems = read.read_metadata(corpus if corpus.is_dir() else corpus.parent)
    if corpus.is_dir():
        problems = [*problems, *read.unmatched(rows, found)]
    roster, faults, recogniser = naming.known(corpus, settings)
    book = load_codebook(codebook)
    template = publish.load_template(settings.publish.docx_template, corpus)
    problems = [*problems, *faults, *publish.template_problems(template)]
    check_writable(out)
    links = link_prefix(settings.publish.source_links, corpus, out)
    with Store(home) as store:
        registry_body = store.blob("registry") or b""
        key = store.blob(naming.KEY)
        seen = (roster, recogniser.label if recogniser else "")
        checks = checking.said(store)
        decided = exchange.load_decisions(corpus, store)
        book, refused = exchange.amended(book, decided)
        problems = [*problems, *decided.problems, *refused]
        asked = runrecord.fingerprint(
            found, skipped, rows, settings, book, links, template, seen, decided.version, checks
        )
        last = _unchanged(store, out, asked)
        if last is not None:
            return Result(run=last, out=out, changed=False)
        started = origin.taken(
            store, corpus, found, skipped, settings, codebook, template, links, checks
        )
        loading = _preload("sentence_transformers")
        documents = _read(found, rows, settings, store, tell)
        loading.join()
        if not any(d.text for d in documents):
            raise NothingToRead(
                f"none of the {len(documents)} files in {corpus.name!r} could be read: "
                + "; ".join(sorted({p.message for d in documents for p in d.problems})[:3]),
                "Run `notesmine extract` on one of them to see what is wrong with it.",
            )
        encoder = Encoder(threads=settings.embed.threads)
        classifier = classify.Classifier(encoder)
        judged = _judge(documents, classifier, settings, store, tell)
        people = exchange.Replay(decided, documents, [j.passage for j in judged], book)
        judged = [_overruled(j, people) for j in judged]
        embedder = (
            encoder
            if settings.embed.model == "packaged"
            else Encoder(settings.embed.model, settings.embed.threads)
        )
        vectors = embed.embed(
            (
                j.passage.text
                for j in judged
                if j.judged.judgement.kind in CODED_KINDS | set(settings.themes.scope)
            ),
            embedder,
            store,
            functools.partial(tell, "embed"),
        )
        codings = _code(judged, people, book, classifier, store)
        phrases = functools.partial(embed.kept, embedder=embedder, store=store)
        known = [n for member in roster for n in (member.name, *member.aliases)]
        grown = _themes(
            judged, codings, vectors, registry_body, settings, book, phrases, tell, known
        )
        themes = people.themes(grown.themes)
        assigned = people.assign(_assign(judged, codings, vectors, grown), themes)
        problems = [*problems, *people.problems()]
        by_id = {d.doc_id: d for d in documents}
        tell("evidence", 0, 1)
        keys = publish.citation_keys(documents)
        homeless = sum(a.judgement.kind == "impediment" and not a.theme_ids for a in assigned)
        weighed = evidence.weigh(by_id, assigned, themes, settings, settings.themes.seed, keys=keys)
        record = Run(
            run_id="R-" + digest(asked, registry_body, key or b"", length=10),
            corpus=corpus.resolve().name,
            report_date=max((d.date for d in documents if d.date), default=None),
            inputs=publish.input_rows(documents),
            skipped=tuple({"path": s.name, "reason": s.reason} for s in skipped),
            settings=runrecord.public(settings),
            versions=runrecord.versions(),
            model=runrecord.model_facts(encoder, embedder, book),
            seed=settings.themes.seed,
            parent_state=started.parent,
            counts=runrecord.counts(documents, assigned, themes, grown.reasons) | people.counts(),
            problems=tuple(runrecord.problems(documents, problems)),
            events=tuple(grown.events),
            beside=started.facts(runrecord.CODE),
        )
        bundle = publish.Bundle(
            title=settings.publish.title,
            corpus=corpus.resolve().name,
            documents=tuple(documents),
            evidence=tuple(weighed),
            findings=(),
            run=record,
            source_prefix=links,
            overlaps=evidence.cooccurrence(weighed),
            saturation=evidence.saturation(weighed, by_id),
            places=evidence.passage_map(assigned, by_id),
            template=template,
            checks=checks,
        )
        passages = [j.passage for j in judged]
        # From here on nothing sees a name: findings are stated from what may be shown.
        shown, source = naming.masked(bundle, passages, settings, roster, key, recogniser)
        shown = naming.stated(shown, settings, again=bool(registry_body), abstained=homeless)
        tell("evidence", 1, 1)
        tell("publish", 0, 1)
        record = msgspec.structs.replace(shown.run, outputs=publish.publish(out, shown))
        publish.write_run(out, record)
        with store.transaction():
            store.keep_blob("registry", grown.registry)
            naming.keep(store, source)
            store.keep_blob("fingerprint", asked.encode())
            store.keep_blob("corpus", str(corpus.resolve()).encode())
            store.keep_blob("codebook", msgspec.msgpack.encode(book))
            keep_rulings(store, assigned, by_id)
            started.keep(store, record)
            store.keep_blob(exchange.FINDINGS, msgspec.msgpack.encode(shown.findings))
            store.keep_decisions(decided.rows())
            plain = runrecord.shown(weighed, documents, names=True)
            store.keep_run(record, [*runrecord.shown(shown.evidence, shown.documents), *plain])
        tell("publish", 1, 1)
    return Result(run=record, out=out, changed=True, ranking=runrecord.ranking(shown.evidence))


def _preload(module: str) -> threading.Thread:
    """Import a slow library in a thread while other work goes on; join before it is used."""
    thread = threading.Thread(target=importlib.import_module, args=(module,), daemon=True)
    thread.start()
    return thread


# -- reading --------------------------------------------------------------------------------------


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
            runrecord.CODE, sha, limits,
            *(msgspec.json.encode([f.name, rows.get(f.name)], order="sorted") for f in group),
            length=32,
        )
        for sha, group in groups.items()
    }  # fmt: skip
    kept = {sha: store.document(key) for sha, key in keys.items()}
    documents = {s: d for s, d in kept.items() if d and not read.now_readable(d, settings.read)}
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
    classifier: classify.Classifier,
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
    thresholds = msgspec.json.encode(settings.classify)
    headings = [" > ".join(u.heading_path) for u in units]
    keys = [
        digest(
            runrecord.CODE, classifier.sha256, thresholds, u.type, heading, u.text, u.language,
            length=32,
        )
        for u, heading in zip(units, headings, strict=True)
    ]  # fmt: skip
    kept = store.judgements(keys)
    todo = {k: i for i, k in reversed(list(enumerate(keys))) if k not in kept}
    order = sorted(todo.values())
    tell("classify", 0, len(order))
    # spaCy is loaded by now; BERTopic takes seconds to import, and the model leaves Python free.
    loading = _preload("bertopic") if len(order) > CHECKPOINT // 4 else None
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
    if loading is not None:
        loading.join()
    decode = msgspec.msgpack.Decoder(classify.Judged).decode
    reference = classify.reference_pages(documents)
    out = []
    for unit, key in zip(units, keys, strict=True):
        judged = decode(kept[key])
        if unit.doc_id in reference:
            doubted = classify.doubt(judged.judgement)
            judged = msgspec.structs.replace(judged, judgement=doubted)
        out.append(Judged(passage=unit, judged=judged))
    return out


def _overruled(item: Judged, people: exchange.Replay) -> Judged:
    """Return a judged passage as people decided about it."""
    passage, judgement = people.overrule(item.passage, item.judged.judgement)
    judged = msgspec.structs.replace(item.judged, judgement=judgement)
    return Judged(passage=passage, judged=judged)


#: Passages after which results are written to the state.
CHECKPOINT = 1024


def _code(
    judged: Sequence[Judged],
    people: exchange.Replay,
    book: Codebook,
    classifier: classify.Classifier,
    store: Store,
) -> list[Coding]:
    """Code passages, as people taught too."""
    packaged, fitted = (
        functools.partial(embed.kept, embedder=e, store=store)
        for e in (classifier.encoder, classifier)
    )
    lessons = Lessons(exchange.lessons(people.decided, book), fitted)
    return Coder(exchange.looked_for(book), packaged, lessons).code(
        [j.passage.text for j in judged],
        [people.codable_kind(j.passage, j.judged.judgement.kind) for j in judged],
        [j.judged.codes for j in judged],
        everything=False,
        untaught=frozenset(i for i, j in enumerate(judged) if people.coded(j.passage)),
    )


class Grown(Struct, frozen=True, kw_only=True):
    """The one list of themes, and who belongs to the emergent ones."""

    themes: tuple[Theme, ...]
    members: dict[int, str]
    attached: dict[int, str]
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
    encode: Callable[[Sequence[str]], Vectors],
    tell: Reporter,
    names: Sequence[str] = (),
) -> Grown:
    """Discover emergent themes among impediments and put them in one list with the codes."""
    scope = settings.themes.scope
    # What is not for quotation lends no word to a theme's name; it counts under its codes.
    rows = [
        i for i, j in enumerate(judged) if j.judged.judgement.kind in scope and j.passage.quotable
    ]
    others = [
        i
        for i, j in enumerate(judged)
        if j.judged.judgement.kind in CODED_KINDS and j.judged.judgement.kind not in scope
    ]
    tell("themes", 0, len(rows))
    shares = _code_shares(judged)
    texts = [judged[i].passage.text for i in rows]
    grown = grow(
        texts,
        embed.stack(vectors, texts),
        [digest(text, length=32) for text in texts],
        registry_body,
        settings.themes,
        encode=encode,
        codes=embed.stack(shares, texts),
        confirmed=[judged[i].judged.judgement.tier == "confirmed" for i in rows],
        background=[j.passage.text for j in judged if j.judged.judgement.kind not in scope],
        names=[*names, *(j.passage.speaker for j in judged if j.passage.speaker)],
    )
    members = {
        i: grown.ids[m.theme]
        for i, m in zip(rows, grown.memberships, strict=True)
        if m.theme is not None
    }
    beside = [judged[i].passage.text for i in others]
    near = attach(blend(embed.stack(vectors, beside), embed.stack(shares, beside)), grown.centroids)
    attached = {i: grown.ids[t] for i, t in zip(others, near, strict=True) if t is not None}
    tell("themes", len(rows), len(rows))
    return Grown(
        themes=(*codes_as_themes(book), *emergent_themes(grown, members, codings)),
        members=members,
        attached=attached,
        reasons=reasons(grown.memberships),
        events=tuple(grown.events),
        registry=grown.registry,
    )


def _code_shares(judged: Sequence[Judged]) -> dict[str, Vectors]:
    """Return the mean probabilities of codes (18,) of each text, whatever heading it stood under.

    A theme may depend on texts alone, never on which of two equal ones came first.
    """
    found: dict[str, list[tuple[float, ...]]] = {}
    for item in judged:
        row = tuple(item.judged.codes.get(code, 0.0) for code in classify.CODES)
        found.setdefault(item.passage.text, []).append(row)
    return {
        text: np.array(sorted(rows), dtype=np.float64).mean(axis=0).astype(np.float32)
        for text, rows in found.items()
    }


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


def _unchanged(store: Store, out: Path, asked: str) -> Run | None:
    """Return the last run if it was asked the same and its outputs are still what it wrote."""
    if (store.blob("fingerprint") or b"").decode() != asked:
        return None
    runs = store.runs()
    if not runs or not publish.intact(out, runs[-1]) or store.blob(RULINGS) is None:
        return None
    return runs[-1]
