"""The pages of the repository, and the script that writes the generated parts of them."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file that git tracks or would track; links to homes are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [path for line in listed if (path := ROOT / line).is_file()]


@pytest.fixture(scope="session")
def pages(tracked: list[Path]) -> dict[str, str]:
    """Text of every Markdown page by its path from the root."""
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for path in tracked
        if path.suffix == ".md"
    }


@pytest.fixture
def regenerate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of `make docs`."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    return importlib.import_module("regenerate")
