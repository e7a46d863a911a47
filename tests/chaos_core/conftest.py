"""The file-backed system, its experiments, and a policy that allows them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

FAKES = Path(__file__).with_name("fakes")
sys.path.insert(0, str(FAKES))


@pytest.fixture(autouse=True)
def importable_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of their own find the fake driver too."""
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", f"{FAKES}:{before}" if before else str(FAKES))


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    """Three things, none flagged."""
    from chaos_bench import make_bench

    return make_bench(tmp_path)
