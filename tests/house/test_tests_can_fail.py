"""Every test can fail: one that asserts nothing proves only that the code exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Calls that fail a test, by themselves or by what they let through; our helpers say it by name.
_FAILING = re.compile(
    r"(?:^|\.)(?:raises|warns|fail|suppress|until|wait_until)$|"
    r"(?:^|\.)_?(?:assert|assess|check|expect|validate)\w*$"
)


def cases_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The tests of a module, those in classes included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("test_"):
            yield node


def can_fail(test: ast.AST) -> bool:
    """Whether a test asserts, raises, or calls what does; `check=True` asserts an exit code."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        if isinstance(node, ast.Call):
            asked = any(each.arg == "check" and _is_true(each.value) for each in node.keywords)
            if asked or _FAILING.search(ast.unparse(node.func)):
                return True
    return False


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def test_every_test_can_fail() -> None:
    modules = [*ROOT.glob("tests/*/test_*.py"), *ROOT.glob("src/clinigate/suites/*/test_*.py")]
    assert len(modules) > 20
    toothless = [
        f"{path.relative_to(ROOT)}::{test.name}"
        for path in modules
        for test in cases_of(path)
        if not can_fail(test)
    ]
    assert toothless == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("assert x", True),
        ("with pytest.raises(ValueError): f()", True),
        ("with suppress(PackError): load(x)", True),
        ("for x in y:\n        if x: pytest.fail('no')", True),
        ("check_all(x)", True),
        ("helpers.expect_shut(x)", True),
        ("assess('CG-CLIN-CRISIS-001')", True),
        ("subprocess.run(x, check=True)", True),
        ("subprocess.run(x, check=False)", False),
        ("f()", False),
        ("checker = f()", False),
        ("print('assert')", False),
    ],
)
def test_a_test_that_cannot_fail_is_told(body: str, expected: bool) -> None:
    assert can_fail(ast.parse(f"def test_x():\n    {body}\n")) is expected
