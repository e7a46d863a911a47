"""The kept matrix: every defect that a HIPAA test is for, every test, and nothing off its place.

`benchmarks/calibration_matrix.py --write` makes it; that each defect fails its own test today is
shown by the tests of its area.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from clinigate.hipaa.named import NAMED
from clinigate.reference.defects import DEFECTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def matrix() -> ModuleType:
    """The script that makes it; benchmarks are no package."""
    path = ROOT / "benchmarks" / "calibration_matrix.py"
    spec = importlib.util.spec_from_file_location("calibration_matrix", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(matrix: ModuleType) -> dict[str, dict[str, str]]:
    """What was kept."""
    return dict(json.loads(matrix.MATRIX.read_text("utf-8")))


def test_every_defect_and_every_test_is_in_it(
    matrix: ModuleType, rows: dict[str, dict[str, str]]
) -> None:
    assert list(rows) == list(matrix.expected())
    assert all(list(row) == list(NAMED) for row in rows.values())


def test_each_defect_fails_the_tests_that_it_names_and_no_other(
    matrix: ModuleType, rows: dict[str, dict[str, str]]
) -> None:
    wanted = matrix.expected()
    found = [
        each for name, row in rows.items() for each in matrix.troubles(name, row, wanted[name])
    ]
    assert found == []


def test_every_probe_is_failed_by_a_defect(rows: dict[str, dict[str, str]]) -> None:
    """A test that no defect fails has not been shown to be able to; words have no defect."""
    failed = {name for row in rows.values() for name, status in row.items() if status == "FAIL"}
    probed = {name for name, named in NAMED.items() if not named.attested}
    assert probed - failed == set()


def test_troubles_are_told(matrix: ModuleType) -> None:
    row = {"idor": "PASS", "hsts": "FAIL", "mfa": "INCONCLUSIVE", "scopes": "PASS"}
    assert list(matrix.troubles("others-records", row, frozenset({"idor"}))) == [
        "others-records: idor is PASS, and must be FAIL",
        "others-records: hsts is FAIL, and must be PASS",
        "others-records: mfa is INCONCLUSIVE, and must be PASS",
    ]


def test_the_page_is_drawn_from_it(matrix: ModuleType, rows: dict[str, dict[str, str]]) -> None:
    assert matrix.DOCS.read_text("utf-8") == matrix.drawn(rows)
    assert all(f"`{name}`" in matrix.drawn(rows) for name in rows)
    assert set(rows) - {"clean"} <= set(DEFECTS)
