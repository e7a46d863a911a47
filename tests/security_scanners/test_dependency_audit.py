"""The audit of lock files: clean ones pass, a package with a known weakness fails, and a source
that is old, silent or gone passes nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.findings.programs import Program, identified, python_module
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners import dependencies
from clinigate.security.scanners.dependencies_package import NPM, PYPI, Package
from clinigate.security.scanners.dependencies_pip_audit import ask_pip_audit, read_pip_audit

ADVISORY = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2019-217",
    "modified": "2026-11-10T00:00:00Z",
    "summary": "sandbox escape",
    "aliases": ["CVE-2019-10906", "GHSA-462w-v97r-4m45"],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
}
OFFLINE = '[security]\nadvisories = "osv.json"\n'
JINJA = Package(PYPI, "jinja2", "2.4", "requirements.txt", 1)


def advisories(**more: Any) -> str:
    return json.dumps([ADVISORY | more])


def script(folder: Path, name: str, body: str, *, version: str = "2.9.0") -> str:
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    answer = f'if [ "$1" = --version ]; then echo "{name} {version}"; exit 0; fi\n'
    path.write_text(f"#!/bin/sh\n{answer}{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def audit(scanned: Any, folder: Path, table: str) -> Any:
    [outcome] = scanned(dependencies.SCANNER, folder, table)
    return outcome


def test_clean_locks_pass(project: Any, scanned: Any) -> None:
    base = project({"requirements.txt": "jinja2==3.1.4\n", "osv.json": advisories()})
    outcome = audit(scanned, base, OFFLINE)
    assert outcome.status is Status.PASS
    assert outcome.measurement.n == 1
    assert "osv of 2026-11-10 (1 advisories)" in outcome.measurement.caveats[0]


def test_a_known_weakness_fails_and_says_what_to_do(project: Any, scanned: Any) -> None:
    base = project({"requirements.txt": "jinja2==2.4\nclick==8.1.7\n", "osv.json": advisories()})
    outcome = audit(scanned, base, OFFLINE)
    assert outcome.status is Status.FAIL
    assert (outcome.measurement.value, outcome.measurement.n) == (1, 2)
    [message] = outcome.messages
    assert "jinja2 2.4 has CVE-2019-10906" in message
    [(_, found)] = outcome.scan.merged
    assert found.flaw.fix == "use jinja2 2.10.1 or later"


def test_what_is_not_pinned_forbids_a_pass(project: Any, scanned: Any) -> None:
    base = project({"requirements.txt": "jinja2==3.1.4\nclick>=8\n", "osv.json": advisories()})
    outcome = audit(scanned, base, OFFLINE)
    assert outcome.status is Status.INCONCLUSIVE
    assert "click is not pinned" in " ".join(outcome.measurement.caveats)


def test_an_ecosystem_of_which_the_source_is_silent_forbids_a_pass(
    project: Any, scanned: Any
) -> None:
    packages = {"node_modules/lodash": {"version": "4.17.4"}}
    lock = json.dumps({"lockfileVersion": 3, "packages": packages})
    files = {"requirements.txt": "jinja2==3.1.4\n", "package-lock.json": lock}
    outcome = audit(scanned, project(files | {"osv.json": advisories()}), OFFLINE)
    assert outcome.status is Status.INCONCLUSIVE
    assert "pkg:npm/lodash@4.17.4 (osv.json holds no advisory on npm)" in " ".join(
        outcome.measurement.caveats
    )


def test_an_old_advisory_file_proves_nothing_and_still_accuses(project: Any, scanned: Any) -> None:
    old = advisories(modified="2026-01-10T00:00:00Z")
    base = project({"requirements.txt": "jinja2==3.1.4\n", "osv.json": old})
    clean = audit(scanned, base, OFFLINE)
    assert clean.status is Status.INCONCLUSIVE
    assert "2026-01-10, 314 days ago; 30 are allowed" in " ".join(clean.measurement.caveats)
    patient = audit(scanned, base, f"{OFFLINE}advisories_max_age_days = 365\n")
    assert patient.status is Status.PASS
    (base / "requirements.txt").write_text("jinja2==2.4\n")
    assert audit(scanned, base, OFFLINE).status is Status.FAIL


def test_an_advisory_file_that_cannot_be_read_is_an_error(project: Any, scanned: Any) -> None:
    base = project({"requirements.txt": "jinja2==3.1.4\n", "osv.json": advisories()[:-9]})
    outcome = audit(scanned, base, OFFLINE)
    assert outcome.status is Status.ERROR
    assert "osv.json is no whole JSON document" in outcome.reason


def test_a_missing_advisory_file_or_lock_is_not_assessed(project: Any, scanned: Any) -> None:
    base = project({"requirements.txt": "jinja2==3.1.4\n"})
    missing = audit(scanned, base, '[security]\nadvisories = "none.zip"\n')
    assert missing.status is Status.NOT_ASSESSED
    assert "none.zip, which is not there" in missing.reason
    (base / "requirements.txt").unlink()
    (base / "osv.json").write_text(advisories())
    nothing = audit(scanned, base, OFFLINE)
    assert nothing.status is Status.NOT_ASSESSED
    assert "no lock file" in nothing.reason


def test_without_any_source_it_is_not_assessed(project: Any, scanned: Any) -> None:
    base = project({"requirements.txt": "jinja2==3.1.4\n"})
    outcome = audit(scanned, base, '[security]\npip_audit = "./no"\ntrivy = "./no"\n')
    assert outcome.status is Status.NOT_ASSESSED
    assert "osv.dev" in outcome.reason


def test_pip_audit_is_asked_and_believed(project: Any, scanned: Any) -> None:
    vulnerable = {
        "dependencies": [
            {"name": "jinja2", "version": "2.4", "vulns": [
                {"id": "PYSEC-2019-217", "aliases": ["CVE-2019-10906"],
                 "fix_versions": ["2.10.1"], "description": "sandbox\nescape"}]},
            {"name": "click", "version": "8.1.7", "vulns": []},
        ],
        "fixes": [],
    }  # fmt: skip
    base = project({"requirements.txt": "jinja2==2.4\nclick==8.1.7\n"})
    (base / "report.json").write_text(json.dumps(vulnerable))
    program = script(base, "pip-audit", f"cat {base / 'report.json'}; exit 1")
    outcome = audit(scanned, base, f'[security]\npip_audit = "{program}"\ntrivy = "./no"\n')
    assert outcome.status is Status.FAIL
    assert outcome.measurement.n == 2
    assert (
        "jinja2 2.4 has CVE-2019-10906 (also PYSEC-2019-217): sandbox escape"
        in (outcome.messages[0])
    )


def test_a_pip_audit_that_found_nothing_out_is_no_pass(project: Any, scanned: Any) -> None:
    """Behind an index without PyPI's service it ends with 0 and `no known vulnerabilities`."""
    skipped = {"dependencies": [{"name": "jinja2", "skip_reason": "not found on PyPI"}]}
    base = project({"requirements.txt": "jinja2==2.4\n"})
    for body, said in (
        (f"echo '{json.dumps(skipped)}'", "pip-audit could judge none"),
        ("echo 'ConnectionError' >&2; exit 1", "PyPI cannot be reached"),
        ("exit 0", "no report"),
        ("echo '{\"dependencies\": 3}'", "lists no dependencies"),
    ):
        program = script(base, "pip-audit", body)
        outcome = audit(scanned, base, f'[security]\npip_audit = "{program}"\ntrivy = "./no"\n')
        assert outcome.status is Status.INCONCLUSIVE
        caveats = " ".join(outcome.measurement.caveats)
        assert said in caveats
        assert "advisories a file of OSV records" in caveats


def test_trivy_is_asked_where_pip_audit_fails(project: Any, scanned: Any) -> None:
    found = {
        "VulnerabilityID": "CVE-2019-10906", "PkgName": "jinja2", "InstalledVersion": "2.4",
        "Severity": "HIGH", "Title": "sandbox escape",
    }  # fmt: skip
    result = {"Target": "requirements.txt", "Class": "lang-pkgs", "Vulnerabilities": [found]}
    report = json.dumps({"SchemaVersion": 2, "Results": [result]})
    base = project({"requirements.txt": "jinja2==2.4\n", "web/package-lock.json": "{}"})
    (base / "web" / "package-lock.json").write_text(
        json.dumps({"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}})
    )
    pip_audit = script(base, "pip-audit", "exit 1")
    trivy = script(base, "trivy", f"echo '{report}'", version="0.58.1")
    table = f'[security]\npip_audit = "{pip_audit}"\ntrivy = "{trivy}"\n'
    outcome = audit(scanned, base, table)
    assert outcome.status is Status.FAIL
    assert outcome.messages == ["jinja2 2.4 has CVE-2019-10906: sandbox escape"]
    assert "web/package-lock.json (trivy did not read it)" in " ".join(outcome.measurement.caveats)


def test_a_broken_trivy_is_no_matter_where_pip_audit_answers(project: Any, scanned: Any) -> None:
    base = project({"requirements.txt": "jinja2==3.1.4\n"})
    report = {"dependencies": [{"name": "jinja2", "version": "3.1.4", "vulns": []}]}
    pip_audit = script(base, "pip-audit", f"echo '{json.dumps(report)}'")
    (base / "bin" / "trivy").write_text("#!/bin/sh\nexit 9\n")
    (base / "bin" / "trivy").chmod(0o755)
    table = f'[security]\npip_audit = "{pip_audit}"\ntrivy = "bin/trivy"\n'
    assert audit(scanned, base, table).status is Status.PASS


def test_packages_of_other_ecosystems_are_no_business_of_pip_audit() -> None:
    report = {"dependencies": [{"name": "Jinja2", "version": "2.4", "vulns": []}]}
    lodash = Package(NPM, "lodash", "4.17.4", "package-lock.json")
    scan = read_pip_audit(json.dumps(report).encode(), [JINJA, lodash], version="2.9")
    assert scan.units == ("pkg:pypi/jinja2@2.4",)
    assert [each.reason for each in scan.excluded] == ["pip-audit knows nothing of npm"]


def test_the_real_pip_audit_without_a_network_passes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = python_module("pip_audit")
    if command is None:
        pytest.skip("pip-audit is not installed (extra security)")
    for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with pytest.raises(ScannerError, match="PyPI cannot be reached"):
        ask_pip_audit(identified("pip-audit", command), [JINJA], timeout_s=60)


def test_a_pip_audit_of_an_unknown_release_is_refused() -> None:
    old = Program("pip-audit", ("/bin/false",), "1.0")
    with pytest.raises(ScannerError, match=r"pip-audit is version 1\.0"):
        ask_pip_audit(old, [JINJA], timeout_s=5)
