"""Run the notebooks without Jupyter, and write them with what they print and draw.

    python notebooks/render.py                          the copies in docs/notebooks, anew
    python notebooks/render.py --on my-report -o pages  HTML pages of your own notes

Cells are those of the jupytext percent format. A figure that is open when a cell ends is drawn
below it.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from notesmine.errors import NotesmineError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COPIES = ROOT / "docs" / "notebooks"
NAMES = ("first_look", "theme_to_citation", "stability", "coding_agreement")
#: Same bytes each time: no date, fixed ids. Letters as letters: a third of the size.
RC = {"svg.hashsalt": "notesmine", "svg.fonttype": "none", "figure.dpi": 100}
CSS = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c2b36}pre{background:#f3f6f8;padding:.7rem;overflow:auto;font-size:13px}"
    "img{max-width:100%}"
)


class Cell(NamedTuple):
    """A cell: Markdown or code."""

    kind: str
    text: str


class Done(NamedTuple):
    """A cell that was run: what it printed, and its figures as SVG."""

    cell: Cell
    printed: str = ""
    figures: tuple[str, ...] = ()


class Failed(Exception):
    """A cell that raised; the message holds its text and the traceback."""


def cells(source: str) -> Iterator[Cell]:
    """Yield the cells of a percent script; what stands before the first is its header."""
    for part in re.split(r"(?m)^# %%", source)[1:]:
        head, _, body = part.partition("\n")
        if "[markdown]" in head:
            lines = (re.sub(r"^# ?", "", line) for line in body.strip().splitlines())
            yield Cell("markdown", "\n".join(lines))
        else:
            yield Cell("code", body.strip("\n"))


def execute(path: Path) -> list[Done]:
    """Run the cells of a notebook in a namespace of their own.

    Raises
    ------
    Failed
        If a cell raises.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    space: dict[str, Any] = {"__name__": "__main__"}
    done = []
    with mpl.rc_context(RC):
        plt.close("all")
        for cell in cells(path.read_text(encoding="utf-8")):
            if cell.kind == "markdown":
                done.append(Done(cell))
                continue
            printed = io.StringIO()
            try:
                with contextlib.redirect_stdout(printed), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    _run(cell.text, space)
            except Exception as error:
                raise Failed(f"{path.name}\n\n{cell.text}\n\n{traceback.format_exc()}") from error
            figures = []
            for number in plt.get_fignums():
                stream = io.StringIO()
                plt.figure(number).savefig(
                    stream, format="svg", bbox_inches="tight", metadata={"Date": None}
                )
                figures.append(re.sub(r"[ \t]+\n", "\n", stream.getvalue()))
            plt.close("all")
            done.append(Done(cell, printed.getvalue().rstrip(), tuple(figures)))
    return done


def _run(code: str, space: dict[str, Any]) -> None:
    """Run a cell; what its last line gives is printed, as Jupyter would show it."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), space)  # noqa: S102 - our own notebooks
    if last is not None:
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), space)  # noqa: S307
        if value is not None:
            print(value)


def to_markdown(name: str, done: list[Done]) -> tuple[str, dict[str, str]]:
    """Return a run notebook as Markdown, and its figures by file name."""
    parts, files = [], {}
    for item in done:
        if item.cell.kind == "markdown":
            parts.append(item.cell.text)
            continue
        parts.append(f"```python\n{item.cell.text}\n```")
        if item.printed:
            parts.append(f"```text\n{item.printed}\n```")
        for figure in item.figures:
            file = f"{name}-{len(files) + 1}.svg"
            files[file] = figure
            parts.append(f"![]({file})")
    return "\n\n".join(parts) + "\n", files


def to_html(name: str, done: list[Done]) -> str:
    """Return a run notebook as one HTML page, its figures in it."""
    from markdown_it import MarkdownIt

    text, files = to_markdown(name, done)
    page = MarkdownIt("commonmark").enable("table").render(text)
    for file, figure in files.items():
        drawn = figure[figure.index("<svg") :]
        page = page.replace(f'<img src="{file}" alt="" />', drawn)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>'
        f"<style>{CSS}</style>{page}</html>\n"
    )


def copies(out: Path) -> dict[str, str]:
    """Return the rendered copies of all notebooks by file name, run on an output folder."""
    os.environ["NOTESMINE_OUT"] = str(out)
    found = {}
    for name in NAMES:
        text, files = to_markdown(name, execute(HERE / f"{name}.py"))
        source = f"notebooks/{name}.py"
        found[f"{name}.md"] = (
            f"<!-- Made from {source} by `make notebooks`: change that, not this. -->\n\n{text}"
        )
        found |= files
    return found


def renew() -> None:
    """Run the sample corpus anew, and the notebooks on it; write the copies."""
    from notesmine.pipeline import run

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "corpus", Path(folder) / "corpus")
        run(Path(folder) / "corpus", Path(folder) / "outputs")
        found = copies(Path(folder) / "outputs")
    shutil.rmtree(COPIES, ignore_errors=True)
    COPIES.mkdir(parents=True)
    for name, text in found.items():
        (COPIES / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{COPIES.relative_to(ROOT)}/{name}")


def main() -> int:
    """Renew the copies, or write pages of one's own notes."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("names", nargs="*", help=f"notebooks (default: all): {', '.join(NAMES)}")
    asked.add_argument("--on", type=Path, help="output folder of a run on your own notes")
    asked.add_argument("-o", "--pages", type=Path, default=Path("pages"), help="folder to write")
    given = asked.parse_args()
    unknown = sorted(set(given.names) - set(NAMES))
    if unknown:
        asked.error(f"there is no notebook {unknown[0]!r}; there are {', '.join(NAMES)}")
    if given.on is None:
        if given.names:
            asked.error("name the output folder of your run with --on")
        renew()
        return 0
    os.environ["NOTESMINE_OUT"] = str(given.on)
    given.pages.mkdir(parents=True, exist_ok=True)
    for name in given.names or NAMES:
        page = given.pages / f"{name}.html"
        try:
            page.write_text(to_html(name, execute(HERE / f"{name}.py")), "utf-8", newline="\n")
        except Failed as error:
            cause = error.__cause__
            hint = f"\nWhat to do: {cause.hint}" if isinstance(cause, NotesmineError) else ""
            print(f"Error: {cause}{hint}" if hint else error, file=sys.stderr)
            return 2 if hint else 1
        print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
