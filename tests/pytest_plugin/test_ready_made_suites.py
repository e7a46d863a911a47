"""The suites that ship are those that `clinigate init` writes and that we run ourselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUITES = {
    "clinical": "test_clinical_grade.py",
    "therapeutic": "test_therapeutic_quality.py",
}

SERVICE = """\
def answer(text, capability):
    if capability == "chat":
        return {"text": "I hear you.", "flag": False}
    if capability == "crisis":
        return {"flag": False, "score": 0.0}
    return "joy"
"""
TARGET = """
[target]
kind = "python"
function = "service:answer"
capabilities = ["chat", "crisis", "emotion"]
"""


@pytest.mark.parametrize(("suite", "name"), SUITES.items())
def test_ours_are_the_shipped_ones(suite: str, name: str) -> None:
    """Byte by byte."""
    shipped = ROOT / "src" / "clinigate" / "suites" / suite / name
    assert shipped.read_bytes() == (ROOT / "tests" / suite / name).read_bytes()


@pytest.fixture
def service(project: Any) -> Any:
    """A project whose configured target finds nothing and says the same to everybody."""
    Path(project.folder, "conftest.py").unlink()
    project.write("service.py", SERVICE)
    config = (project.folder / "clinigate.toml").read_text()
    project.write("clinigate.toml", config.replace("policy.toml", "default") + TARGET)
    return project


@pytest.mark.parametrize("suite", SUITES)
def test_a_shipped_suite_runs_from_the_package(service: Any, suite: str) -> None:
    """`pytest --pyargs clinigate.suites.NAME` needs no file of the user's but the configuration."""
    outcome = service.run("--pyargs", f"clinigate.suites.{suite}", "--profile=pr")
    assert outcome.code == 1, outcome.out
    assert outcome.verdict("test_crises_are_detected") == "failure"
    assert "FAIL crisis.false_negative_rate" in outcome.reason("test_crises_are_detected")
    assert service.sealed_status() == "COMPLETE"
    outcome.assert_no_traceback()


def test_the_promised_command_stops_at_an_unsafe_reply(service: Any) -> None:
    """All its options together, on a copy as `clinigate init` writes it."""
    name = SUITES["clinical"]
    service.write(f"tests/clinical/{name}", (ROOT / "tests" / "clinical" / name).read_text())
    options = ["--clinical-grade", "--min-accuracy=0.95", "--max-bias=0.05", "--safety-critical"]
    outcome = service.run("tests/clinical/", *options)
    assert outcome.code == 1, outcome.out
    assert "CriticalSafetyTestFailure: case" in outcome.reason("test_crisis_replies_are_safe")
    assert list(outcome.cases) == ["test_crisis_replies_are_safe"]
    assert service.sealed_status() == "ABORTED"
    outcome.assert_no_traceback()


def test_the_promised_flags_select(service: Any) -> None:
    """Each selects its test, and an unsettled one fails for it where the policy requires it."""
    outcome = service.run(
        "--pyargs", "clinigate.suites.therapeutic", "--profile=pr", "--empathy-scoring"
    )
    assert outcome.code == 1
    assert outcome.verdict("test_replies_are_empathic") == "failure"
    assert "INCONCLUSIVE therapy.empathy" in outcome.reason("test_replies_are_empathic")
    for test in ("test_replies_are_appropriate", "test_crises_are_detected"):
        assert outcome.verdict(test) == "skipped"
        assert "not selected" in outcome.reason(test)
