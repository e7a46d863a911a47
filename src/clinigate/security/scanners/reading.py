"""Reading what a scanner printed: its one JSON document, whole; names of files that are no text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.tree import shown_name
from clinigate.findings.troubles import ScannerError

__all__ = [
    "count_at",
    "is_text",
    "json_of",
    "list_at",
    "object_at",
    "severity_of",
    "shown_name",
    "text_at",
]

_WORDS = {
    "CRITICAL": FlawSeverity.CRITICAL,
    "HIGH": FlawSeverity.HIGH,
    "MEDIUM": FlawSeverity.MEDIUM,
    "MODERATE": FlawSeverity.MEDIUM,
    "LOW": FlawSeverity.LOW,
    "INFO": FlawSeverity.INFO,
    "NONE": FlawSeverity.INFO,
}
#: How many lines that look like the beginning of a document are tried.
_MOST_BEGINNINGS = 64


def json_of(data: bytes, tool: str) -> Any:
    """Return the one JSON document in a scanner's output.

    Warnings may stand in lines before it; after it nothing may follow.

    Raises:
        ScannerError: there is none, it is cut off, or something follows it.
    """
    text = data.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise ScannerError(f"{tool} printed nothing where its report was expected")
    decoder = json.JSONDecoder()
    for start in _beginnings(text):
        try:
            document, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if not text[end:].strip():
            return document
    raise ScannerError(
        f"{tool} printed no whole JSON report ({len(data):,} bytes): "
        "it was cut off, or is mixed with other output"
    )


def object_at(parent: Mapping[str, Any], key: str, tool: str) -> Mapping[str, Any]:
    """Return an object of a report, an empty one where it is missing or null.

    Raises:
        ScannerError: something else stands there.
    """
    found = parent.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _strange(tool, key, "an object", found)
    return found


def list_at(parent: Mapping[str, Any], key: str, tool: str) -> list[Mapping[str, Any]]:
    """Return a list of objects of a report, an empty one where it is missing or null.

    Raises:
        ScannerError: something else stands there.
    """
    found = parent.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _strange(tool, key, "a list of objects", found)
    return found


def text_at(parent: Mapping[str, Any], key: str, tool: str) -> str:
    """Return a text that a report must have.

    Raises:
        ScannerError: it is missing, or empty, or no text.
    """
    found = parent.get(key)
    if not isinstance(found, str) or not found:
        raise _strange(tool, key, "a text", found)
    return found


def count_at(parent: Mapping[str, Any], key: str) -> int | None:
    """Return a positive number of a report, as of a line; None where there is none."""
    found = parent.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None


def severity_of(word: object) -> FlawSeverity | None:
    """Return a scanner's word for a severity; None where it says nothing that is known."""
    return _WORDS.get(word.upper()) if isinstance(word, str) else None


def is_text(name: str) -> bool:
    """Whether the name of a file is UTF-8, so that a report can name it."""
    return name == shown_name(name)


def _beginnings(text: str) -> list[int]:
    starts: list[int] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if line[0] in "{[":
            starts.append(at)
            if len(starts) == _MOST_BEGINNINGS:
                break
        at += len(line)
    return starts


def _strange(tool: str, key: str, wanted: str, found: object) -> ScannerError:
    got = "nothing" if found is None else type(found).__name__
    return ScannerError(f"{tool}'s report has {got} at {key} where {wanted} was expected")
