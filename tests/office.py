"""Office files in tests: their parts, and LibreOffice to open them where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
OFFICE = shutil.which("soffice")
needs_office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")


def part(path: Path, name: str = "word/document.xml") -> Any:
    """Return a part of an office file as a tree."""
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read(name))


def office(path: Path, kind: str, folder: Path) -> Path:
    """Convert with LibreOffice, in a profile of its own."""
    assert OFFICE is not None
    command = [OFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
    subprocess.run(
        [*command, "--convert-to", kind, "--outdir", str(folder), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return folder / f"{path.stem}.{kind.split(':', maxsplit=1)[0]}"
