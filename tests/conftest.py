"""What all tests share: the sample corpus' run, made once, and where the shared data lies."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from browsing import CHROMIUM
from factory import bundle, sample
from hostile import hostile
from notesmine import pipeline
from notesmine.publish import Bundle, publish
from notesmine.publish.bundle import canonical

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
def made() -> Bundle:
    """What is to be published of the synthetic notes, in order of publication."""
    return canonical(bundle(sample()))


@pytest.fixture(scope="session")
def out(made: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything published of the synthetic notes, to be looked at only."""
    folder = tmp_path_factory.mktemp("out")
    publish(folder, made)
    return folder


@pytest.fixture(scope="session")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything published of hostile notes, to be looked at only."""
    folder = tmp_path_factory.mktemp("bad")
    publish(folder, hostile())
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield running
        running.close()


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
