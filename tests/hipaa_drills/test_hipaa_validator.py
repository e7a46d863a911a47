"""HIPAA's safeguards from Python, and the suites that pytest runs of them."""

from __future__ import annotations

import ast
import datetime as dt
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from clinigate.cli.reference_hipaa import reference_attestations
from clinigate.core.verdict import Status
from clinigate.errors import ModelValidationError, UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.hipaa.named import NAMED
from clinigate.pytest_plugins.hipaa import SELECTORS
from clinigate.suites.hipaa import HIPAAComplianceValidator

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without a service, in which everything is attested that can be."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clinigate.toml").write_text('[subject]\nname = "ward"\n')
    text = reference_attestations(TODAY - dt.timedelta(days=1))
    (tmp_path / "hipaa-attestations.toml").write_text(text)
    return tmp_path


def test_each_test_is_listed_with_clauses_verdict_and_reason(project: Path) -> None:
    results = HIPAAComplianceValidator().run_full_compliance_suite(
        ["technical", "administrative", "physical", "privacy"]
    )
    assert [each.test for each in results.tests] == list(NAMED)
    officer = results.of("security_officer")
    assert (officer.clauses, officer.verdict) == (("164.308(a)(2)",), Status.PASS)
    audit = results.of("audit_trail")
    assert audit.verdict is Status.NOT_ASSESSED
    assert "needs a service over HTTP" in audit.reason
    assert officer in results.by_clause()["164.308(a)(2)"]
    assert not results.overall_passed
    assert "overall passed: no" in results.summary()
    assert results.evidence is not None
    assert open_bundle(results.evidence).status == "COMPLETE"


def test_kinds_are_run_alone(project: Path) -> None:
    results = HIPAAComplianceValidator().run_full_compliance_suite(["physical"])
    assert {each.safeguard for each in results.tests} == {"physical"}
    assert results.of("facility_access").verdict is Status.PASS
    with pytest.raises(UsageError, match="no test 'facility_acess' here; did you mean"):
        results.of("facility_acess")


def test_what_the_policy_only_reports_keeps_nobody_from_passing(project: Path) -> None:
    names = [each.metric for each in NAMED.values() if each.safeguard == "physical"]
    attested = {NAMED[each].metric for each in ("facility_access", "device_controls")}
    demands = "".join(
        f'[[environments.development.criteria]]\nid = "{name}"\n'
        f'demand = "{"required" if name in attested else "report"}"\n'
        for name in names
    )
    head = 'schema = "clinigate.policy/1"\nname = "tiny"\n[environments.development]\n'
    text = f"{head}certifies = false\nrequire_signed = false\n{demands}"
    (project / "policy.toml").write_text(text)
    with (project / "clinigate.toml").open("a") as file:
        file.write('[gate]\npolicy = "policy.toml"\n')
    assert HIPAAComplianceValidator().validate(["physical"]).overall_passed


def test_what_is_missing_is_named_by_validate(project: Path) -> None:
    (project / "hipaa-attestations.toml").unlink()
    with pytest.raises(ModelValidationError, match="NOT_ASSESSED security_officer: ") as raised:
        HIPAAComplianceValidator().validate(["administrative"])
    assert "evidence: /" in str(raised.value)


@pytest.mark.parametrize(
    ("safeguards", "told"),
    [
        (["technicl"], "did you mean 'technical'"),
        ([], "no safeguard is given"),
        ("technical", "give a list"),
    ],
)
def test_kinds_that_are_none_are_refused(project: Path, safeguards: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        HIPAAComplianceValidator().run_full_compliance_suite(safeguards)


def _suite(name: str) -> dict[str, str | None]:
    """Test names of a shipped suite with what they assess, and the option that selects each."""
    tree = ast.parse((files("clinigate.suites") / "hipaa" / name).read_text("utf-8"))
    found: dict[str, str | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            (assessed,) = [
                str(call.args[0].value)
                for call in ast.walk(node)
                if isinstance(call, ast.Call)
                and getattr(call.func, "id", "") == "assess_hipaa"
                and isinstance(call.args[0], ast.Constant)
            ]
            assert node.name == f"test_{assessed}"
            flags = [
                word.value.value
                for mark in node.decorator_list
                if isinstance(mark, ast.Call)
                for word in mark.keywords
                if isinstance(word.value, ast.Constant)
            ]
            found[assessed] = str(flags[0]) if flags else None
    return found


def test_the_suites_hold_every_test_once_and_select_it_by_options_that_there_are() -> None:
    asked, probed = _suite("test_hipaa_compliance.py"), _suite("test_hipaa_safeguards.py")
    assert not asked.keys() & probed.keys()
    assert asked.keys() | probed.keys() == NAMED.keys()
    chosen = {flag for flag in (asked | probed).values() if flag is not None}
    assert chosen == set(SELECTORS)
    assert probed["audit_rows"] == "audit-trail-validation"
    assert probed["backup_encryption"] == "phi-protection"
    assert probed["consent_expiry"] == "consent-management"


def test_collecting_the_suites_loads_no_more_than_they_say() -> None:
    code = "import clinigate.suites.hipaa, sys; print('clinigate.hipaa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_ours_is_the_shipped_one() -> None:
    ours = Path(__file__).parents[1] / "hipaa" / "test_hipaa_safeguards.py"
    shipped = files("clinigate.suites") / "hipaa" / "test_hipaa_safeguards.py"
    assert shipped.read_bytes() == ours.read_bytes()
