"""Click commands: parse, call the library, print. No logic; heavy imports stay inside functions."""

from __future__ import annotations

import functools
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from notesmine import __version__
from notesmine.errors import NotesmineError

if TYPE_CHECKING:
    from notesmine.pipeline import Result

F = TypeVar("F", bound=Callable[..., Any])

FOLDER = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def _friendly(function: F) -> F:
    """Turn the project's errors into a message, the next step, and an exit code."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except NotesmineError as error:
            click.echo(f"Error: {error.message}", err=True)
            if error.hint:
                click.echo(f"What to do: {error.hint}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Stopped. What was done is kept; the next run goes on from here.", err=True)
            sys.exit(130)
        except sqlite3.Error as error:
            click.echo(f"Error: the state cannot be written or read: {error}", err=True)
            click.echo(
                "What to do: check free space; the last report is untouched. If it stays so, move"
                " the state folder (.notesmine) away.",
                err=True,
            )
            sys.exit(2)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            click.echo(f"Error: {error.strerror or error}{where}", err=True)
            click.echo(
                "What to do: check free space and rights; the last report is untouched.", err=True
            )
            sys.exit(2)

    return wrapped  # type: ignore[return-value]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="notesmine")
def main() -> None:
    r"""Find the impediments that project notes report, each with verbatim evidence.

    \b
    Begin with:  notesmine run FOLDER-WITH-NOTES -o outputs
    and open     outputs/report.html
    """


@main.command()
@click.argument("corpus", type=FOLDER, default=Path("corpus"))
@click.option("-o", "--out", type=FOLDER, default=Path("outputs"), help="Output folder.")
@click.option("--state", type=FOLDER, help="State folder (default: .notesmine/NAME beside OUT).")
@click.option("--settings", type=FILE, help="Settings (default: notesmine.toml, see `init`).")
@click.option("--codebook", type=FILE, help="Codebook (default: codebook.toml, else built in).")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the closing summary.")
@_friendly
def run(
    corpus: Path,
    out: Path,
    state: Path | None,
    settings: Path | None,
    codebook: Path | None,
    quiet: bool,
) -> None:
    """Read CORPUS and write the synthesis of its impediments to OUT.

    Only what changed since the last run is done again. Exit code 0: done; 2: wrong usage or
    nothing to read; 3: done, but some documents were not read (each is named).
    """
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
    """
    from notesmine.commands import show as command

    for line in command(ident, out, state, with_names=with_names):
        click.echo(line)


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
