r"""What serializers wrote as escapes: `\u0040` is an at sign, `\n` ends a line."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

__all__ = ["Unescaped", "plain", "unescaped"]

_HEX = rb"[0-9a-fA-F]"
_ESCAPE = re.compile(
    rb"\\(?:u(?P<pair>[dD][89abAB]%b{2}\\u[dD][c-fC-F]%b{2})|u(?P<wide>%b{4})"
    rb"|x(?P<byte>%b{2})|(?P<letter>[\"'\\/bfnrt]))" % ((_HEX,) * 4)
)
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
#: JSON within JSON within JSON: each has escapes of its own.
_LAYERS = 3


class Unescaped(NamedTuple):
    """Bytes without a layer of escapes, and the way back.

    Attributes:
        data: the bytes.
        ends: of each escape, where what it means ends in `data`.
        starts: of each escape, where what it means starts in `data`.
        written: of each escape, its span as it is written.
    """

    data: bytes
    starts: list[int]
    ends: list[int]
    written: list[tuple[int, int]]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span as written of a span of `data`, with whole escapes."""
        return self._start(start), self._end(end)

    def _start(self, at: int) -> int:
        run = bisect_right(self.starts, at) - 1
        if run < 0:
            return at
        begin, end = self.written[run]
        return begin if at < self.ends[run] else end + at - self.ends[run]

    def _end(self, at: int) -> int:
        run = bisect_right(self.starts, at - 1) - 1
        if run < 0:
            return at
        return self.written[run][1] + max(0, at - self.ends[run])


def unescaped(data: bytes) -> list[Unescaped]:
    """Return the bytes without one, two and three layers of escapes, as far as there are any.

    The spans of a layer are those of the one before. Read are the escapes of JSON, and those of
    Python's `repr` among them.
    """
    layers: list[Unescaped] = []
    while b"\\" in data and len(layers) < _LAYERS:
        layer = _without_a_layer(data)
        if layer.data == data:
            break
        layers.append(layer)
        data = layer.data
    return layers


def plain(value: bytes) -> bytes:
    """Return a value without its escapes, whatever form it was written in."""
    layers = unescaped(value)
    return layers[-1].data if layers else value


def _without_a_layer(data: bytes) -> Unescaped:
    pieces: list[bytes] = []
    made = Unescaped(b"", [], [], [])
    at = size = 0
    for match in _ESCAPE.finditer(data):
        meant = _meant(match)
        pieces += [data[at : match.start()], meant]
        size += match.start() - at
        made.starts.append(size)
        size += len(meant)
        made.ends.append(size)
        made.written.append(match.span())
        at = match.end()
    return made._replace(data=b"".join([*pieces, data[at:]]))


def _meant(match: re.Match[bytes]) -> bytes:
    if letter := match["letter"]:
        return _LETTERS.get(letter, letter)
    if match["byte"]:
        return chr(int(match["byte"], 16)).encode()
    if pair := match["pair"]:
        high, low = int(pair[:4], 16), int(pair[6:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00).encode()
    return chr(int(match["wide"], 16)).encode("utf-8", "surrogatepass")
