"""YAML text into plain values with lines, within bounds.

Built from the parser's events, one after the other: deep nesting cannot exhaust the stack, as it
does in a recursive composer, and aliases that multiply (a "billion laughs") are counted before
anything walks through them. What Kubernetes would refuse or read in two ways is refused here:
duplicate keys, tags of one's own, keys that are no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

__all__ = ["MAX_DEPTH", "MAX_WEIGHT", "Document", "DocumentError", "read_documents"]

#: Deeper than any manifest, shallower than what Python's own recursion bears.
MAX_DEPTH = 100
#: Values of one document after aliases are followed; the largest CRDs that people write have 50,000
#: lines. Long texts weigh more, so that neither their copies can grow without end.
MAX_WEIGHT = 500_000
_TEXT_PER_WEIGHT = 100

#: libyaml where PyYAML was built with it: ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_START = frozenset("0123456789+-.~tTfFyYnNoO")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_OCTAL = re.compile(r"0o?[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_TAG = "tag:yaml.org,2002:"
_SCALARS = frozenset(
    f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")
)
_COLLECTIONS = frozenset((f"{_TAG}map", f"{_TAG}seq", "!"))
_OWN_TAG = "uses a tag that Kubernetes does not know"
#: By identity of a dict or list: itself, so that its identity stays its own, and the lines in it.
_Lines = dict[int, tuple[object, dict[str | int, int]]]
_UNKNOWN: tuple[object, dict[str | int, int]] = (None, {})


class DocumentError(Exception):
    """Text that is no document for us: `reason` in a few words, `line` is 1-based."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"line {line}: {reason}")
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """One document.

    Attributes:
        value: plain JSON: dict with text keys, list, str, int, float, bool, None.
        line: where it begins, 1-based.
        lines: of each dict and list, the line of each key or index in it.
    """

    value: Any
    line: int
    lines: _Lines = field(repr=False)

    def line_of(self, path: tuple[str | int, ...]) -> int:
        """The line of the value at a path, or of the nearest thing above it that is there."""
        line, value = self.line, self.value
        for step in path:
            _, known = self.lines.get(id(value), _UNKNOWN)
            if step not in known:
                return line
            line = known[step]
            value = value[step]
        return line


def read_documents(text: str) -> Iterator[Document]:
    """Yield the documents of a text that are not empty.

    Raises:
        DocumentError: it is no YAML, or beyond the bounds.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            document = builder.take(event)
            if document is not None and document.value is not None:
                yield document
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise DocumentError(f"is no YAML: {error.problem or error.context}", line) from None
    except yaml.YAMLError:
        raise DocumentError("is no YAML: it holds characters that YAML forbids", 1) from None


@dataclass(slots=True)
class _Open:
    """A mapping or list in the making."""

    value: dict[str, Any] | list[Any]
    line: int
    lines: dict[str | int, int]
    anchor: str | None
    weight: int = 1
    key: str | None = None
    key_line: int = 0
    merged: list[tuple[dict[str, Any], dict[str | int, int]]] = field(default_factory=list)


class _Builder:
    """Documents from events."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.lines: _Lines = {}
        self.root: Document | None = None

    def take(self, event: Any) -> Document | None:
        """Take one event; give back the document that it ends."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent:
            self._open(event, {})
        elif kind is yaml.SequenceStartEvent:
            self._open(event, [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._begin()
        elif kind is yaml.DocumentEndEvent:
            return self.root
        return None

    def _scalar(self, event: Any) -> None:
        line = event.start_mark.line + 1
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(top, event.value, line)
            return
        value = _resolved(event, line)
        weight = 1 + len(event.value) // _TEXT_PER_WEIGHT
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, weight)
        self._add(value, line, weight)

    def _key(self, top: _Open, key: str, line: int) -> None:
        if key in top.lines:
            first = top.lines[key]
            raise DocumentError(f"the key {key[:60]!r} stands twice, first in line {first}", line)
        top.key, top.key_line = key, line

    def _open(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        line = event.start_mark.line + 1
        if len(self.stack) >= MAX_DEPTH:
            raise DocumentError(f"is nested more than {MAX_DEPTH} deep", line)
        if event.tag is not None and event.tag not in _COLLECTIONS:
            raise DocumentError(_OWN_TAG, line)
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise DocumentError("a key is a mapping or a list; text is wanted", line)
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        self.stack.append(_Open(value, line, {}, event.anchor))

    def _close(self) -> None:
        done = self.stack.pop()
        for source, lines in done.merged:
            assert isinstance(done.value, dict)
            for key, value in source.items():
                if key not in done.value:
                    done.value[key] = value
                    done.lines[key] = lines.get(key, done.line)
        self.lines[id(done.value)] = (done.value, done.lines)
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.value, done.weight)
        self._add(done.value, done.line, done.weight)

    def _alias(self, event: Any) -> None:
        line = event.start_mark.line + 1
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise DocumentError("a key is an alias; text is wanted", line)
        if event.anchor not in self.anchors:
            raise DocumentError(
                f"*{event.anchor[:40]} names nothing that ended before, or itself", line
            )
        value, weight = self.anchors[event.anchor]
        self._add(value, line, weight)

    def _add(self, value: Any, line: int, weight: int) -> None:
        if not self.stack:
            self.root = Document(value, line, self.lines)
            return
        top = self.stack[-1]
        top.weight += weight
        if top.weight > MAX_WEIGHT:
            raise DocumentError(
                f"holds more than {MAX_WEIGHT:,} values once its aliases are followed", line
            )
        if isinstance(top.value, list):
            top.lines[len(top.value)] = line
            top.value.append(value)
            return
        key, top.key = top.key, None
        assert key is not None
        if key == "<<":
            self._merge(top, value, line)
            return
        top.lines[key] = top.key_line
        top.value[key] = value

    def _merge(self, top: _Open, value: Any, line: int) -> None:
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, dict):
                raise DocumentError("<< merges what is no mapping", line)
            top.merged.append((each, self.lines.get(id(each), _UNKNOWN)[1]))


def _resolved(event: Any, line: int) -> Any:
    """A scalar's value by YAML 1.1, as Kubernetes' own tools read it; dates stay text."""
    text: str = event.value
    tag = event.tag
    if tag is not None and tag != "!":
        if tag not in _SCALARS:
            raise DocumentError(_OWN_TAG, line)
        return text if tag in (f"{_TAG}str", f"{_TAG}timestamp") else _plain(text)
    if not event.implicit[0] or (text and text[0] not in _PLAIN_START):
        return text
    return _plain(text)


def _plain(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if len(text) > 40:
        return text  # no number of a manifest; Python's own limit on digits is never met
    if _INT.fullmatch(text):
        return int(text.replace("_", ""))
    if _OCTAL.fullmatch(text):
        return int(text.replace("o", ""), 8)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if abs(number) != float("inf") else text
    return text
