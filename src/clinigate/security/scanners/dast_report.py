"""schemathesis' JSON run report (4.x), which holds no answer of the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import fingerprint
from clinigate.findings.model import Excluded, Found, ScanResult, in_order
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.reading import (
    json_of,
    list_at,
    object_at,
    severity_of,
    text_at,
)

__all__ = ["NAME", "read_schemathesis"]

NAME = "schemathesis"

#: What a kind of failure means, and its weakness: CWE-306, missing authentication.
_MEANING: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "IgnoredAuth": ("answers without valid credentials what its document protects", ("CWE-306",)),
    "ServerError": ("answers with a server error (5xx)", ("CWE-755",)),
    "UndefinedStatusCode": ("answers with a status that its document does not know", ()),
    "UndefinedContentType": ("answers with a content type that its document does not know", ()),
    "JsonSchemaError": ("answers what its document's schema does not allow", ()),
    "UnsupportedMethodResponse": ("does not refuse a method that its document lacks by 405", ()),
}
_FIX = {
    "IgnoredAuth": "check credentials before anything else, or declare the route open",
    "ServerError": "answer bad input with a 4xx",
    "UndefinedStatusCode": "document the status, or do not send it",
    "UndefinedContentType": "document the content type, or do not send it",
    "JsonSchemaError": "mend the answer or its schema",
    "UnsupportedMethodResponse": "answer 405 with an Allow header",
}
#: Warnings that say that an operation was not really tested.
_NOT_TESTED = {
    "missing_auth": "every answer was 401 or 403: give credentials in [target.auth]",
    "rate_limited": "the service refused most requests by its rate limit",
}


def read_schemathesis(
    data: bytes,
    *,
    operations: Sequence[str],
    answered: Mapping[str, int],
) -> ScanResult:
    """Return what a report says.

    Args:
        data: the file of `--report-json-path`.
        operations: those of the document, as `GET /v1/model`.
        answered: how many answers came from each.

    Raises:
        ScannerError: it is no such report, or of a run that did not come to its end.
    """
    report = json_of(data, NAME)
    if not isinstance(report, dict):
        raise ScannerError(f"{NAME}'s report is {type(report).__name__}, not an object")
    version = text_at(report, "schemathesis_version", NAME)
    if report.get("complete") is not True or report.get("stop_reason") != "completed":
        raise ScannerError(
            f"{NAME} did not come to its end ({report.get('stop_reason')})"
            f"{': ' if _errors(report) else ''}{_errors(report)}"
        )
    excluded = tuple(_excluded(report, operations, answered))
    left_out = {each.unit for each in excluded}
    findings = sorted(_findings(report), key=in_order)
    return ScanResult(
        NAME,
        version,
        units=tuple(sorted(set(operations) - left_out)),
        excluded=excluded,
        findings=tuple(findings),
    )


def _excluded(
    report: Mapping[str, Any], operations: Sequence[str], answered: Mapping[str, int]
) -> Iterator[Excluded]:
    warnings = object_at(report, "warnings", NAME)
    refused = {
        str(label): reason
        for warning, reason in _NOT_TESTED.items()
        for label in _labels(warnings.get(warning))
    }
    errors = _errors(report)
    silent = [operation for operation in sorted(set(operations)) if not answered.get(operation)]
    for operation in sorted(set(operations) & refused.keys()):
        yield Excluded(operation, refused[operation])
    for operation in silent:
        yield Excluded(operation, f"no answer came: {errors or 'it was not tested'}")
    if errors and not silent:
        # The report counts errors and does not name their operations.
        yield Excluded("an operation", f"it could not be tested to the end: {errors}")


def _findings(report: Mapping[str, Any]) -> Iterator[Found]:
    for group in list_at(report, "failures", NAME):
        kind = text_at(group, "type", NAME)
        rule = str(group.get("code") or kind)
        title = str(group.get("title") or kind)
        meaning, cwe = _MEANING.get(kind, (f"fails a check: {title}", ()))
        stated = severity_of(group.get("severity")) or FlawSeverity.HIGH
        for operation in _labels(group.get("operations")):
            path = operation.partition(" ")[2]
            uri = f"https:{path}"
            flaw = Flaw(
                rule=rule,
                tools=(NAME,),
                severity=stated,
                place=Place(uri, symbol=operation),
                fingerprint=fingerprint(rule, uri, symbol=operation),
                title=title,
                fix=_FIX.get(kind, ""),
                help_uri="https://schemathesis.readthedocs.io/en/stable/reference/checks/",
                cwe=cwe,
            )
            yield Found(flaw, f"{operation} {meaning}")


def _labels(found: object) -> list[str]:
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ScannerError(f"{NAME}'s report has no list of operations where one was expected")
    return found


def _errors(report: Mapping[str, Any]) -> str:
    titles = sorted({str(error.get("title")) for error in list_at(report, "errors", NAME)})
    return ", ".join(titles[:3])
