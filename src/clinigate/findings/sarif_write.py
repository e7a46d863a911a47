"""Findings as SARIF 2.1.0: the same bytes for the same findings, whatever their order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from clinigate.core.flaw import Flaw, Place
from clinigate.findings.model import Found, ScanResult, in_order
from clinigate.findings.sarif_text import (
    FINGERPRINT_KEY,
    LEVELS,
    OWN_RUN,
    SCHEMA,
    SCORES,
    VERSION,
    to_address,
    to_sarif_uri,
)

__all__ = ["write_sarif"]

Json = dict[str, Any]


def write_sarif(scans: Iterable[ScanResult | Found]) -> bytes:
    """Return a SARIF log: a run for each scanner, sorted throughout, without times.

    Single findings go to the run of the first tool that they name. Accepted findings are
    suppressed with their justification. What could not be looked at is an error notification.
    """
    runs = [_run(scan) for scan in _by_scanner(scans)]
    log = {"$schema": SCHEMA, "version": VERSION, "runs": runs}
    text = json.dumps(log, indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return f"{text}\n".encode("ascii")


def _by_scanner(scans: Iterable[ScanResult | Found]) -> list[ScanResult]:
    """One scan for each scanner: code hosts refuse two runs of one tool in one file."""
    merged: dict[str, ScanResult] = {}
    for given in scans:
        scan = _alone(given) if isinstance(given, Found) else given
        known = merged.get(scan.scanner)
        merged[scan.scanner] = scan if known is None else _together(known, scan)
    return [merged[name] for name in sorted(merged)]


def _alone(found: Found) -> ScanResult:
    tool = found.flaw.tools[0] if found.flaw.tools else "unknown"
    return ScanResult(tool, "", (), (), (found,))


def _together(one: ScanResult, other: ScanResult) -> ScanResult:
    return ScanResult(
        one.scanner,
        max(one.version, other.version),
        (*one.units, *other.units),
        (*one.excluded, *other.excluded),
        (*one.findings, *other.findings),
    )


def _run(scan: ScanResult) -> Json:
    findings = sorted(dict.fromkeys(scan.findings), key=in_order)
    rules = _rules(findings)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    driver: Json = {"name": scan.scanner, "rules": rules}
    if scan.version:
        driver["version"] = scan.version
    excluded = sorted({(each.unit, each.reason) for each in scan.excluded})
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{OWN_RUN}{scan.scanner}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_not_looked_at(*each) for each in excluded],
            }
        ],
        "artifacts": [
            {"location": _artifact(unit), "roles": ["analysisTarget"]}
            for unit in sorted(set(scan.units))
        ],
        "results": [_result(each, index[each.flaw.rule]) for each in findings],
    }


def _rules(findings: Sequence[Found]) -> list[Json]:
    """Descriptors by id; where findings of one rule differ, each result has its own words too."""
    by_id: dict[str, list[Flaw]] = {}
    for each in findings:
        by_id.setdefault(each.flaw.rule, []).append(each.flaw)
    return [_rule(rule, by_id[rule]) for rule in sorted(by_id)]


def _rule(rule: str, flaws: Sequence[Flaw]) -> Json:
    gravest = min(flaws, key=lambda flaw: (flaw.severity.rank, flaw.title, flaw.fix))
    cwes = sorted({cwe for flaw in flaws for cwe in flaw.cwe})
    described: Json = {
        "id": rule,
        "properties": {
            "security-severity": SCORES[gravest.severity],
            "tags": ["security", *(f"external/cwe/{cwe.lower()}" for cwe in cwes)],
        },
    }
    if gravest.title:
        described["shortDescription"] = {"text": gravest.title}
    if gravest.fix:
        described["help"] = {"text": gravest.fix}
    if gravest.help_uri:
        described["helpUri"] = to_address(gravest.help_uri)
    return described


def _result(found: Found, rule_index: int) -> Json:
    flaw = found.flaw
    properties: Json = {
        "severity": flaw.severity.value,
        "tools": list(flaw.tools),
        "cwe": list(flaw.cwe),
        "title": flaw.title,
        "fix": flaw.fix,
        "helpUri": flaw.help_uri,
    }
    result: Json = {
        "ruleId": flaw.rule,
        "ruleIndex": rule_index,
        "level": LEVELS[flaw.severity],
        "message": {"text": found.message},
        "locations": [_location(flaw.place)],
        "partialFingerprints": {FINGERPRINT_KEY: flaw.fingerprint},
        "properties": properties,
    }
    if flaw.accepted is not None:
        # A comment stands in the source; baseline and waiver stand in files of their own.
        kind = "inSource" if flaw.accepted.startswith("inline ") else "external"
        result["suppressions"] = [
            {"kind": kind, "status": "accepted", "justification": flaw.accepted}
        ]
    return result


def _location(place: Place) -> Json:
    physical: Json = {"artifactLocation": _artifact(place.uri)}
    region = {
        "startLine": place.line,
        "endLine": place.end_line,
        "startColumn": place.column,
    }
    if place.line is not None:
        physical["region"] = {key: value for key, value in region.items() if value is not None}
    location: Json = {"physicalLocation": physical}
    if place.symbol is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": place.symbol}]
    return location


def _artifact(uri: str) -> Json:
    return {"uri": to_sarif_uri(uri)}


def _not_looked_at(unit: str, reason: str) -> Json:
    return {
        "level": "error",
        "message": {"text": reason},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(unit)}}],
    }
