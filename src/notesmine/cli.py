"""Click commands: parse, call the library, print. No logic; heavy imports stay inside functions."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from notesmine import __version__
from notesmine.friendly import friendly as _friendly

if TYPE_CHECKING:
    from notesmine.pipeline import Result

FOLDER = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
OUTPUTS = "Output folder of the run, in which releases and samples are looked up."
FORMS = {".md": "md", ".markdown": "md", ".json": "json"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="notesmine")
def main() -> None:
    """Find the impediments that project notes report, each with verbatim evidence.

    \b
    Begin with:  notesmine run FOLDER-WITH-NOTES -o outputs
    and open     outputs/report.html
    """  # noqa: D301 - Click wants the character
    for stream in (sys.stdout, sys.stderr):
        # A pipe on Windows may know few letters: what it cannot carry becomes a question mark.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command()
@click.argument("corpus", type=FOLDER, required=False)
@click.option("-o", "--out", type=FOLDER, help="Output folder (default: outputs).")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@click.option("--settings", type=FILE, help="Settings (default: notesmine.toml, see `init`).")
@click.option("--codebook", type=FILE, help="Codebook (default: codebook.toml, else built in).")
@click.option("--manifest", type=FILE, help="Do the run of this run.json again and compare.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the closing summary.")
@_friendly
def run(
    corpus: Path | None,
    out: Path | None,
    state: Path | None,
    settings: Path | None,
    codebook: Path | None,
    manifest: Path | None,
    quiet: bool,
) -> None:
    """Read CORPUS (default: corpus) and write the synthesis of its impediments to OUT.

    Only what changed since the last run is done again. Exit code 0: done; 2: wrong usage or
    nothing to read; 3: done, but some documents were not read (each is named).

    With --manifest a run is done anew from its record, its notes found by their hashes. Exit code
    0: every output is identical; 1: not, and what differs is named.
    """
    if manifest is not None:
        from notesmine.rerun import command

        sys.exit(command(manifest, corpus, out, state, settings, codebook, quiet, click.echo))
    corpus, out = corpus or Path("corpus"), out or Path("outputs")
    from notesmine import pipeline
    from notesmine.console import reporter
    from notesmine.project import find_codebook, find_settings

    chosen = find_settings(settings, corpus)
    with reporter(quiet=quiet) as tell:
        result = pipeline.run(
            corpus,
            out,
            state=state,
            settings=chosen,
            codebook=find_codebook(codebook, corpus, chosen),
            report=tell,
        )
    _summary(result)
    sys.exit(result.exit_code)


def _summary(result: Result) -> None:
    from notesmine.console import summary

    for line in summary(result):
        click.echo(line)


@main.command()
@click.argument("paths", type=FOLDER, nargs=-1, required=True)
@click.option("-o", "--out", type=FOLDER, required=True, help="Folder for the two JSONL files.")
@click.option("--settings", type=FILE, help="Settings (default: notesmine.toml).")
@_friendly
def extract(paths: tuple[Path, ...], out: Path, settings: Path | None) -> None:
    """Read PATHS and write OUT/documents.jsonl and OUT/passages.jsonl.

    They hold the source's words: names are not masked.
    """
    from notesmine.commands import extract as command
    from notesmine.project import find_settings

    documents, passages, failed = command(paths, out, find_settings(settings, paths[0]))
    for document in documents:
        for problem in document.problems:
            page = f" p. {problem.page}" if problem.page else ""
            click.echo(f"{document.paths[0]}{page}: {problem.code}: {problem.message}", err=True)
    click.echo(f"{len(documents)} documents ({failed} not read), {passages} passages: {out}")
    sys.exit(3 if failed else 0)


@main.command()
@click.argument("source", metavar="IN.jsonl", type=FILE)
@click.option("-o", "--out", type=FOLDER, required=True, help="Output JSONL.")
@_friendly
def classify(source: Path, out: Path) -> None:
    """Add to each row of IN.jsonl its kind, the probabilities of kinds, and why.

    Texts go through as they are: names are not masked.
    """
    from notesmine.commands import classify as command

    click.echo(f"{command(source, out)} rows: {out}")


@main.command()
@click.argument("source", metavar="IN.jsonl", type=FILE)
@click.option("-o", "--out", type=FOLDER, required=True, help="Output JSONL.")
@click.option("--codebook", type=FILE, help="Codebook (default: codebook.toml, else built in).")
@_friendly
def code(source: Path, out: Path, codebook: Path | None) -> None:
    """Add to each row of IN.jsonl its ranked codes and its stance.

    Texts go through as they are: names are not masked.
    """
    from notesmine.commands import code as command
    from notesmine.project import find_codebook, find_settings

    book = find_codebook(codebook, source, find_settings(None, source))
    click.echo(f"{command(source, out, book)} rows: {out}")


@main.command()
@click.argument("source", metavar="IN.jsonl", type=FILE)
@click.option("-o", "--out", type=FOLDER, required=True, help="Output JSONL.")
@click.option("--settings", type=FILE, help="Settings (default: notesmine.toml).")
@_friendly
def themes(source: Path, out: Path, settings: Path | None) -> None:
    """Discover themes over all rows of IN.jsonl and add each row's theme."""
    from notesmine.commands import themes as command
    from notesmine.project import find_settings

    rows, found = command(source, out, find_settings(settings, source))
    click.echo(f"{rows} rows, {found} themes: {out}")


@main.command()
@click.argument("out", type=FOLDER, default=Path("outputs"))
@click.option("--corpus", type=FOLDER, help="Where the source files are now.")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@click.option("--settings", type=FILE, help="Settings (default: notesmine.toml).")
@_friendly
def verify(out: Path, corpus: Path | None, state: Path | None, settings: Path | None) -> None:
    """Check every quote published in OUT against its source file. Exit 1 unless all verbatim."""
    from notesmine.commands import verify as command
    from notesmine.config import load_settings
    from notesmine.publish import table

    checks = command(out, corpus, state, load_settings(settings) if settings else None)
    bad = [c for c in checks if c.verdict != "verbatim"]
    for check in bad:
        click.echo(
            f"{check.verdict:8}  {check.quote_id}  {check.file}  {check.path}: {check.detail}"
        )
    for line in table(checks):
        click.echo(line)
    counts = ", ".join(
        f"{sum(c.verdict == name for c in checks)} {name}"
        for name in ("verbatim", "moved", "changed", "lost")
    )
    click.echo(f"{len(checks)} quotes checked: {counts}")
    sys.exit(1 if bad else 0)


@main.command()
@click.argument("ident", metavar="ID")
@click.option("-o", "--out", type=FOLDER, default=Path("outputs"), help="Output folder.")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@click.option("--with-names", is_flag=True, help="Show names as the notes write them.")
@_friendly
def show(ident: str, out: Path, state: Path | None, with_names: bool) -> None:
    """Show a theme with its history, a quote with its context and citations, or a document.

    Names are masked as in the outputs.

    \b
    notesmine show T-017            as it stands now
    notesmine show T-017@2025-q1    as the release 2025-q1 has it, and what became of it since
    """  # noqa: D301 - Click wants the character
    from notesmine.commands import show as command

    for line in command(ident, out, state, with_names=with_names):
        click.echo(line)


@main.command()
@click.argument("name", required=False)
@click.option("-o", "--out", type=FOLDER, default=Path("outputs"), help="Output folder.")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@click.option("--list", "listing", is_flag=True, help="List the releases there are.")
@_friendly
def release(name: str | None, out: Path, state: Path | None, listing: bool) -> None:
    """Freeze the current outputs under NAME, so that they can be cited for ever.

    Do this when a report is sent round. The files are copied to OUT/releases/NAME, and everything
    that `show` prints is kept: `notesmine show T-017@NAME` answers even when outputs are deleted or
    the notes have changed, and says what became of the theme since. A release never changes; a
    later `run` leaves it alone.
    """
    from notesmine import editions

    if listing:
        for line in editions.listed(out, state=state):
            click.echo(line)
        return
    if name is None:
        raise click.UsageError("Give the release a NAME, as in: notesmine release 2025-q1")
    done = editions.release(name, out, state=state)
    run, said = done.edition.run, "released" if done.new else "is there already, identical"
    click.echo(f"{done.edition.name}: {said} ({run.run_id}, {len(run.inputs)} documents)")
    click.echo(f"Copy          {done.folder}")
    click.echo(f"Cite from it  notesmine show ID@{done.edition.name}")


@main.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("-o", "--out", type=FOLDER, help="File to write: .md or .json.")
@click.option("--to", "form", type=click.Choice(["json", "md"]), help="Form of the file.")
@click.option("--outputs", type=FOLDER, default=Path("outputs"), show_default=True, help=OUTPUTS)
@click.option("--state", type=FOLDER, help="State folder (default: beside the outputs).")
@_friendly
def diff(
    a: str, b: str, out: Path | None, form: str | None, outputs: Path, state: Path | None
) -> None:
    """Say what changed from A to B: themes, evidence, documents, settings.

    A and B are names of releases, output folders, or run ids (R-...). Two output folders are
    compared by their files alone. Exit code 0 whether anything differs or not, 2 for wrong usage.

    \b
    notesmine diff 2025-q1 outputs            since the release
    notesmine diff 2025-q1 2025-q2            one release and the next
    notesmine diff old new --to md -o what-is-new.md
    """  # noqa: D301 - Click wants the character
    from notesmine import editions
    from notesmine.commands import write_apart

    form = _form(out, form) if out is not None else form
    found = editions.diff(a, b, out=outputs, state=state)
    if form is None:
        for line in editions.to_lines(found):
            click.echo(line)
        return
    text = editions.to_json(found) if form == "json" else editions.to_markdown(found)
    if out is None:
        click.echo(text.encode("utf-8", "replace"), nl=False)  # bytes go out as they are
    else:
        write_apart(out, text)
        click.echo(f"{a} -> {b}: {out}")


def _form(out: Path, form: str | None = None) -> str:
    """Return the form of a file by its ending, which must not speak against what was asked for."""
    found = FORMS.get(out.suffix.casefold())
    if found is None or form not in {None, found}:
        endings = ", ".join(e for e, f in FORMS.items() if form in {None, f})
        raise click.UsageError(f"{out.name}: name a file that ends in {endings}")
    return found


@main.command()
@click.argument("out", type=FOLDER, default=Path("outputs"))
@click.option("-n", "number", type=click.IntRange(min=1), default=100, help="Passages to draw.")
@click.option("-o", "--sheet", type=FOLDER, required=True, help="The XLSX file to write.")
@click.option("--seed", type=int, default=1, help="Another seed draws another sample.")
@click.option("--titles", is_flag=True, help="Show each passage's document title and date.")
@click.option("--with-unquotable", is_flag=True, help="Draw passages not for quotation too.")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@_friendly
def sample(
    out: Path,
    number: int,
    sheet: Path,
    seed: int,
    titles: bool,
    with_unquotable: bool,
    state: Path | None,
) -> None:
    """Write a sheet on which people code passages by hand, to check the machine.

    The passages are drawn at random from the last run in OUT: what the machine took for an
    impediment, what it doubted, and what it passed over. The sheet is blind: what the machine said
    stays in the state. Give a copy to one or two people, with the sheet Guide in it; then

    \b
    notesmine agree filled-in.xlsx machine

    says how far they agree. Passages marked as not for quotation are left out unless asked for.
    """  # noqa: D301 - Click wants the character
    from notesmine import checking

    drawn = checking.sample(
        out, sheet, n=number, seed=seed, titles=titles, all_passages=with_unquotable, state=state
    )
    click.echo(f"{len(drawn.rows)} of {drawn.population} passages: {sheet}")
    for group, drawn_of, there in drawn.by_group():
        click.echo(f"  {group:36} {drawn_of:5} of {there}")
    if drawn.withheld:
        click.echo(f"Left out     {drawn.withheld} passages not for quotation")
    click.echo(f"Sample       {drawn.sample_id}, seed {seed}; the answers stay in the state")


@main.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option(
    "--by",
    type=click.Choice(["kind", "code", "document"]),
    default="kind",
    help="What the figures are broken down by.",
)
@click.option("-o", "--out", type=FOLDER, help="File to write: .md or .json.")
@click.option("--outputs", type=FOLDER, default=Path("outputs"), show_default=True, help=OUTPUTS)
@click.option("--state", type=FOLDER, help="State folder (default: beside the outputs).")
@_friendly
def agree(a: str, b: str, by: str, out: Path | None, outputs: Path, state: Path | None) -> None:
    """Say how far two codings of the same passages agree.

    A and B are filled-in sheets (XLSX; or CSV or JSONL with id, kind, code), or the word `machine`.
    Cohen's kappa, Krippendorff's alpha, and, against the machine, its precision and recall, each
    with an interval, over all text and over coded text only; then where they disagree.

    \b
    notesmine agree anna.xlsx ben.xlsx               do two people agree?
    notesmine agree anna.xlsx machine --by code      how right is the machine?

    The figures are kept in the state where it knows all the rows. Exit code 0 however far they
    agree; 2 if a sheet cannot be read. Rows that cannot be taken are listed, and left out.
    """  # noqa: D301 - Click wants the character
    from notesmine import checking
    from notesmine.commands import write_apart

    form = _form(out) if out is not None else ""
    found = checking.agree(a, b, out=outputs, state=state)
    for line in checking.to_lines(found, by):  # type: ignore[arg-type]
        click.echo(line)
    if out is not None:
        text = (
            checking.to_json(found) if form == "json" else checking.to_markdown(found, by)  # type: ignore[arg-type]
        )
        write_apart(out, text)
        click.echo(f"\nWritten      {out}")


@main.command()
@click.argument("out", type=FOLDER, default=Path("outputs"))
@click.option("--to", "form", type=click.Choice(["qdpx", "xlsx", "jsonl"]), help="Form of FILE.")
@click.option("-o", "--file", type=FOLDER, required=True, help="The file to write.")
@click.option("--with-names", is_flag=True, help="Text, titles and paths verbatim, names and all.")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@_friendly
def export(out: Path, form: str | None, file: Path, with_names: bool, state: Path | None) -> None:
    """Write the last run in OUT for other programs.

    \b
    qdpx   a REFI-QDA project for NVivo, ATLAS.ti, MAXQDA, QualCoder and others
    xlsx   a workbook of codings to correct
    jsonl  every passage with all that is known of it

    Corrections made there come back through `notesmine import`. The whole text of the notes is in
    a qdpx file, passages not for quotation too: think of that before you send it on.
    """  # noqa: D301 - Click wants the character
    from notesmine import exchange

    chosen = form or file.suffix.casefold().removeprefix(".")
    if chosen not in {"qdpx", "xlsx", "jsonl"}:
        raise click.UsageError("Give the form: --to qdpx, --to xlsx or --to jsonl")
    done = exchange.export(out, file, chosen, state=state, with_names=with_names)  # type: ignore[arg-type]
    click.echo(
        f"{done.documents} documents, {done.passages} coded passages, {done.codes} codes: {file}"
    )
    click.echo(
        f"Names        {done.hidden} stretches of text are shown as brackets"
        if done.hidden
        else "Names        source text is verbatim, as the notes write it"
    )


@main.command("import")
@click.argument("file", type=FILE)
@click.option("-o", "--out", type=FOLDER, default=Path("outputs"), help="Outputs it came from.")
@click.option("--dry-run", is_flag=True, help="Show the changes, take none.")
@click.option("--who", default="", help="Who decided, where the file does not say.")
@click.option("--corpus", type=FOLDER, help="The notes (default: where the last run read them).")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@_friendly
def import_(
    file: Path, out: Path, dry_run: bool, who: str, corpus: Path | None, state: Path | None
) -> None:
    """Take back what people corrected in an exported FILE (.qdpx or .xlsx).

    The changes are listed first; asked on a terminal, you may refuse them. They are written as
    decisions to decisions.toml beside the notes and hold from the next run on, over the machine.
    What cannot be placed or taken is listed too.
    """
    import datetime

    from notesmine import exchange

    today = datetime.date.today().isoformat()  # noqa: DTZ011 - the day where the person is
    found = exchange.compare_file(file, out, state=state, corpus=corpus, who=who, when=today)
    for line in found.changes.lines():
        click.echo(line)
    number = len(found.changes.fresh)
    if not number:
        return
    if dry_run:
        click.echo("Nothing taken (--dry-run)")
        return
    if sys.stdin.isatty():
        click.confirm(f"Take {number} decisions into {found.file.name}?", default=True, abort=True)
    exchange.take(found, out, state=state)
    click.echo(f"Taken        {number} decisions: {found.file}")
    click.echo("Next         notesmine run: they hold from then on")


@main.command()
@click.argument("out", type=FOLDER, default=Path("outputs"))
@click.option("--initials", default="", help="Who decides; can be changed on the page.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: any free one.")
@click.option("--with-names", is_flag=True, help="Show names as the notes write them.")
@click.option("--corpus", type=FOLDER, help="The notes (default: where the last run read them).")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@_friendly
def review(
    out: Path, initials: str, port: int, with_names: bool, corpus: Path | None, state: Path | None
) -> None:
    """Go through the passages of the last run in OUT on a local web page, with the keyboard.

    Accept, reject, recode, rename, merge, split, pin, veto: each passage stands in its context.
    Every decision is in decisions.toml beside the notes before the page says so, and holds from the
    next run on. The page is reached from this machine only, by a link that works once. Names are
    masked as in the outputs.
    """
    from notesmine.review import review as command

    taken = command(
        out, initials=initials, port=port, state=state, corpus=corpus, with_names=with_names,
        tell=click.echo,
    )  # fmt: skip
    click.echo(f"\nTaken        {taken} decisions; they are in decisions.toml beside the notes")
    click.echo("Next         notesmine run: they hold from then on")


@main.command()
@click.argument("folder", type=FOLDER, default=Path())
@_friendly
def init(folder: Path) -> None:
    """Write the files to be edited into FOLDER: settings, codebook, metadata.csv, people.csv."""
    from notesmine.project import initialise

    for name, written in initialise(folder):
        click.echo(f"{name}: {'written' if written else 'is there already, left as it is'}")


@main.command()
@_friendly
def doctor() -> None:
    """Say which versions and models are here, what is missing, and how to get it."""
    from notesmine.commands import doctor as command

    lines, sound = command()
    for line in lines:
        click.echo(line)
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
