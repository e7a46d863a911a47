"""What several scanners see is one finding that names them all, and two scanners of one thing are
not taken for one where they see two things.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.loader import load_config
from clinigate.security.scan import Scan, context_for, perform
from clinigate.security.scanners import checkov, dependencies, trivy

PRIVILEGED = {
    "ID": "KSV017", "AVDID": "AVD-KSV-0017", "Title": "Privileged", "Severity": "HIGH",
    "Message": "Container 'chat' of Pod 'chat' should set privileged to false", "Status": "FAIL",
    "CauseMetadata": {"StartLine": 8, "EndLine": 10},
}  # fmt: skip
HOST_NETWORK = PRIVILEGED | {"ID": "KSV009", "AVDID": "AVD-KSV-0009", "Message": "host network"}
CHECKOV = {
    "check_type": "kubernetes",
    "results": {
        "failed_checks": [
            {
                "check_id": "CKV_K8S_16", "check_name": "Container should not be privileged",
                "check_result": {"result": "FAILED"}, "file_path": "/pod.yaml",
                "file_line_range": [1, 12], "resource": "Pod.default.chat",
            }
        ],
        "parsing_errors": [],
    },
    "summary": {"checkov_version": "3.3.30"},
}  # fmt: skip
JINJA = {
    "VulnerabilityID": "CVE-2019-10906", "PkgName": "Jinja2", "InstalledVersion": "2.4",
    "Severity": "CRITICAL", "Title": "sandbox escape", "FixedVersion": "2.10.1",
}  # fmt: skip
ADVISORY = {
    "id": "PYSEC-2019-217", "modified": "2026-11-10T00:00:00Z", "aliases": ["CVE-2019-10906"],
    "affected": [{
        "package": {"ecosystem": "PyPI", "name": "jinja2"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
    }],
}  # fmt: skip


def stub(folder: Path, name: str, version: str, report: Any) -> str:
    (folder / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
    path = folder / name
    path.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo {version}; exit 0; fi\n'
        f"cat {folder / name}.json\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def scan(tmp_path: Path) -> Any:
    """Scan a small tree by all three, with what trivy's report holds."""

    def go(*results: dict[str, Any]) -> Scan:
        tree, tools = tmp_path / "tree", tmp_path / "tools"
        tree.mkdir()
        tools.mkdir()
        (tree / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\n", encoding="utf-8")
        (tree / "requirements.txt").write_text("jinja2==2.4\n", encoding="utf-8")
        (tools / "osv.json").write_text(json.dumps([ADVISORY]), encoding="utf-8")
        report = {"SchemaVersion": 2, "Results": list(results)}
        settings = tree / "clinigate.toml"
        settings.write_text(
            '[subject]\nname = "sample"\n[security]\n'
            f'checkov = "{stub(tools, "checkov", "3.3.30", CHECKOV)}"\n'
            f'trivy = "{stub(tools, "trivy", "0.58.1", report)}"\n'
            f'advisories = "{tools / "osv.json"}"\n',
            encoding="utf-8",
        )
        scanners = [checkov.SCANNER, trivy.SCANNER, dependencies.SCANNER]
        today = date(2026, 11, 20)
        return perform(scanners, context_for(load_config(settings), today=today), part=True)

    return go


def pod(*found: dict[str, Any]) -> dict[str, Any]:
    return {"Target": "pod.yaml", "Class": "config", "Misconfigurations": list(found)}


def lock(*found: dict[str, Any]) -> dict[str, Any]:
    plain = {"Target": "requirements.txt", "Class": "lang-pkgs", "Type": "pip"}
    return plain | {"Vulnerabilities": list(found)}


def merged(scan: Scan) -> list[tuple[str, tuple[str, ...]]]:
    return sorted((found.flaw.rule, found.flaw.tools) for _, found in scan.merged)


def test_one_misconfiguration_that_two_name_is_one_finding(scan: Any) -> None:
    assert merged(scan(pod(PRIVILEGED))) == [
        ("CKV_K8S_16", ("checkov", "trivy")),
        ("CVE-2019-10906", ("osv",)),
    ]


def test_one_vulnerability_that_two_name_is_one_finding(scan: Any) -> None:
    with_purl = JINJA | {"PkgIdentifier": {"PURL": "pkg:pypi/jinja2@2.4"}}
    done = scan(lock(with_purl))
    assert merged(done) == [("CKV_K8S_16", ("checkov",)), ("CVE-2019-10906", ("osv", "trivy"))]


def test_a_trivy_that_names_no_package_url_agrees_too(scan: Any) -> None:
    assert ("CVE-2019-10906", ("osv", "trivy")) in merged(scan(lock(JINJA)))


def test_different_weaknesses_stay_apart(scan: Any) -> None:
    other = JINJA | {"VulnerabilityID": "CVE-2024-22195"}
    assert merged(scan(pod(HOST_NETWORK), lock(other))) == [
        ("CKV_K8S_16", ("checkov",)),
        ("CVE-2019-10906", ("osv",)),
        ("CVE-2024-22195", ("trivy",)),
        ("KSV-0009", ("trivy",)),
    ]
