"""What differs between a run and its rerun: outputs, and everything that they depend on."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from notesmine import origin
from notesmine.records import Run

Group = Literal[
    "note", "skipped file", "setting", "version", "model", "codebook", "seed", "parent state",
    "file", "record",
]  # fmt: skip

#: Outputs that print settings, versions, or the run's id, which follows from all of them.
PRINTED = ("report.html", "report.docx", "evidence.xlsx")
#: What else a package or setting can reach, where that is not everything.
REACH: dict[tuple[str, str], tuple[str, ...]] = {
    ("version", "xlsxwriter"): ("evidence.xlsx",),
    ("version", "matplotlib"): ("figures/*", "report.docx", "digest.docx"),
    ("version", "openpyxl"): (),
    ("version", "click"): (),
    ("setting", "publish.title"): ("report.*", "digest.docx", "evidence.xlsx"),
    ("setting", "publish.source_links"): ("report.*", "digest.docx", "references.*"),
    ("setting", "publish.quotes"): ("report.*", "digest.docx"),
    ("setting", "publish.docx_template"): ("report.docx",),
    ("file", origin.TEMPLATE): ("report.docx",),
    ("file", origin.CHECKS): ("report.*", "digest.docx", "evidence.xlsx"),
}
#: Names of what `Run.beside` holds, in words.
CALLED = {
    origin.CHECKS: "what people checked by hand",
    origin.CODE: "results of the code",
    origin.LINKS: "links to sources",
    origin.CODEBOOK: "codebook file",
    origin.TEMPLATE: "Word template",
    "people.csv": "people.csv (the roster)",
    "decisions.toml": "decisions.toml (people's decisions)",
    "metadata.csv": "metadata.csv",
}


class Cause(Struct, frozen=True, kw_only=True):
    """Something that a run depended on and that is another now; None where it was not there."""

    group: Group
    name: str
    then: Any
    now: Any

    def reaches(self, output: str) -> bool:
        """Whether an output can differ by this."""
        key = "version" if self.group == "version" else self.group
        patterns = REACH.get((key, self.name))
        if patterns is None:
            return True
        return output in PRINTED or any(fnmatch.fnmatchcase(output, p) for p in patterns)


class Output(Struct, frozen=True, kw_only=True):
    """A published file then and now, by SHA-256; None where there is none."""

    name: str
    then: str | None
    now: str | None

    @property
    def identical(self) -> bool:
        """Whether it is the same, byte by byte."""
        return self.then == self.now


def outputs(then: Run, now: Run) -> Iterator[Output]:
    """Yield every output of either run, in order of their names."""
    for name in sorted(then.outputs.keys() | now.outputs.keys()):
        yield Output(name=name, then=then.outputs.get(name), now=now.outputs.get(name))


def causes(then: Run, now: Run, more: Mapping[str, str]) -> Iterator[Cause]:
    """Yield what differs in what the runs depended on: notes first, the record last.

    ``more`` says what ``then.beside`` of an earlier version did not.
    """
    yield from _differing("note", _notes(then, now), _notes(now, then))
    yield from _differing("skipped file", _skipped(then), _skipped(now))
    yield from _differing("setting", _flat(then.settings), _flat(now.settings))
    if then.seed != now.seed and "themes.seed" not in _flat(then.settings):
        yield Cause(group="seed", name="seed", then=then.seed, now=now.seed)
    yield from _differing("version", then.versions, now.versions)
    for cause in _differing("model", then.model, now.model):
        book = cause.name.startswith("codebook")
        yield msgspec.structs.replace(cause, group="codebook") if book else cause
    if then.parent_state != now.parent_state:
        yield Cause(
            group="parent state", name="parent state", then=then.parent_state or None,
            now=now.parent_state or None,
        )  # fmt: skip
    if then.beside:
        yield from _differing("file", then.beside, now.beside)
    else:
        known = {k: now.beside.get(k, "") for k in more}
        yield from _differing("file", dict(more), known)


def _differing(group: Group, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Cause]:
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield Cause(group=group, name=name, then=then.get(name), now=now.get(name))


def _notes(run: Run, other: Run) -> dict[str, Any]:
    """Return the hash of every document that the other run has not, by its paths.

    Paths alone say nothing: they are masked as the roster of their run would have it.
    """
    known = {row["sha256"] for row in other.inputs}
    found: dict[str, Any] = {}
    for row in run.inputs:
        paths: Any = row["paths"]
        if row["sha256"] not in known:
            found |= dict.fromkeys(map(str, paths), row["sha256"])
    return found


def _skipped(run: Run) -> dict[str, str]:
    return {row["path"]: row["reason"] for row in run.skipped}


def _flat(value: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return nested settings as ``stage.key``; lists and tuples are one."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        name = f"{above}{key}"
        if isinstance(inner, Mapping):
            found |= _flat(inner, f"{name}.")
        else:
            found[name] = list(inner) if isinstance(inner, (list, tuple)) else inner
    return found
