"""trivy's documented reports are understood in their older and newer forms; the value of a secret
never leaves the report; what a comment or an ignore file hides counts all the same.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.trivy_report import Class, Report, read_trivy

SECRET = "AKIA" + "Z" * 16

VULNERABILITY = {
    "VulnerabilityID": "CVE-2019-14806",
    "PkgName": "Werkzeug",
    "PkgIdentifier": {"PURL": "pkg:pypi/werkzeug@0.11", "UID": "4163de19df046f49"},
    "InstalledVersion": "0.11",
    "FixedVersion": "0.15.3",
    "Status": "fixed",
    "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2019-14806",
    "Title": "python-werkzeug: insufficient\n debugger PIN randomness",
    "Severity": "HIGH",
    "CweIDs": ["CWE-331"],
}
OLD_MISCONFIGURATION = {
    "Type": "Dockerfile Security Check",
    "ID": "DS002",
    "AVDID": "AVD-DS-0002",
    "Title": "Image user should not be 'root'",
    "Message": "Specify at least 1 USER command in Dockerfile",
    "Resolution": "Add 'USER <non root user name>' line to the Dockerfile",
    "Severity": "HIGH",
    "PrimaryURL": "https://avd.aquasec.com/misconfig/ds002",
    "Status": "FAIL",
    "CauseMetadata": {"Provider": "Dockerfile", "Code": {"Lines": None}},
}
NEW_MISCONFIGURATION = {
    "Type": "Kubernetes Security Check",
    "ID": "KSV-0017",
    "Title": "Privileged",
    "Message": "Container 'chat' of Pod 'chat' should set privileged to false",
    "Severity": "HIGH",
    "Status": "FAIL",
    "CauseMetadata": {"Resource": "Pod/chat", "StartLine": 9, "EndLine": 12},
}
OPEN_SECRET = {
    "RuleID": "aws-access-key-id",
    "Category": "AWS",
    "Severity": "CRITICAL",
    "Title": "AWS Access Key ID",
    "StartLine": 3,
    "EndLine": 3,
    "Match": f"export AWS_ACCESS_KEY_ID={SECRET}",
    "Code": {"Lines": [{"Number": 3, "Content": f"export KEY={SECRET}", "IsCause": True}]},
}


def report(*results: dict[str, Any], **more: Any) -> bytes:
    document = {
        "SchemaVersion": 2,
        "CreatedAt": "2026-11-20T12:00:00Z",
        "ArtifactName": ".",
        "ArtifactType": "filesystem",
        "Results": list(results),
    }
    return json.dumps(document | more).encode()


def lock(**more: Any) -> dict[str, Any]:
    package = {"Name": "Werkzeug", "Version": "0.11", "Locations": [{"StartLine": 6, "EndLine": 6}]}
    plain = {"Target": "requirements.txt", "Class": "lang-pkgs", "Type": "pip"}
    return plain | {"Packages": [package]} | more


def config(*found: dict[str, Any], target: str = "Dockerfile", **more: Any) -> dict[str, Any]:
    summary = {"Successes": 20, "Failures": len(found)}
    plain = {"Target": target, "Class": "config", "Type": "dockerfile", "MisconfSummary": summary}
    return plain | {"Misconfigurations": list(found)} | more


def read(data: bytes) -> Report:
    return read_trivy(data, version="0.58.1")


def test_a_vulnerability_names_package_fix_and_line() -> None:
    found = read(report(lock(Vulnerabilities=[VULNERABILITY]))).findings[Class.VULNERABILITY]
    [each] = found
    flaw = each.flaw
    assert (flaw.rule, flaw.severity, flaw.cwe) == (
        "CVE-2019-14806",
        FlawSeverity.HIGH,
        ("CWE-331",),
    )
    assert str(flaw.place) == "requirements.txt:6 (pkg:pypi/werkzeug@0.11)"
    assert flaw.fix == "use Werkzeug 0.15.3"
    assert each.message == (
        "Werkzeug 0.11 has CVE-2019-14806: python-werkzeug: insufficient debugger PIN randomness"
    )


def test_an_update_that_mends_nothing_is_the_same_finding() -> None:
    later = VULNERABILITY | {
        "InstalledVersion": "0.12",
        "PkgIdentifier": {"PURL": "pkg:pypi/werkzeug@0.12"},
    }
    first, second = (
        read(report(lock(Vulnerabilities=[entry]))).findings[Class.VULNERABILITY][0]
        for entry in (VULNERABILITY, later)
    )
    assert first.flaw.fingerprint == second.flaw.fingerprint


def test_misconfiguration_of_old_and_new_releases_has_one_name() -> None:
    new_form = OLD_MISCONFIGURATION | {"ID": "DS-0002"}
    del new_form["AVDID"]
    rules = {
        read(report(config(entry))).findings[Class.MISCONFIGURATION][0].flaw.rule
        for entry in (OLD_MISCONFIGURATION, new_form)
    }
    assert rules == {"DS-0002"}
    [found] = read(report(config(NEW_MISCONFIGURATION, target="pod.yaml"))).findings[
        Class.MISCONFIGURATION
    ]
    assert str(found.flaw.place) == "pod.yaml:9 (Pod/chat)"
    assert found.flaw.place.end_line == 12


def test_a_clean_file_shows_that_it_was_looked_at() -> None:
    passed = OLD_MISCONFIGURATION | {"Status": "PASS"}
    clean = read(report(config(passed), lock()))
    assert clean.targets[Class.MISCONFIGURATION] == ("Dockerfile",)
    assert clean.targets[Class.VULNERABILITY] == ("requirements.txt",)
    assert not any(clean.findings.values())


def test_the_value_of_a_secret_is_not_taken_out_of_the_report() -> None:
    leak = {"Target": "deploy.sh", "Class": "secret", "Secrets": [OPEN_SECRET]}
    read_one = read(report(leak))
    [found] = read_one.findings[Class.SECRET]
    assert (found.flaw.rule, found.flaw.place.line) == ("aws-access-key-id", 3)
    assert found.flaw.severity is FlawSeverity.CRITICAL
    assert SECRET not in repr(read_one)
    assert "export" not in repr(read_one)


def test_a_severity_that_nobody_gave_counts_as_high() -> None:
    unknown = VULNERABILITY | {"Severity": "UNKNOWN"}
    [found] = read(report(lock(Vulnerabilities=[unknown]))).findings[Class.VULNERABILITY]
    assert found.flaw.severity is FlawSeverity.HIGH


def test_what_is_hidden_counts() -> None:
    hidden = [
        {"Type": "vulnerability", "Status": "ignored", "Source": ".trivyignore",
         "Finding": VULNERABILITY},
        {"Type": "secret", "Status": "ignored", "Finding": OPEN_SECRET},
        {"Type": "misconfiguration", "Finding": OLD_MISCONFIGURATION},
        {"Type": "license", "Status": "ignored", "Finding": {}},
        {"Type": "vulnerability", "Status": "not_affected", "Finding": VULNERABILITY},
    ]  # fmt: skip
    whole = read(report(lock(ExperimentalModifiedFindings=hidden)))
    assert [len(whole.findings[of]) for of in Class] == [1, 1, 1]
    [found] = whole.findings[Class.VULNERABILITY]
    assert found.message.endswith(".trivyignore hides it from trivy without an end")
    assert SECRET not in repr(whole)


def test_checks_that_comments_switch_off_are_named_or_excluded() -> None:
    switched_off = OLD_MISCONFIGURATION | {"Status": "EXCEPTION"}
    named = read(report(config(switched_off, MisconfSummary={"Exceptions": 1})))
    [found] = named.findings[Class.MISCONFIGURATION]
    assert "without an end" in found.message
    assert named.excluded[Class.MISCONFIGURATION] == ()
    unnamed = read(report(config(MisconfSummary={"Exceptions": 2})))
    [excluded] = unnamed.excluded[Class.MISCONFIGURATION]
    assert excluded.unit == "Dockerfile"
    assert "2 checks off" in excluded.reason


def test_an_empty_report_looked_at_nothing() -> None:
    for data in (report(), report(Results=None)):
        assert not any(read(data).targets.values())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "printed nothing"),
        (report(lock(Vulnerabilities=[VULNERABILITY]))[:-40], "no whole JSON report"),
        (report(SchemaVersion=3), "schema version 3; 2 is known here"),
        (report(SchemaVersion=None), "schema version None"),
        (b"[]", "is list, not an object"),
        (report(lock(Vulnerabilities={})), "Vulnerabilities"),
        (report(lock(Vulnerabilities=[{}])), "VulnerabilityID"),
        (report({"Class": "config"}), "Target"),
        (report(Results={"a": 1}), "Results"),
    ],
)
def test_what_is_no_report_of_trivy_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ScannerError, match=said):
        read(data)


def test_warnings_before_the_report_are_passed_over() -> None:
    noisy = b"2026-11-20T12:00:00Z\tWARN\t'--scanners config' is deprecated\n" + report(lock())
    assert read(noisy).targets[Class.VULNERABILITY] == ("requirements.txt",)
