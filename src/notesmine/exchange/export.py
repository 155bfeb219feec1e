"""Write a finished run for other programs: a REFI-QDA project, a workbook, or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from notesmine.exchange import qdpx, sheet
from notesmine.exchange.names import Hide, hider, shown, shown_speaker
from notesmine.exchange.project import Project, borne, keep_baseline, load_project
from notesmine.publish.files import replace_file
from notesmine.store import Store, state_folder

Form = Literal["qdpx", "xlsx", "jsonl"]


class Exported(Struct, frozen=True, kw_only=True):
    """What an export wrote: ``hidden`` counts the stretches of text shown as brackets."""

    file: Path
    documents: int
    passages: int
    codes: int
    hidden: int
    run_id: str


def export(
    out: Path,
    file: Path,
    form: Form,
    *,
    state: Path | None = None,
    with_names: bool = False,
) -> Exported:
    """Write the newest run of an output folder into a file for other programs.

    Parameters
    ----------
    out : pathlib.Path
        The output folder; what is exported comes from the state beside it.
    file : pathlib.Path
        Replaced where it is there.
    form : {"qdpx", "xlsx", "jsonl"}
    state : pathlib.Path, optional
    with_names : bool, default False
        Give source text, titles and paths as they are, without the pseudonyms of the outputs.

    Returns
    -------
    Exported

    Raises
    ------
    StateError
        If there is no state, or no finished run in it.
    OutputError
        If the file cannot be written.
    """
    home = state_folder(out, state)
    Store(home, write=False).close()  # a missing state is an error here, never a new one
    with Store(home) as store:
        hide = hider(store, with_names=with_names)
        project = load_project(store, names=with_names)
        keep_baseline(store, project.run)
    if form == "qdpx":
        body = qdpx.render(project, hide)
    elif form == "xlsx":
        body = sheet.render(project, hide)
    else:
        rows = [msgspec.json.encode(row) + b"\n" for row in passages(project, hide)]
        body = b"".join(rows)
    replace_file(file.parent, file.name, body)
    known = [n.ident for n in project.nodes]
    return Exported(
        file=file,
        documents=len(project.documents),
        passages=sum(bool(borne(r, known)) for r in project.rulings),
        codes=len(project.evidence),
        hidden=sum(len(hide(d.text, i)) for i, d in project.documents.items()),
        run_id=project.run.run_id,
    )


def passages(project: Project, hide: Hide) -> Iterator[dict[str, Any]]:
    """Yield every passage of a run with all that is known of it, by document and place."""
    labels = {i: e.theme.label for i, e in project.evidence.items()}
    for ruling in project.rulings:
        document = project.documents.get(ruling.doc_id)
        row = msgspec.to_builtins(ruling)
        for name in ("text", "title", "why"):
            row[name] = shown(row[name], ruling.doc_id, hide).text
        row["speaker"] = shown_speaker(ruling.speaker, ruling.doc_id, hide)
        row["path"] = shown(ruling.path, "", hide).text
        row["heading_path"] = [shown(h, ruling.doc_id, hide).text for h in ruling.heading_path]
        row["codes"] = [
            {"code": c, "score": s}
            for c, s in zip(
                ruling.codes, ruling.code_scores or (None,) * len(ruling.codes), strict=False
            )
        ]
        del row["code_scores"]
        row["themes"] = [
            {"theme_id": t, "label": shown(labels.get(t, t), "", hide).text}
            for t in ruling.theme_ids
        ]
        del row["theme_ids"]
        if document is not None:
            row["organisation"] = shown(document.organisation, ruling.doc_id, hide).text
            row["meeting"] = shown(document.meeting, ruling.doc_id, hide).text
            row["sha256"], row["format"] = document.sha256, document.format
        row["run_id"] = project.run.run_id
        yield row
