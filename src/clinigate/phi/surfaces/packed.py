"""Compressed streams: what comes out of them is looked at as if it lay there."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Protocol

from clinigate.phi.surfaces.limits import Budget
from clinigate.phi.surfaces.part import TruncatedError
from clinigate.phi.surfaces.sources import Readable

__all__ = ["Inflating", "Unpacked", "bzip2", "deflated", "gzip", "has_zstd", "is_deflated",
           "is_old_lzma", "xz", "zstd"]  # fmt: skip

_STEP = 64 * 1024
_OUT = 2**20
_DICTIONARY = 128 * 2**20


class Inflating(Protocol):
    """What decompressors have in common."""

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


class _Deflated:
    """One gzip member, or a stream as zlib writes it."""

    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)

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
    """One stream of bzip2, xz or zstd."""

    def __init__(self, inner: Any, damage: type[Exception] = OSError) -> None:
        self._inner = inner
        self._damage = damage

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def out(self, data: bytes, size: int) -> bytes:
        try:
            return bytes(self._inner.decompress(data, size))
        except self._damage:
            raise ValueError("damaged") from None

    def hungry(self) -> bool:
        return bool(self._inner.needs_input)


def gzip() -> Inflating:
    """A member of a gzip file (RFC 1952)."""
    return _Deflated(zlib.MAX_WBITS | 16)


def deflated() -> Inflating:
    """A stream of zlib (RFC 1950)."""
    return _Deflated(zlib.MAX_WBITS)


def is_deflated(head: bytes) -> bool:
    """Whether a file begins as a stream of zlib, and goes on as one."""
    if head[:1] != b"x" or head[1:2] not in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
        return False
    return _gives(deflated(), head)


def is_old_lzma(head: bytes) -> bool:
    """Whether a file begins as those before xz did, which have no sign, and goes on as one."""
    return head[:3] == b"]\0\0" and _gives(xz(), head)


def _gives(stream: Inflating, head: bytes) -> bool:
    try:
        return stream.out(head, _STEP) != b""
    except (zlib.error, lzma.LZMAError, ValueError, EOFError):
        return False


def bzip2() -> Inflating:
    """A stream of a bzip2 file."""
    return _Block(bz2.BZ2Decompressor())


def xz() -> Inflating:
    """A stream of an xz or lzma file, in at most 128 MB of memory."""
    return _Block(lzma.LZMADecompressor(memlimit=_DICTIONARY))


def has_zstd() -> bool:
    """Whether Python, or `backports.zstd`, reads zstd."""
    return _zstd() is not None


def zstd() -> Inflating:
    """A frame of a zstd file (RFC 8878), in at most 128 MB of memory; see `has_zstd`."""
    library = _zstd()
    if library is None:
        raise TruncatedError("packed by zstd, which needs backports.zstd")
    options = {library.DecompressionParameter.window_log_max: _DICTIONARY.bit_length() - 1}
    return _Block(library.ZstdDecompressor(options=options), library.ZstdError)


def _zstd() -> Any:
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


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
