"""Synthetic documents for the tests of evidence, synthesis and publishing: no file, no model."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notesmine.config import Settings
from notesmine.evidence import Assigned, cooccurrence, passage_map, saturation, weigh
from notesmine.publish import Bundle, citation_keys, input_rows
from notesmine.records import (
    Block,
    CodeScore,
    Coding,
    Document,
    Judgement,
    Kind,
    Passage,
    Problem,
    Run,
    Stance,
    Status,
    Theme,
    Tier,
    digest,
)
from notesmine.synthesis import findings

DIMENSIONS = 16
SEED = 20


def vector(*parts: str) -> NDArray[np.float32]:
    """A unit vector that depends on words alone; shared words bring vectors together."""
    total = np.zeros(DIMENSIONS)
    for part in parts:
        seed = int(digest(part, length=8), 16)
        total += np.random.default_rng(seed).normal(size=DIMENSIONS)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


class Notes:
    """Builds documents line by line, and the passages in them."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._facts: dict[str, dict[str, object]] = {}
        self._lines: list[tuple[str, int, dict[str, object]]] = []

    def note(
        self,
        path: str,
        date: str | None = None,
        *,
        title: str = "",
        meeting: str = "Monthly meeting",
        organisation: str = "Statistics Office",
        format: str = "pdf",  # noqa: A002 - the record's own name
        status: Status = "ok",
        quotable: bool = True,
        problems: tuple[Problem, ...] = (),
        paths: tuple[str, ...] = (),
    ) -> str:
        self._texts[path] = [] if status == "failed" else ["Present: all."]
        self._facts[path] = {
            "paths": (path, *paths),
            "date": date,
            "title": title or f"Notes of {date or path}",
            "meeting": meeting,
            "organisation": organisation,
            "format": format,
            "status": status,
            "quotable": quotable,
            "problems": problems,
            "language": "en",
        }
        return path

    def say(
        self,
        path: str,
        text: str,
        themes: Sequence[str] = (),
        *,
        kind: Kind = "impediment",
        probability: float = 0.95,
        tier: Tier = "confirmed",
        stance: Stance = "open",
        quotable: bool = True,
        page: int | None = None,
        heading: tuple[str, ...] = ("Impediments",),
        speaker: str | None = None,
        date: str | None = None,
        vector: NDArray[np.float32] | None = None,
    ) -> None:
        position = len("\n".join([*self._texts[path], ""]))
        self._texts[path].append(text)
        self._lines.append(
            (
                path,
                position,
                {
                    "text": text, "themes": tuple(themes), "kind": kind, "stance": stance,
                    "probability": probability, "tier": tier, "quotable": quotable, "page": page,
                    "heading": heading, "speaker": speaker, "date": date, "vector": vector,
                },
            )
        )  # fmt: skip

    def documents(self) -> dict[str, Document]:
        found = {}
        for path, facts in self._facts.items():
            text = "\n".join(self._texts[path])
            sha = hashlib.sha256(f"{facts['date']}|{facts['title']}|{text}".encode()).hexdigest()
            blocks = tuple(
                Block(type="bullet", start=at, end=at + len(str(x["text"])), page=x["page"])  # type: ignore[arg-type]
                for p, at, x in self._lines
                if p == path
            )
            document = Document(doc_id=sha[:12], sha256=sha, text=text, blocks=blocks, **facts)  # type: ignore[arg-type]
            found[document.doc_id] = document
        return found

    def assigned(self) -> list[Assigned]:
        ids = {d.paths[0]: d.doc_id for d in self.documents().values()}
        return [self._assign(ids[path], at, **facts) for path, at, facts in self._lines]  # type: ignore[arg-type]

    @staticmethod
    def _assign(
        doc_id: str, at: int, *, text: str, themes: tuple[str, ...], kind: Kind, stance: Stance,
        probability: float, tier: Tier, quotable: bool, page: int | None,
        heading: tuple[str, ...], speaker: str | None, date: str | None,
        vector: NDArray[np.float32] | None,
    ) -> Assigned:  # fmt: skip
        scores: dict[str, float] = {"impediment": 0.02}
        scores[kind] = probability
        return Assigned(
            passage=Passage(
                passage_id=digest(doc_id, str(at)), doc_id=doc_id, start=at, end=at + len(text),
                text=text, type="bullet", page=page, heading_path=heading, speaker=speaker,
                date=date, quotable=quotable,
            ),
            judgement=Judgement(kind=kind, scores=scores, why="words of hindrance", tier=tier),
            coding=Coding(
                codes=tuple(CodeScore(code=t, score=0.8, assigned=True) for t in themes),
                stance=stance,
            ),
            theme_ids=themes,
            vector=vector,
        )  # fmt: skip


CODES = (
    ("ownership", "Nobody owns it", "No person or unit is named who decides and answers for it."),
    ("shelving", "Shelved after the pilot", "A method was tried, worked, and is not used."),
    ("data", "Access to data", "Data is missing, late, or may not be used."),
    ("capacity", "Too few people", "Time or staff is missing."),
    ("legal", "Legal doubts", "What the law allows is not clear."),
    ("unheard", "Never reported", "A code that nothing reports."),
)


def two_notes() -> Notes:
    """Return two notes, "a" and, a month later, "b", in which nothing is said yet."""
    notes = Notes()
    notes.note("a", "2025-01-10")
    notes.note("b", "2025-02-10")
    return notes


def themes() -> list[Theme]:
    return [
        *(Theme(theme_id=i, origin="code", label=n, definition=d) for i, n, d in CODES),
        Theme(
            theme_id="T-017", origin="emergent", label="register, owner, unclear",
            parent_id="ownership", words=("register", "owner", "unclear"), stability=0.83,
        ),
    ]  # fmt: skip


def sample() -> Notes:
    """Sixteen notes of fourteen months and two organisations, two of them unreadable or undated."""
    rng = random.Random(7)
    notes = Notes()
    months = [f"{2024 + (8 + n) // 12}-{(8 + n) % 12 + 1:02d}" for n in range(14)]
    paths = []
    for n, name in enumerate(months):
        paths.append(
            notes.note(
                f"{name}_note-{n:02d}.{'pptx' if n % 5 == 4 else 'pdf'}",
                f"{name}-{10 + n:02d}",
                title=f"Monthly meeting {n + 1}",
                organisation="Statistics Office" if n % 3 else "Mapping Agency",
                format="pptx" if n % 5 == 4 else "pdf",
            )
        )
    paths.append(notes.note("undated.md", None, title="Loose notes", meeting="", format="md"))
    notes.note(
        "broken.pdf", None, title="", meeting="", status="failed",
        problems=(Problem(code="damaged", message="nothing could open it", hint="Send it again."),),
    )  # fmt: skip
    things = (
        "the flagger", "the building map", "the price coder", "the survey helper", "the register",
        "the dashboard", "the text model", "the outlier check",
    )  # fmt: skip
    ways = {
        "ownership": (
            "nobody has been named who decides about {} once the project is over",
            "when asked whose {} it is, three units pointed at one another",
            "{} stands in no inventory, and its line for a responsible person is empty",
            "the unit that was to take over {} says that it never agreed",
            "changes to {} wait, since no one may approve them",
        ),
        "shelving": (
            "{} worked in the trial and has not been used since, and no one asked why",
            "the report on {} was applauded and filed; the old way goes on",
            "after the pilot of {} the team was moved to other work",
            "we hear that {} will be looked at again after the census, as last year",
        ),
        "data": (
            "the files that {} needs come late, and in a format that changes each quarter",
            "for {} we still have no permission to link the two registers",
            "half of what {} was trained on may not leave the agency",
        ),
        "capacity": (
            "there is one person for {}, half of the week, and she leaves in spring",
            "work on {} stopped while the monthly figures were due",
        ),
        "legal": (
            "the lawyers have not said yet whether {} may see the addresses",
            "it is open if the decree covers {} at all",
        ),
    }
    openings = ("", "We said again that ", "From the round: ", "In short, ", "As before, ")
    share = {"ownership": 0.75, "shelving": 0.6, "data": 0.45, "capacity": 0.35, "legal": 0.2}
    for n, path in enumerate(paths):
        for code, sentences in ways.items():
            if rng.random() > share[code]:
                continue
            thing = things[(n * 3 + len(code)) % len(things)]
            extra = ("T-017",) if code == "ownership" and n % 2 else ()
            notes.say(
                path, openings[n % 5] + sentences[n % len(sentences)].format(thing) + ".",
                (code, *extra), page=1 + n % 4, probability=0.8 + rng.random() / 5,
                heading=("Round table", "Impediments"), vector=vector(code, thing),
                speaker=rng.choice([None, "CJ", "Head of unit"]),
            )  # fmt: skip
        notes.say(path, f"The next meeting is in room {n + 101}.", kind="status", probability=0.9)
    notes.say(
        paths[12], "The addresses may be used after all: the lawyers signed on Monday.", ("legal",),
        kind="resolved", page=2, vector=vector("legal", things[0]),
    )  # fmt: skip
    notes.say(
        paths[9], "A weekly hour with the register owners has helped.", ("ownership",),
        kind="enabler", page=1, vector=vector("ownership"),
    )  # fmt: skip
    notes.say(
        paths[10], "We propose that every method gets a named owner before the trial starts.",
        ("ownership", "T-017"), kind="proposal", page=3, vector=vector("ownership", "owner"),
    )  # fmt: skip
    notes.say(
        paths[11], "Some were surprised how long the approval took.", ("legal",), tier="review",
        probability=0.55, page=3, vector=vector("legal"),
    )  # fmt: skip
    return notes


def bundle(
    notes: Notes,
    *,
    settings: Settings | None = None,
    prefix: str | None = "../corpus/",
    listed: Sequence[Theme] | None = None,
) -> Bundle:
    """Weigh, state and bundle what the notes hold."""
    chosen = settings or Settings()
    documents = notes.documents()
    ordered = sorted(documents.values(), key=lambda d: d.doc_id)
    keys = citation_keys(ordered)
    evidence = weigh(documents, notes.assigned(), listed or themes(), chosen, SEED, keys=keys)
    run = Run(
        run_id="r1",
        corpus="corpus",
        report_date=max((d.date for d in ordered if d.date), default=None),
        inputs=input_rows(ordered),
        skipped=({"path": "README.md", "reason": "no document"},),
        settings={"themes": {"seed": SEED}, "publish": {"quotes": 6}},
        versions={"notesmine": "0.1.0"},
        model={"name": "none", "sha256": "0" * 64},
        seed=SEED,
        parent_state="",
        counts={"read": len(ordered)},
        problems=(),
    )
    return Bundle(
        title="Impediments reported in project notes",
        corpus="sample",
        documents=tuple(ordered),
        evidence=tuple(evidence),
        findings=tuple(findings(evidence, documents)),
        run=run,
        source_prefix=prefix,
        overlaps=cooccurrence(evidence),
        saturation=saturation(evidence, documents),
        places=passage_map(notes.assigned(), documents),
    )
