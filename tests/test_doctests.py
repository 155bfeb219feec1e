"""The examples in docstrings run, so that none says what is not so."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
#: Their examples load the model; those of the library are run by test_library.py.
NEEDS_MODEL = {"notesmine.encoder", "notesmine.library.outputs", "notesmine.library.stages"}


def modules() -> list[str]:
    """Return the modules with examples."""
    found = []
    for file in sorted((SOURCE / "notesmine").rglob("*.py")):
        if ">>> " in file.read_text("utf-8"):
            parts = file.relative_to(SOURCE).with_suffix("").parts
            found.append(".".join(parts).removesuffix(".__init__"))
    return [m for m in found if m not in NEEDS_MODEL]


@pytest.mark.parametrize("name", modules())
def test_examples_are_true(name: str) -> None:
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted
    assert not done.failed
