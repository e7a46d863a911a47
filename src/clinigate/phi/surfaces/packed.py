"""Compressed streams: what comes out of them is looked at as if it lay there."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from clinigate.phi.surfaces.limits import Budget
from clinigate.phi.surfaces.part import TruncatedError
from clinigate.phi.surfaces.sources import Readable

__all__ = ["Inflating", "Unpacked", "bzip2", "gzip", "xz"]

_STEP = 64 * 1024
_OUT = 2**20
_DICTIONARY = 128 * 2**20


class Inflating(Protocol):
    """What the three decompressors of the standard library have in common."""

    @property
    def eof(self) -> bool:
        """Whether the stream's end has been seen."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What came behind its end."""
        ...

    def out(self, data: bytes, size: int) -> bytes:
        """Take packed bytes in, and return up to `size` of what they hold."""
        ...

    def hungry(self) -> bool:
        """Whether more comes out only if more goes in."""
        ...


class _Gzip:
    """One gzip member."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def out(self, data: bytes, size: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, size)

    def hungry(self) -> bool:
        return not self._inner.unconsumed_tail


class _Block:
    """One stream of bzip2 or xz."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._inner = inner

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def out(self, data: bytes, size: int) -> bytes:
        return self._inner.decompress(data, size)

    def hungry(self) -> bool:
        return self._inner.needs_input


def gzip() -> Inflating:
    """A member of a gzip file (RFC 1952)."""
    return _Gzip()


def bzip2() -> Inflating:
    """A stream of a bzip2 file."""
    return _Block(bz2.BZ2Decompressor())


def xz() -> Inflating:
    """A stream of an xz or lzma file, in at most 128 MB of memory."""
    return _Block(lzma.LZMADecompressor(memlimit=_DICTIONARY))


class Unpacked:
    """Reads what a compressed stream holds, of any number of members, within a budget.

    `read` raises TruncatedError where the stream is damaged, breaks off, or grows past the limits;
    what came before has been read by then.
    """

    def __init__(self, stream: Readable, begin: Callable[[], Inflating], budget: Budget) -> None:
        self._stream = stream
        self._begin = begin
        self._budget = budget
        self._pieces = self._inflate()
        self._left = b""
        self._read_in = self._read_out = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, at least one where there is one."""
        if not self._left:
            self._left = next(self._pieces, b"")
        if size < 0:
            return self._take(len(self._left)) + b"".join(self._pieces)
        return self._take(size)

    def _take(self, size: int) -> bytes:
        data, self._left = self._left[:size], self._left[size:]
        return data

    def _inflate(self) -> Iterator[bytes]:
        member, data = self._begin(), self._more()
        while True:
            try:
                out = member.out(data, _OUT)
            except (zlib.error, lzma.LZMAError, OSError, ValueError):
                raise TruncatedError("damaged: it cannot be unpacked on") from None
            self._count(len(out))
            if out:
                yield out
            data = b""
            if member.eof:
                data = self._after(member.unused_data)
                if not data:
                    return
                member = self._begin()
            elif member.hungry():
                data = self._more()
                if not data and not out:
                    raise TruncatedError("it breaks off: what is packed in it has no end")

    def _after(self, data: bytes) -> bytes:
        """What follows a member; zeros are none: tapes and disks pad."""
        data = data.lstrip(b"\0")
        while not data and (more := self._more()):
            data = more.lstrip(b"\0")
        return data

    def _more(self) -> bytes:
        data = self._stream.read(_STEP)
        self._read_in += len(data)
        return data

    def _count(self, size: int) -> None:
        self._read_out += size
        self._budget.take(size, out=self._read_out, packed=self._read_in)
