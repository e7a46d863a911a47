"""The parts of SARIF's schema that we read: whatever else is in a log does not concern us."""

from __future__ import annotations

from typing import Any

from clinigate.findings.sarif_text import VERSION
from clinigate.findings.troubles import ScannerError

__all__ = ["Parts", "check_log"]

#: An object of a log whose shape was checked.
Parts = dict[str, Any]

#: What an object may hold of what we read: its type, or the shape of its items.
Shape = dict[str, Any]

_TEXT: Shape = {"text": str, "markdown": str}
_ARTIFACT: Shape = {"uri": str}
_REGION: Shape = {"startLine": int, "endLine": int, "startColumn": int, "snippet": _TEXT}
_LOCATION: Shape = {
    "physicalLocation": {"artifactLocation": _ARTIFACT, "region": _REGION},
    "logicalLocations": [{"fullyQualifiedName": str, "name": str}],
}
_RULE: Shape = {
    "id!": str,
    "name": str,
    "shortDescription": _TEXT,
    "help": _TEXT,
    "helpUri": str,
    "defaultConfiguration": {"level": str},
    "properties": {"tags": [str]},
    "relationships": [{"target": {"id": str}}],
}
_COMPONENT: Shape = {"name!": str, "version": str, "semanticVersion": str, "rules": [_RULE]}
_RESULT: Shape = {
    "ruleId": str,
    "ruleIndex": int,
    "rule": {"id": str, "index": int},
    "kind": str,
    "level": str,
    "message!": _TEXT,
    "locations": [_LOCATION],
    "partialFingerprints": dict,
    "suppressions": [{"justification": str}],
    "properties": dict,
}
_NOTE: Shape = {"level": str, "message": _TEXT, "locations": [_LOCATION]}
_RUN: Shape = {
    "tool!": {"driver!": _COMPONENT, "extensions": [_COMPONENT]},
    "invocations": [
        {
            "executionSuccessful!": bool,
            "toolExecutionNotifications": [_NOTE],
            "toolConfigurationNotifications": [_NOTE],
        }
    ],
    "artifacts": [{"location": _ARTIFACT}],
    "results": [_RESULT],
}


def check_log(log: Any, source: str) -> list[Parts]:
    """Return the runs of a log.

    Raises:
        ScannerError: another version, no run, or a part of the wrong type; its path is named.
    """
    if not isinstance(log, dict) or not {"version", "runs"} <= log.keys():
        raise ScannerError(f"{source}: is JSON but no SARIF log: it has no 'version' and 'runs'")
    if log["version"] != VERSION:
        shown = log["version"] if isinstance(log["version"], str) else type(log["version"]).__name__
        raise ScannerError(
            f"{source}: is SARIF version {shown[:20]!r}, and {VERSION} can be read; take a release "
            "of the scanner that writes it"
        )
    runs = log["runs"]
    _check(runs, [_RUN], "runs", source)
    if not runs:
        raise ScannerError(f"{source}: is a SARIF log without a run; the scanner did not look")
    checked: list[Parts] = runs
    return checked


def _check(value: Any, shape: Any, path: str, source: str) -> None:
    if isinstance(shape, list):
        _expect(isinstance(value, list), value, "a list", path, source)
        for index, item in enumerate(value):
            _check(item, shape[0], f"{path}[{index}]", source)
    elif isinstance(shape, dict):
        _expect(isinstance(value, dict), value, "an object", path, source)
        _check_object(value, shape, path, source)
    else:
        right = isinstance(value, shape) and not (shape is int and isinstance(value, bool))
        _expect(right, value, _NAMES[shape], path, source)


def _check_object(value: Parts, shape: Shape, path: str, source: str) -> None:
    for key, inner in shape.items():
        name = key.removesuffix("!")
        if value.get(name) is not None:
            _check(value[name], inner, f"{path}.{name}", source)
            continue
        if key.endswith("!"):
            raise ScannerError(f"{source}: {path}.{name} is missing; this is no SARIF {VERSION}")
        # null stands for nothing where a tool writes it.
        value.pop(name, None)


_NAMES = {str: "a text", int: "an integer", bool: "true or false", dict: "an object"}


def _expect(condition: bool, got: Any, wanted: str, path: str, source: str) -> None:
    if not condition:
        raise ScannerError(
            f"{source}: {path} is {type(got).__name__}, wanted {wanted}; this is no SARIF {VERSION}"
        )
