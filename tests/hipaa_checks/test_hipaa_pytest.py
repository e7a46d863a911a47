"""The HIPAA suite in a user's own project: selection, verdicts, one sealed run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from clinigate.cli.reference_hipaa import reference_attestations
from clinigate.evidence.runs import RunStore
from clinigate.pipeline.reading import read_results
from clinigate.pytest_plugins.hipaa import selected_by_flag

ROOT = Path(__file__).resolve().parents[2]
OWN = """\
import pytest


@pytest.mark.hipaa
def test_of_ones_own(assess_hipaa):
    assess_hipaa("security_officer")


def test_typo(assess_hipaa):
    assess_hipaa("audit_trial")
"""
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


def pytest_in(folder: Path, *arguments: str) -> tuple[int, dict[str, str], str]:
    """Exit code, outcome by test, and what was printed."""
    environment = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    for name in ("CLINIGATE_RUN", "CLINIGATE_KEY", "CLINIGATE_CONFIG", "CLINIGATE_REQUIRE_ALL"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-rs", "-p", "no:cacheprovider",
         "-p", "no:schemathesis", "-p", "no:locust", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    outcomes = dict(re.findall(r"::(test_\w+) (PASSED|FAILED|SKIPPED)", done.stdout))
    return done.returncode, outcomes, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "clinigate.toml").write_text('[subject]\nname = "own"\n')
    (tmp_path / "hipaa-attestations.toml").write_text(reference_attestations(YESTERDAY))
    return tmp_path


@pytest.mark.parametrize(("attested", "code"), [(True, 0), (False, 1)])
def test_an_evaluation_ends_well_where_it_assessed_something(
    project: Path, attested: bool, code: int
) -> None:
    """As `clinigate run --profile pr` runs it."""
    (project / "test_own.py").write_text(OWN.partition("\n\ndef test_typo")[0] + "\n")
    if not attested:
        (project / "hipaa-attestations.toml").unlink()
    assert pytest_in(project, "test_own.py", "--profile=pr")[0] == code


def test_ours_is_the_shipped_one() -> None:
    shipped = ROOT / "src" / "clinigate" / "suites" / "hipaa" / "test_hipaa_compliance.py"
    ours = ROOT / "tests" / "hipaa" / "test_hipaa_compliance.py"
    assert shipped.read_bytes() == ours.read_bytes()


def test_without_a_service_the_attested_pass_and_the_rest_says_what_it_needs(
    project: Path,
) -> None:
    """Selected by its option, what nobody could look at fails; otherwise it is skipped."""
    (project / "test_own.py").write_text(OWN)
    code, outcomes, said = pytest_in(
        project, "test_own.py", "--pyargs", "clinigate.suites.hipaa", "--consent-management"
    )
    assert code == 1, said
    assert (outcomes.pop("test_of_ones_own"), outcomes.pop("test_typo")) == ("PASSED", "FAILED")
    assert "no HIPAA test is named 'audit_trial'; did you mean 'audit_trail'?" in said
    attested = {name for name, outcome in outcomes.items() if outcome == "PASSED"}
    assert len(attested) == 7
    assert outcomes["test_consent"] == "FAILED"
    assert outcomes["test_access_control"] == "SKIPPED"
    assert outcomes["test_audit_trail"] == "SKIPPED"
    assert "not selected; add --audit-trail-validation" in said
    assert "NOT_ASSESSED hipaa.consent: needs a service over HTTP" in said
    assert "Traceback" not in said
    store = RunStore(project / ".clinigate")
    (run,) = store.runs()
    statuses = [verdict.status.value for verdict in read_results(store.directory(run)).verdicts]
    assert statuses.count("PASS") == 7


@pytest.mark.parametrize("flag", ["audit", "--phi-protections"])
def test_a_mark_that_no_option_selects_is_refused(flag: str) -> None:
    """Nobody could ever select the test."""
    marker = SimpleNamespace(kwargs={"flag": flag})
    item = SimpleNamespace(
        nodeid="test_own.py::test_any", get_closest_marker=lambda _name: marker, config=None
    )
    with pytest.raises(pytest.UsageError, match="selects tests; known are --audit-trail"):
        selected_by_flag(item)
