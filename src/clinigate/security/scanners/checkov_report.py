"""checkov's JSON report (3.x), and what it spoke of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.core.flaw import Flaw, Place
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Excluded, Found
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.checkov_rules import help_page, severity_of_rule
from clinigate.security.scanners.reading import json_of, list_at, object_at, severity_of, text_at

__all__ = ["NAME", "CheckovReport", "read_checkov"]

NAME = "checkov"


@dataclass(frozen=True, slots=True)
class CheckovReport:
    """What a report says.

    Attributes:
        version: of checkov.
        spoken_of: the files of which at least one rule spoke, each with the resources in it.
        excluded: files that checkov could not parse.
        findings: in the order of the report.
    """

    version: str
    spoken_of: Mapping[str, frozenset[str]]
    excluded: tuple[Excluded, ...]
    findings: tuple[Found, ...]


def read_checkov(data: bytes) -> CheckovReport:
    """Return what a report says.

    A rule that a file switches off by
    `checkov:skip` is a finding all the same: it names neither an end nor who agreed. No code of the
    files is kept.

    Args:
        data: standard output of `checkov -o json`.

    Raises:
        ScannerError: the output is no such report.
    """
    document = json_of(data, NAME)
    reports = document if isinstance(document, list) else [document]
    version = ""
    spoken_of: dict[str, set[str]] = {}
    excluded: list[Excluded] = []
    findings: list[Found] = []
    fingerprints = Fingerprints()
    for report in reports:
        if not isinstance(report, dict):
            raise ScannerError(f"{NAME}'s report holds {type(report).__name__}, not an object")
        summary = report if "check_type" not in report else object_at(report, "summary", NAME)
        version = text_at(summary, "checkov_version", NAME)
        if "check_type" not in report:
            # Nothing that it knows was there: the summary stands alone.
            continue
        results = object_at(report, "results", NAME)
        excluded += _unparsed(report, results)
        for group in ("passed_checks", "failed_checks", "skipped_checks"):
            for record in list_at(results, group, NAME):
                spoken_of.setdefault(_uri(record), set()).add(str(record.get("resource")))
        kind = text_at(report, "check_type", NAME)
        findings += _findings(kind, results, fingerprints)
    if not version:
        raise ScannerError(f"{NAME}'s report is an empty list")
    spoken = {uri: frozenset(names) for uri, names in spoken_of.items()}
    return CheckovReport(version, spoken, tuple(excluded), tuple(findings))


def _unparsed(report: Mapping[str, Any], results: Mapping[str, Any]) -> Iterator[Excluded]:
    files = results.get("parsing_errors")
    if not isinstance(files, list):
        raise ScannerError(f"{NAME}'s report does not say which files it could not parse")
    for file in files:
        yield Excluded(str(file), f"{NAME} cannot parse it as {report.get('check_type')}")


def _findings(
    kind: str,
    results: Mapping[str, Any],
    fingerprints: Fingerprints,
) -> Iterator[Found]:
    for group, switched_off in (("failed_checks", False), ("skipped_checks", True)):
        for record in list_at(results, group, NAME):
            yield _found(kind, record, fingerprints, switched_off=switched_off)


def _found(
    kind: str,
    record: Mapping[str, Any],
    fingerprints: Fingerprints,
    *,
    switched_off: bool,
) -> Found:
    rule = text_at(record, "check_id", NAME)
    uri = _uri(record)
    resource = record.get("resource")
    symbol = _symbol(resource, uri) if isinstance(resource, str) else None
    title = str(record.get("check_name") or rule)
    line, end_line = _lines(record)
    guideline = record.get("guideline")
    flaw = Flaw(
        rule=rule,
        tools=(NAME,),
        severity=severity_of(record.get("severity")) or severity_of_rule(rule),
        place=Place(uri, line=line, end_line=end_line, symbol=symbol),
        fingerprint=fingerprints.of(rule, uri, symbol=symbol),
        title=title,
        help_uri=guideline if isinstance(guideline, str) and guideline else help_page(kind),
    )
    # `USER` alone says little; `Pod.therapy.chat` says all.
    what = symbol if symbol is not None and "." in symbol else uri
    return Found(flaw, _message(what, title, record, switched_off=switched_off))


def _message(what: str, title: str, record: Mapping[str, Any], *, switched_off: bool) -> str:
    if switched_off:
        return (
            f"{what}: a checkov:skip comment switches this rule off without an end: {title}; "
            "write `# clinigate: accept RULE until DATE: reason` instead"
        )
    keys = object_at(record, "check_result", NAME).get("evaluated_keys")
    paths = [key for key in keys if isinstance(key, str) and key] if isinstance(keys, list) else []
    looked = f" (looked at {', '.join(sorted(paths)[:3])})" if paths else ""
    return f"{what}: {title}{looked}"


def _uri(record: Mapping[str, Any]) -> str:
    return text_at(record, "file_path", NAME).lstrip("/")


def _symbol(resource: str, uri: str) -> str | None:
    # Of a Dockerfile it is its path and the instruction: `/docker/Dockerfile.USER`.
    name = resource.removeprefix(f"/{uri}").removeprefix(".")
    return name.lstrip("/") or None


def _lines(record: Mapping[str, Any]) -> tuple[int | None, int | None]:
    lines = record.get("file_line_range")
    if (
        isinstance(lines, list)
        and len(lines) == 2
        and all(isinstance(line, int) and line > 0 for line in lines)
    ):
        return lines[0], lines[1]
    return None, None
