"""What lies compressed in bytes: gzip, zlib and zstd, as they are or in base64 or hexadecimal.

A stream is read as it comes, piece by piece, and may be as long as it likes; what it gives is
handed on in pieces too, so that nothing that is packed can fill the memory. A stream that gives
more than `LONGEST` is left there and counted: who searches has to say that it did not see the end.
"""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Protocol

from clinigate.phi.canary_engine import Mark

__all__ = ["HEADS", "LONGEST", "Packed", "open_packed"]

#: Of one stream at most so many bytes are read out.
LONGEST = 256 * 2**20
#: zstd is read by a library that wants the whole of it: at most so much is held.
_LONGEST_HELD = 16 * 2**20
_STEP = 64 * 1024
_GIVEN = 2**20
#: Most beginnings are none, and show it within as much.
_PROBE = 96
_BLANKS = b" \t\r\n"
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_-]")
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


class _Wrapping(Protocol):
    """Takes off what packed bytes are wrapped in."""

    ended: bool

    def feed(self, data: bytes) -> bytes:
        """Return the bytes so far; `ended` says that no more belong to it."""


class _Bare:
    ended = False

    def feed(self, data: bytes) -> bytes:
        return data


class _Digits:
    """Base64 or hexadecimal digits, on one line or on several."""

    def __init__(
        self, alien: re.Pattern[bytes], width: int, decode: Callable[[bytes], bytes]
    ) -> None:
        self.ended = False
        self._alien, self._width, self._decode = alien, width, decode
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        digits = data.translate(None, _BLANKS)
        if end := self._alien.search(digits):
            self.ended, digits = True, digits[: end.start()]
        digits = self._held + digits
        whole = len(digits) // self._width * self._width
        self._held = digits[whole:]
        return self._decode(digits[:whole]) + (self._rest() if self.ended else b"")

    def _rest(self) -> bytes:
        """The last digits, as far as they make whole bytes."""
        return (
            self._decode(self._held + b"=" * (4 - len(self._held)))
            if (self._width == 4 and len(self._held) > 1)
            else b""
        )


def _base64() -> _Wrapping:
    return _Digits(_NOT_BASE64, 4, lambda text: base64.b64decode(text.translate(_TO_STANDARD)))


def _hex() -> _Wrapping:
    return _Digits(_NOT_HEX, 2, lambda text: bytes.fromhex(text.decode("ascii")))


class _Unpacking(Protocol):
    ended: bool
    cut: bool

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what comes out, in pieces."""

    def finish(self) -> Iterator[bytes]:
        """Yield what is left where no more comes in."""


class _Inflating:
    """gzip and zlib (RFC 1952, RFC 1950); one that breaks off gives as much as it holds."""

    cut = False

    def __init__(self) -> None:
        self.ended = False
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self.ended:
            try:
                out = self._stream.decompress(data, _GIVEN)
            except zlib.error:
                self.ended = True
                return
            data = self._stream.unconsumed_tail
            self.ended = self._stream.eof
            if out:
                yield out

    def finish(self) -> Iterator[bytes]:
        yield from ()


class _Zstd:
    """zstd (RFC 8878) by pyarrow; without it such a stream counts as cut."""

    def __init__(self) -> None:
        self.cut = self.ended = find_spec("pyarrow") is None
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        room = _LONGEST_HELD - len(self._held)
        self._held += data[:room]
        if len(data) > room:
            self.cut = True
            yield from self.finish()

    def finish(self) -> Iterator[bytes]:
        if self.ended:
            return
        self.ended = True
        import pyarrow as pa

        source = pa.CompressedInputStream(io.BytesIO(self._held), "zstd")
        given = False
        try:
            while out := source.read(_STEP):
                given = True
                yield out
        except OSError:  # it breaks off, or is none, of which nothing is left to read
            self.cut = self.cut and given


class Packed:
    """One stream that has begun.

    Attributes:
        ended: whether all of it was seen, or nothing more can be.
        cut: whether there is more in it than is read.
    """

    def __init__(self, wrapping: _Wrapping, unpacking: _Unpacking) -> None:
        self.ended, self.cut = unpacking.ended, unpacking.cut
        self._wrapping, self._unpacking = wrapping, unpacking
        self._given = 0

    def feed(self, data: bytes, since: int = 0) -> Iterator[bytes]:
        """Yield what comes out of the next bytes, `data[since:]`."""
        for start, end in _steps(since, len(data)):
            if self.ended:
                return
            yield from self._limited(self._unpacking.feed(self._wrapping.feed(data[start:end])))
            if self._wrapping.ended:
                yield from self.finish()

    def finish(self) -> Iterator[bytes]:
        """Yield what is left where no more comes in."""
        if not self.ended:
            yield from self._limited(self._unpacking.finish())
            self.ended = True

    def _limited(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._given += len(piece)
            if self._given > LONGEST:
                self.ended = self.cut = True
                return
            yield piece
        self.ended = self.ended or self._unpacking.ended
        self.cut = self.cut or self._unpacking.cut


def _steps(start: int, length: int) -> Iterator[tuple[int, int]]:
    end = start + _PROBE
    while start < length:
        yield start, end
        start, end = end, end + _STEP


def _head(expression: bytes, width: int, *, folded: bool = False) -> Mark:
    exact = re.compile(expression, re.IGNORECASE if folded else 0)
    return Mark(expression, exact, before=width, folded=folded)


_Kind = tuple[Callable[[], _Wrapping], Callable[[], _Unpacking]]

#: How streams begin, by what they are and what they are wrapped in.
_KINDS: tuple[tuple[Mark, _Kind], ...] = (
    (_head(rb"\x1f\x8b\x08", 3), (_Bare, _Inflating)),
    (_head(rb"\x78[\x01\x5e\x9c\xda]", 2), (_Bare, _Inflating)),
    (_head(rb"H4sI", 4), (_base64, _Inflating)),
    (_head(rb"eJ[w-z]", 3), (_base64, _Inflating)),
    (_head(rb"eN[o-r]", 3), (_base64, _Inflating)),
    (_head(rb"eA[E-H]", 3), (_base64, _Inflating)),
    (_head(rb"eF[4-7]", 3), (_base64, _Inflating)),
    (_head(rb"1f8b08", 6, folded=True), (_hex, _Inflating)),
    (_head(rb"78(?:01|5e|9c|da)", 4, folded=True), (_hex, _Inflating)),
    (_head(rb"\x28\xb5\x2f\xfd", 4), (_Bare, _Zstd)),
    (_head(rb"KLUv[/_]", 5), (_base64, _Zstd)),
    (_head(rb"28b52ffd", 8, folded=True), (_hex, _Zstd)),
)
HEADS = tuple(mark for mark, _ in _KINDS)


def open_packed(head: int) -> Packed:
    """Begin to read a stream of which `HEADS[head]` is the beginning."""
    wrapping, unpacking = _KINDS[head][1]
    return Packed(wrapping(), unpacking())
