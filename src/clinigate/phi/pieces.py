"""Search a long text in pieces: patterns and engines are made for pages, not for whole logs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from clinigate.phi.engine import Find
from clinigate.phi.model import Hit

__all__ = ["Lines", "find_in_pieces"]

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
