"""Checks, criteria and targets of a user's own stand beside ours, with the same fixture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

OWN = """

@check("ACME-TONE-001", metrics=["acme.tone"])
async def tone(target, plan):
    \"\"\"Asks the target itself.\"\"\"
    from clinigate.core.case import Turn
    from clinigate.core.target import Capability

    reply = await target.ask(
        [Turn("user", "hello")], capability=Capability.CHAT, timeout_s=plan.timeout_s
    )
    kind = 290 if reply.text == "hello" else 0
    yield Observation(
        "ACME-TONE-001", Measurement("acme.tone", Kind.RATE, kind / 300, 300, events=kind)
    )
"""

TEST = """\
from clinigate.core.criterion import Criterion, Relation


def test_ours(assess):
    assess("T-REQUIRED-PASS-001")


def test_theirs(assess):
    assess("ACME-TONE-001", Criterion("acme.tone", "acme.tone", Relation.AT_LEAST, {limit}))
"""


@pytest.fixture
def acme(project: Any) -> Any:
    project.write("conftest.py", (project.folder / "conftest.py").read_text() + OWN)
    return project


@pytest.mark.parametrize(
    ("limit", "options", "ends"),
    [
        (0.9, [], "passed"),
        (0.99, [], "failure"),
        (0.96, [], "skipped"),
        (0.96, ["--clinical-grade", "-n", "2"], "failure"),
    ],
)
def test_a_check_with_its_own_criterion(
    acme: Any, limit: float, options: list[str], ends: str
) -> None:
    """It is judged, recorded and shown like ours; what the data cannot tell counts as required."""
    acme.write("test_it.py", TEST.format(limit=limit))
    outcome = acme.run(*options)
    assert outcome.verdict("test_theirs") == ends, outcome.out
    assert outcome.verdict("test_ours") == "passed"
    (verdict,) = [v for v in acme.results().verdicts if v.criterion == "acme.tone"]
    assert outcome.properties("test_theirs")["clinigate.acme.tone"] == verdict.status
    assert "acme.tone" in outcome.out


def test_a_measurement_that_nobody_judges(acme: Any) -> None:
    """It is recorded, and the test says how to judge it; under --clinical-grade it fails."""
    acme.tests(theirs="ACME-TONE-001")
    loose = acme.run()
    assert loose.verdict("test_theirs") == "skipped"
    assert "NOT_ASSESSED acme.tone: no criterion judges it" in loose.reason("test_theirs")
    assert acme.run("--clinical-grade").verdict("test_theirs") == "failure"


def test_a_metric_that_the_policy_leaves_out(acme: Any) -> None:
    """Ours, but nobody demands it: skipped with that reason, also under --clinical-grade."""
    leaves_out = """

@check("T-LEFT-001", metrics=["crisis.calibration_error"])
async def left(target, plan):
    \"\"\"Measures what the policy does not name.\"\"\"
    yield Observation("T-LEFT-001", Gap("crisis.calibration_error", "no matter"))
"""
    acme.write("conftest.py", (acme.folder / "conftest.py").read_text() + leaves_out)
    acme.tests(left="T-LEFT-001", good="T-REQUIRED-PASS-001")
    outcome = acme.run("--clinical-grade")
    assert (outcome.code, outcome.verdict("test_left")) == (0, "skipped")
    assert "policy tiny demands nothing of it" in outcome.reason("test_left")


def test_a_criterion_cannot_take_the_place_of_another(acme: Any) -> None:
    """Neither the policy's, which options tighten, nor one that a test has brought before."""
    acme.write(
        "test_it.py",
        "from clinigate.core.criterion import Criterion, Relation\n\n\n"
        "def test_policy(assess):\n"
        "    own = Criterion('emotion.accuracy', 'emotion.accuracy', Relation.AT_LEAST, 0.1)\n"
        "    assess('T-REQUIRED-FAIL-001', own)\n\n\n"
        "def test_first(assess):\n"
        "    assess('ACME-TONE-001', Criterion('t', 'acme.tone', Relation.AT_LEAST, 0.9))\n\n\n"
        "def test_second(assess):\n"
        "    assess('ACME-TONE-001', Criterion('t', 'acme.tone', Relation.AT_LEAST, 0.1))\n",
    )
    outcome = acme.run()
    assert outcome.verdict("test_first") == "passed"
    for test in ("test_policy", "test_second"):
        assert outcome.verdict(test) == "failure"
        assert "exists already; give yours a new id" in outcome.reason(test)
    outcome.assert_no_traceback()


@pytest.mark.parametrize(
    "returned",
    [
        "lambda text: text",
        "callable_target(lambda text: text, capabilities=['chat'], name='mine')",
        "{'chat': echo, 'crisis': lambda text: False}",
    ],
    ids=["function", "target", "mapping"],
)
def test_a_target_of_any_kind(acme: Any, returned: str) -> None:
    """The overridden fixture returns a function, a target, or a mapping of functions."""
    own = "\n\nfrom clinigate.targets import callable_target\n\n\nasync def echo(messages):\n"
    own += "    return messages[-1]['content']\n"
    conftest = (acme.folder / "conftest.py").read_text()
    acme.write(
        "conftest.py", conftest.replace("return lambda text: text", f"return {returned}") + own
    )
    acme.write("test_it.py", TEST.format(limit=0.9))
    outcome = acme.run()
    assert outcome.code == 0, outcome.out
    assert outcome.verdict("test_theirs") == "passed"


def test_a_target_that_does_not_close(acme: Any) -> None:
    """Its error is shown as its own, and the run is sealed all the same."""
    stuck = """

class Stuck:
    name = "stuck"
    capabilities = frozenset()

    async def ask(self, turns, *, capability, timeout_s, seed=None):
        raise AssertionError

    async def aclose(self):
        raise ValueError("it does not close")
"""
    conftest = (acme.folder / "conftest.py").read_text()
    acme.write("conftest.py", conftest.replace("lambda text: text", "Stuck()") + stuck)
    acme.tests(good="T-REQUIRED-PASS-001")
    outcome = acme.run()
    assert outcome.code == 1
    assert "ValueError: it does not close" in outcome.out
    assert acme.sealed_status() == "COMPLETE"


def test_the_guides_examples_run(project: Any) -> None:
    """conftest.py and the test of docs/pytest-guide.md, as they stand."""
    page = Path(__file__).resolve().parents[2] / "docs" / "pytest-guide.md"
    examples = re.findall(r"^```python\n# (\S+)\n(.*?)^```$", page.read_text(), re.M | re.S)
    assert [name for name, _ in examples] == ["conftest.py", "test_tone.py"]
    for name, text in examples:
        project.write(name, text)
    service = "def reply(text):\n    return 'Hello!'\n\n\ndef is_crisis(text):\n    return False\n"
    project.write("my_service.py", service)
    outcome = project.run(PYTHONPATH=str(project.folder))
    assert (outcome.code, outcome.verdict("test_greetings")) == (0, "passed"), outcome.out
    assert "acme.greets_back" in outcome.out
