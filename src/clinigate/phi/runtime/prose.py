"""Text of any length without its finds, in little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TextIO

from clinigate.phi.matching.search import MARGIN
from clinigate.phi.runtime.records import WITHHELD_RULE, Cleaning
from clinigate.phi.runtime.redactor import Find

__all__ = ["prose"]

_BLOCK = 2**20
_SAME = "surrogateescape"  # what is no UTF-8 is written as it was read


def prose(text: TextIO, write: Callable[[str], object], cleaning: Cleaning) -> int:
    """Copy a text and return how many lines it has.

    Args:
        text: opened with `newline=""` and `errors="surrogateescape"`.
        write: takes text.
        cleaning: what cleans.
    """
    held, begin, line = b"", 0, 1
    while True:
        block = text.read(_BLOCK)
        held += block.encode("utf-8", _SAME)
        until = _cut(held, begin, len(held) - MARGIN) if block else len(held)
        found = [each for each in cleaning.redactor.finds(held) if each.end > begin]
        for each in found:
            if each.start < until < each.end:
                until = each.start
        if until > begin:
            finds = _within(begin, until, [*found, *_withheld(held, line, cleaning)])
            cleaning.rules.update(each.rule for each in finds)
            piece = cleaning.redactor.replaced(
                held[begin:until],
                [each._replace(start=each.start - begin, end=each.end - begin) for each in finds],
            )
            write(piece.decode("utf-8", _SAME))
            keep = max(0, until - MARGIN)
            line += held.count(b"\n", 0, keep)
            held, begin = held[keep:], until - keep
        if not block:
            ended = not held or held.endswith(b"\n")
            return line + held.count(b"\n") - ended


def _cut(data: bytes, begin: int, end: int) -> int:
    """Where to cut: behind a line, or between two letters."""
    line_end = data.rfind(b"\n", begin, max(begin, end))
    if line_end >= 0:
        return line_end + 1
    while end > begin and data[end] & 0xC0 == 0x80:
        end -= 1
    return end


def _within(begin: int, until: int, finds: list[Find]) -> list[Find]:
    """The finds of a stretch, none over another: a line that is withheld takes its finds along."""
    kept: list[Find] = []
    for each in sorted(finds, key=lambda find: (find.start, -find.end)):
        start, end = max(begin, each.start), min(until, each.end)
        if start <= end and start < until and start >= (kept[-1].end if kept else begin):
            kept.append(each._replace(start=start, end=end))
    return kept


def _withheld(data: bytes, line: int, cleaning: Cleaning) -> Iterator[Find]:
    """The lines of these bytes that go as a whole; the first of them has this number."""
    if not cleaning.withheld:
        return
    at = 0
    for number, content in enumerate(data.split(b"\n"), start=line):
        if number in cleaning.withheld and content:
            yield Find(at, at + len(content.rstrip(b"\r")), WITHHELD_RULE)
        at += len(content) + 1
