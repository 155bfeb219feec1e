"""What all tests share: the sample corpus' run, made once, and where the shared data lies."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from notesmine import pipeline

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "corpus"


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    """The planted themes of the sample corpus."""
    return tomllib.loads((ROOT / "tests" / "expected.toml").read_text("utf-8"))


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> pipeline.Result:
    """A cold run on a copy of the sample corpus, shared by the tests that only look at it."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(CORPUS, folder / "corpus")
    return pipeline.run(folder / "corpus", folder / "outputs")


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """Return a function that finds shared data, or skips the test with the reason."""
    root = Path(os.environ.get("NOTESMINE_DATA", ROOT.parent / "shared" / "data"))

    def find(name: str) -> Path:
        path = root / name
        if not path.exists():
            pytest.skip(f"the shared data is not here (NOTESMINE_DATA: no {name})")
        return path

    return find
