"""schemathesis' run report becomes findings by operation; an operation that was not really tested
is excluded, and a run that broke off is an error.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.model import ScanResult
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.dast_report import read_schemathesis

OPERATIONS = ("GET /ok", "GET /open", "POST /v1/chat")
ANSWERED = {"GET /ok": 4, "GET /open": 9, "POST /v1/chat": 1}
IGNORED_AUTH = {
    "type": "IgnoredAuth",
    "code": "ST401",
    "title": "API accepts requests without authentication",
    "severity": "critical",
    "count": 2,
    "operations": ["GET /open", "GET /ok"],
}


def report(*failures: dict[str, Any], **more: Any) -> bytes:
    document = {
        "schemathesis_version": "4.32.5",
        "stop_reason": "completed",
        "complete": True,
        "operations": {"total": 3, "selected": 3, "tested": 3, "errored": 0, "skipped": 0},
        "failures": list(failures),
        "errors": [],
        "warnings": {"missing_auth": [], "rate_limited": [], "missing_test_data": ["GET /ok"]},
    }
    return json.dumps(document | more).encode()


def read(data: bytes, answered: dict[str, int] | None = None) -> ScanResult:
    counted = ANSWERED if answered is None else answered
    return read_schemathesis(data, operations=OPERATIONS, answered=counted)


def test_a_clean_run_tested_each_operation() -> None:
    scan = read(report())
    assert (scan.scanner, scan.version) == ("schemathesis", "4.32.5")
    assert (scan.units, scan.excluded, scan.findings) == (tuple(sorted(OPERATIONS)), (), ())


def test_a_failure_is_a_finding_of_each_operation() -> None:
    first, second = read(report(IGNORED_AUTH)).findings
    assert first.message == ("GET /ok answers without valid credentials what its document protects")
    flaw = second.flaw
    assert (flaw.rule, flaw.severity, flaw.cwe) == ("ST401", FlawSeverity.CRITICAL, ("CWE-306",))
    assert str(flaw.place) == "https:/open (GET /open)"
    assert first.flaw.fingerprint != second.flaw.fingerprint


def test_a_failure_of_a_kind_that_is_new_counts_too() -> None:
    new = {"type": "NewThing", "title": "New", "severity": "odd", "operations": ["GET /ok"]}
    [found] = read(report(new)).findings
    assert (found.flaw.rule, found.flaw.severity) == ("NewThing", FlawSeverity.HIGH)
    assert found.message == "GET /ok fails a check: New"


def test_what_was_not_really_tested_is_excluded() -> None:
    warnings = {"missing_auth": ["GET /open"], "rate_limited": ["POST /v1/chat"]}
    scan = read(report(warnings=warnings), {"GET /open": 3, "POST /v1/chat": 8})
    assert scan.units == ()
    assert {each.unit: each.reason.partition(":")[0] for each in scan.excluded} == {
        "GET /open": "every answer was 401 or 403",
        "POST /v1/chat": "the service refused most requests by its rate limit",
        "GET /ok": "no answer came",
    }


def test_an_error_excludes_what_it_cannot_name() -> None:
    errors = [{"title": "Network Error", "count": 1}]
    [excluded] = read(report(errors=errors)).excluded
    assert excluded.reason == "it could not be tested to the end: Network Error"
    silent = read(report(errors=errors), {"GET /ok": 1, "GET /open": 1}).excluded
    assert [(each.unit, each.reason) for each in silent] == [
        ("POST /v1/chat", "no answer came: Network Error")
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (report()[:-20], "no whole JSON report"),
        (b"[]", "is list"),
        (report(schemathesis_version=None), "schemathesis_version"),
        (report(complete=False, stop_reason="interrupted"), r"its end \(interrupted\)"),
        (
            report(complete=False, stop_reason="error", errors=[{"title": "Schema Loading Error"}]),
            "Schema Loading Error",
        ),
        (report(stop_reason="max_time"), "did not come to its end"),
        (report({"type": "IgnoredAuth", "operations": "GET /ok"}), "no list of operations"),
        (report({"operations": []}), "type"),
    ],
)
def test_a_run_that_says_nothing_is_an_error(data: bytes, said: str) -> None:
    with pytest.raises(ScannerError, match=said):
        read(data)
