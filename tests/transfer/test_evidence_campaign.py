"""A sample of `benchmarks/campaign_evidence.py`: edits are found by name, kills halve nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PARTS = ("_evidence_world", "_evidence_edits", "_evidence_kills")


@pytest.fixture(scope="module")
def parts() -> Iterator[list[ModuleType]]:
    sys.path.insert(0, str(BENCHMARKS))
    yield [importlib.import_module(name) for name in PARTS]
    sys.path.remove(str(BENCHMARKS))
    for name in PARTS:
        del sys.modules[name]


def test_each_edit_is_found_under_its_files_name(parts: list[ModuleType], tmp_path: Path) -> None:
    """Twice each kind of file and of record, edited, removed or renamed."""
    world, edits, _ = parts
    seen = edits.spoil(world.World(tmp_path), 60, seed=11)
    assert seen.missed == []
    assert len(seen.kinds) >= 17


def test_a_kill_loses_nothing_and_halves_nothing(parts: list[ModuleType]) -> None:
    """While sealing, exporting, taking in, witnessing and pruning, four times each."""
    seen = parts[2].kill(20, seed=12)
    assert seen.wrong == []
    assert set(seen.works) == {"seal", "export", "import", "witness", "prune"}
