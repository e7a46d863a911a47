"""checkov's report is understood in all its forms, what a comment switches off counts all the same,
and no code of the scanned files is kept.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.checkov_report import read_checkov

SUMMARY = {"checkov_version": "3.3.30", "failed": 0}


def record(rule: str, result: str = "FAILED", **more: Any) -> dict[str, Any]:
    fields = {
        "check_id": rule,
        "check_name": "Container should not be privileged",
        "check_result": {"result": result, "evaluated_keys": ["spec/containers/[0]"]},
        "code_block": None,
        "file_path": "/k8s/pod.yaml",
        "file_line_range": [1, 12],
        "resource": "Pod.default.chat",
        "severity": None,
        "guideline": None,
    }
    return fields | more


def report(kind: str = "kubernetes", **results: Any) -> dict[str, Any]:
    whole = {"passed_checks": [], "failed_checks": [], "skipped_checks": [], "parsing_errors": []}
    return {"check_type": kind, "results": whole | results, "summary": SUMMARY}


def as_bytes(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_one_report_is_an_object_and_several_are_a_list() -> None:
    failed = report(failed_checks=[record("CKV_K8S_16")])
    passed = report("dockerfile", passed_checks=[record("CKV_DOCKER_2", file_path="/Dockerfile")])
    one = read_checkov(as_bytes(failed))
    two = read_checkov(as_bytes([failed, passed]))
    assert one.version == "3.3.30"
    assert one.spoken_of == {"k8s/pod.yaml": {"Pod.default.chat"}}
    assert set(two.spoken_of) == {"Dockerfile", "k8s/pod.yaml"}
    [found] = one.findings
    assert found.flaw.rule == "CKV_K8S_16"
    assert found.flaw.severity is FlawSeverity.HIGH
    assert (found.flaw.place.line, found.flaw.place.end_line) == (1, 12)
    assert found.flaw.place.symbol == "Pod.default.chat"
    assert found.flaw.help_uri.endswith("/5.Policy%20Index/kubernetes.html")
    assert "Pod.default.chat: Container should not be privileged" in found.message
    assert two.findings == one.findings


def test_nothing_to_look_at_is_no_unit() -> None:
    empty = read_checkov(as_bytes(SUMMARY))
    assert (empty.spoken_of, empty.findings, empty.version) == ({}, (), "3.3.30")


def test_a_policy_of_ones_own_brings_severity_and_guideline() -> None:
    own = record("CKV2_OWN_1", severity="CRITICAL", guideline="https://example.org/owner")
    [found] = read_checkov(as_bytes(report(failed_checks=[own]))).findings
    assert found.flaw.severity is FlawSeverity.CRITICAL
    assert found.flaw.help_uri == "https://example.org/owner"


def test_a_rule_that_nobody_rated_is_medium() -> None:
    [found] = read_checkov(as_bytes(report(failed_checks=[record("CKV_K8S_999")]))).findings
    assert found.flaw.severity is FlawSeverity.MEDIUM


def test_a_skip_comment_accepts_nothing() -> None:
    skipped = record("CKV_K8S_16", "SKIPPED")
    skipped["check_result"] = {"result": "SKIPPED", "suppress_comment": "because"}
    [found] = read_checkov(as_bytes(report(skipped_checks=[skipped]))).findings
    assert found.is_open
    assert "checkov:skip" in found.message
    assert "because" not in found.message


def test_files_that_do_not_parse_are_excluded() -> None:
    scan = read_checkov(as_bytes(report("terraform", parsing_errors=["/x/broken.tf"])))
    assert [(each.unit, each.reason) for each in scan.excluded] == [
        ("/x/broken.tf", "checkov cannot parse it as terraform")
    ]


def test_the_same_rule_twice_at_one_resource_is_two_findings() -> None:
    twice = report(failed_checks=[record("CKV_K8S_16"), record("CKV_K8S_16")])
    first, second = read_checkov(as_bytes(twice)).findings
    assert first.flaw.fingerprint != second.flaw.fingerprint


def test_no_code_of_the_file_is_kept() -> None:
    leaky = record(
        "CKV_SECRET_2", code_block=[[3, "key = 'hunter2'"]], evaluations={"v": "hunter2"}
    )
    assert "hunter2" not in repr(read_checkov(as_bytes(report(failed_checks=[leaky]))))


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        [3],
        {"check_type": "kubernetes", "results": {"failed_checks": []}},
        {"check_type": "kubernetes", "results": [], "summary": SUMMARY},
        report(failed_checks=[{"check_id": "CKV_1"}]),
        report(failed_checks=[record("")]),
        report(parsing_errors=None),
    ],
)
def test_what_is_no_report_of_checkov_is_refused(document: Any) -> None:
    with pytest.raises(ScannerError, match="checkov"):
        read_checkov(as_bytes(document))
