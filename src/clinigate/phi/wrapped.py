r"""What an encoder has broken into lines, put together again.

MIME and PEM break base64 after 64 or 76 characters, quoted-printable after 76 with `=` at the end
of the line; YAML indents what follows, and JSON writes the break as `\n`. One piece of a broken
literal stands whole on some line: the pieces are what is looked for, and where one stands, what is
around it is put together.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clinigate.phi.canary_engine import Mark

__all__ = ["SOFT_BREAK", "Unwrapped", "breaks_in", "pieces_of", "unwrapped"]

#: Lines of twice as many characters hold one piece of a long literal whole.
_PIECE = 16
_BREAK = re.compile(rb"\r?\n[ \t]{0,16}|(?:\\r)?\\n")
_SOFT = rb"=(?:\r?\n|(?:\\r)?\\n)"

SOFT_BREAK = Mark(expression=_SOFT, exact=re.compile(_SOFT), before=5)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """Bytes around some breaks, without these.

    Attributes:
        data: the bytes.
        starts: where each of its lines begins in `data`.
        sources: where it begins in what `data` was taken from.
    """

    data: bytes
    starts: Sequence[int]
    sources: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where `data[start:end]` stood; None where no break is in it."""
        first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1) - 1
        if first == last:
            return None
        return (
            self.sources[first] + start - self.starts[first],
            self.sources[last] + end - self.starts[last],
        )


def pieces_of(literal: bytes) -> Iterator[tuple[int, int]]:
    """Yield stretches of a literal of which one is whole wherever it is broken.

    A short one has two, which meet or overlap in the middle: it can be broken once. Of a long one
    every line holds a whole piece.
    """
    length = len(literal)
    if length <= 2 * _PIECE:
        half = -(-length // 2)
        yield 0, half
        yield length - half, length
        return
    for start in range(0, length - _PIECE + 1, _PIECE):
        yield start, start + _PIECE


def breaks_in(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Return where lines end in `data[start:end]`."""
    return [match.span() for match in _BREAK.finditer(data, max(0, start), end)]


def unwrapped(data: bytes, breaks: Sequence[tuple[int, int]], reach: int) -> Iterator[Unwrapped]:
    """Yield what stands around breaks, as far as `reach` bytes from the nearest one."""
    group: list[tuple[int, int]] = []
    for place in breaks:
        if group and place[0] - group[-1][1] > 2 * reach:
            yield _without(data, group, reach)
            group = []
        group.append(place)
    if group:
        yield _without(data, group, reach)


def _without(data: bytes, breaks: Sequence[tuple[int, int]], reach: int) -> Unwrapped:
    ends = [start for start, _ in breaks] + [min(len(data), breaks[-1][1] + reach)]
    sources = [max(0, breaks[0][0] - reach)] + [end for _, end in breaks]
    lines = [data[begin:end] for begin, end in zip(sources, ends, strict=True)]
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line)
    return Unwrapped(b"".join(lines), starts, sources)
