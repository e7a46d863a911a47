"""The table of the design: five verdicts, what the policy demands, and how a test then ends."""

from __future__ import annotations

from typing import Any

import pytest

STATUSES = ("PASS", "FAIL", "ERROR", "INCONCLUSIVE", "NOT_ASSESSED")
DEMANDS = ("REQUIRED", "NOFAIL", "REPORT")
OPEN = ("INCONCLUSIVE", "NOT_ASSESSED")

SUITE = """\
import pytest


@pytest.mark.parametrize("status", ["PASS", "FAIL", "ERROR", "INCONCLUSIVE", "NOT-ASSESSED"])
@pytest.mark.parametrize("demand", ["REQUIRED", "NOFAIL", "REPORT"])
def test_plain(assess, demand, status):
    assess(f"T-{demand}-{status}-001")


@pytest.mark.clinical(flag="--empathy-scoring")
@pytest.mark.parametrize("status", ["PASS", "FAIL", "ERROR", "INCONCLUSIVE", "NOT-ASSESSED"])
@pytest.mark.parametrize("demand", ["REQUIRED", "NOFAIL", "REPORT"])
def test_flagged(assess, demand, status):
    assess(f"T-{demand}-{status}-001")
"""


def expected(demand: str, status: str, *, strict: bool) -> str:
    """The table, as the design states it."""
    if status == "PASS":
        return "passed"
    if status in ("FAIL", "ERROR"):
        return "failure"
    return "failure" if strict and demand == "REQUIRED" else "skipped"


@pytest.mark.parametrize(
    ("options", "plain_strict", "flagged_strict"),
    [
        ([], False, False),
        (["--clinical-grade"], True, True),
        (["--empathy-scoring"], False, True),
    ],
    ids=["plain", "clinical-grade", "own-flag"],
)
def test_every_row_of_the_table(
    project: Any, options: list[str], plain_strict: bool, flagged_strict: bool
) -> None:
    """Every verdict, demanded in each way, ends a test as the table says, with its reason."""
    project.write("test_tiny.py", SUITE)
    outcome = project.run(*options)
    for demand in DEMANDS:
        for status in STATUSES:
            name = f"{demand}-{status.replace('_', '-')}"
            for test, strict in (("plain", plain_strict), ("flagged", flagged_strict)):
                case = f"test_{test}[{name}]"
                assert outcome.verdict(case) == expected(demand, status, strict=strict), case
                assert (status in outcome.reason(case)) == (status != "PASS"), case
    assert outcome.code == 1
    outcome.assert_no_traceback()


def test_another_flag_deselects_with_the_reason(project: Any) -> None:
    """A test whose flag was not given is skipped where another was, and says how to select it."""
    project.write("test_tiny.py", SUITE)
    outcome = project.run("--crisis-detection", "-k", "REQUIRED-PASS or REQUIRED-FAIL")
    assert outcome.verdict("test_plain[REQUIRED-PASS]") == "passed"
    for name in ("REQUIRED-PASS", "REQUIRED-FAIL"):
        assert outcome.verdict(f"test_flagged[{name}]") == "skipped"
        assert "add --empathy-scoring" in outcome.reason(f"test_flagged[{name}]")
        assert "test_tiny.py" in outcome.reason(f"test_flagged[{name}]"), "the user's own line"


def test_a_skip_names_the_line_of_the_users_test(project: Any) -> None:
    """The short summary points at the test, not into the plugin."""
    project.tests(open="T-REQUIRED-INCONCLUSIVE-001")
    outcome = project.run("-rs")
    assert "SKIPPED [1] test_tiny.py:2: INCONCLUSIVE emotion.accuracy" in outcome.out


def test_a_failure_names_the_first_cases_and_how_to_see_one(project: Any) -> None:
    """Five of seven findings are shown, the rest is counted."""
    project.tests(wrong="T-REQUIRED-FAIL-001")
    reason = project.run().reason("test_wrong")
    assert "archetype=x, case case0: was wrong" in reason
    assert "case4" in reason
    assert "case5" not in reason
    assert "and 2 more" in reason
    assert "clinigate repro case0" in reason


def test_junit_carries_run_verdict_and_numbers(project: Any) -> None:
    """Each criterion stands in the report with status, reason, limit and numbers."""
    project.tests(good="T-REQUIRED-PASS-001")
    properties = project.run().properties("test_good")
    assert properties["clinigate.run"] == project.only_run().name
    assert properties["clinigate.emotion.accuracy"] == "PASS"
    assert properties["clinigate.emotion.accuracy.limit"] == ">= 0.95"
    assert properties["clinigate.emotion.accuracy.n"] == "300"
    assert float(properties["clinigate.emotion.accuracy.bound"]) == pytest.approx(
        0.990064, abs=1e-6
    )
    assert "keeps the limit" in properties["clinigate.emotion.accuracy.reason"]


def test_a_check_runs_once_a_session(project: Any) -> None:
    """However many tests ask for it, the target is asked once, and both tests end alike."""
    project.tests(one="T-REQUIRED-FAIL-001", two="T-REQUIRED-FAIL-001")
    outcome = project.run()
    assert outcome.verdict("test_one") == outcome.verdict("test_two") == "failure"
    assert len([o for o in project.results().observations if hasattr(o.about, "kind")]) == 1


def test_an_unknown_check_fails_its_test_alone(project: Any) -> None:
    """A slip in one test leaves the others, and the run, as they are."""
    project.tests(typo="T-TYPO-001", good="T-REQUIRED-PASS-001")
    outcome = project.run()
    assert outcome.verdict("test_typo") == "failure"
    assert "no check has the id 'T-TYPO-001'" in outcome.reason("test_typo")
    assert outcome.verdict("test_good") == "passed"
    assert (outcome.code, project.sealed_status()) == (1, "COMPLETE")
    outcome.assert_no_traceback()
