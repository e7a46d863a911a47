"""Search a long text in pieces: patterns and engines are made for pages, not for whole logs."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clinigate.phi.engine import Find
from clinigate.phi.model import Hit

__all__ = ["Lines", "find_in_json_lines", "find_in_pieces"]

_SIZE = 16 * 1024
#: What of the piece before is looked at again: words beside a find, and a find across the cut.
_BACK = 512


class Lines:
    """Lines and columns of a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def find_in_pieces(text: str, find: Find) -> Iterator[Hit]:
    """Yield what `find` finds, with spans in the whole text, in order.

    A piece ends with a line where it can. Where a line is longer than a piece, what lies across the
    cut is found in the next one, which begins a little before it.
    """
    start = 0
    while start < len(text):
        end = _end_of_piece(text, start)
        back = max(0, start - _BACK)
        torn = end < len(text) and text[end - 1] != "\n"
        for hit in find(text[back:end]):
            first, last = hit.start + back, hit.end + back
            seen_before = last <= start or (back and first == back)
            if not seen_before and not (torn and last == end):
                yield replace(hit, start=first, end=last)
        start = end


def _end_of_piece(text: str, start: int) -> int:
    end = start + _SIZE
    if end >= len(text):
        return len(text)
    line_end = text.rfind("\n", start, end)
    return line_end + 1 if line_end > start else end


def find_in_json_lines(text: str, find: Find) -> Iterator[tuple[int, str, Hit]]:
    r"""Yield line, value and hit of what only shows once a line of JSON is read.

    Serializers write `@` as `\u0040` or a dash as `\u2011`; lines with such escapes are decoded,
    and each value is searched behind the names of its fields.
    """
    if "\\u" not in text:
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if "\\u" not in line or not line.lstrip().startswith(("{", "[")):
            continue
        try:
            decoded = "\n".join(f"{key}: {item}" for key, item in _leaves(json.loads(line), ""))
        except (ValueError, RecursionError):
            continue
        for hit in find(decoded):
            yield number, decoded[hit.start : hit.end], hit


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, key)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield (key, str(value))
