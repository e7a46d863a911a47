"""Something with bytes, wherever it lies: a file, what a packed stream gives, a member."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from lzma import LZMAError
from pathlib import Path
from tarfile import TarError
from typing import BinaryIO, Protocol, cast
from zipfile import BadZipFile

from clinigate.phi.surfaces.limits import Budget
from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError

__all__ = ["DAMAGED", "HEAD", "Counted", "Opener", "Readable", "Source"]

#: What readers of the standard library raise where their bytes are not what they should be.
DAMAGED = (
    BadZipFile,
    LZMAError,
    TarError,
    zlib.error,
    EOFError,
    OSError,
    # Encrypted, or packed in a way that the library does not know (NotImplementedError).
    RuntimeError,
    ValueError,
)
#: So many bytes tell what something is.
HEAD = 16 * 1024


class Readable(Protocol):
    """What bytes are read from: a file, a decompressor, a socket."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, at least one where there is one; all of them for -1."""
        ...


class _Ahead:
    """A stream of which some bytes have been read already."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._stream.read(size)
        if size < 0:
            size = len(self._head)
        data, self._head = self._head[:size], self._head[size:]
        return data


class _Torn:
    """A stream that cannot be read on."""

    def __init__(self, problem: TruncatedError) -> None:
        self._problem = problem

    def read(self, _size: int = -1, /) -> bytes:
        raise self._problem


class Counted:
    """A member's bytes, held against the limits as those of a compressed stream are."""

    def __init__(self, stream: Readable, budget: Budget, packed: int) -> None:
        self._stream = stream
        self._budget = budget
        self._packed = packed
        self._read = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read on. Raises TruncatedError past the limits."""
        data = self._stream.read(size)
        self._read += len(data)
        self._budget.take(len(data), out=self._read, packed=self._packed)
        return data


@dataclass
class Source:
    """Bytes that are read once, and what is known of them.

    Attributes:
        name: as `Part.name`: "" for the file itself.
        file_name: its last name, whose ending may say what it is; "" where it has none.
        stream: where the bytes come from, from their beginning.
        budget: what the whole file may still use.
        depth: how many layers are above.
        path: of a file on disk, which can be sought in and read again; of others None.
    """

    name: str
    file_name: str
    stream: Readable
    budget: Budget
    depth: int = 0
    path: Path | None = None
    _head: bytes | None = field(default=None, repr=False)
    _whole: bytes | None = field(default=None, repr=False)

    def head(self) -> bytes:
        """Return the first bytes, which stay unread. Raises TruncatedError."""
        if self._head is None:
            self._head = b""
            try:
                while len(self._head) < HEAD and (more := self._read(HEAD - len(self._head))):
                    self._head += more
            except TruncatedError:
                if not self._head:
                    raise
        return self._head

    def as_stream(self) -> Readable:
        """Return the bytes from their beginning, to be read once."""
        head = self.head()
        return _Ahead(head, self.stream)

    def within(self, name: str) -> str:
        """Return what something in it is called."""
        return f"{self.name}!/{name}" if self.name else name

    def inner(self, name: str, file_name: str, stream: Readable) -> Source:
        """Return something that lies in this one, a layer below."""
        return Source(name, file_name.rpartition("/")[2], stream, self.budget, self.depth + 1)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the beginning; what cannot be read on ends with TruncatedError."""
        data, size = self.head(), self.budget.limits.chunk
        if len(data) == HEAD:
            try:
                data += self._read(size - HEAD)
            except TruncatedError:
                yield data
                raise
        while data:
            yield data
            data = self._read(size)

    def whole(self) -> BinaryIO:
        """Return everything as a file that can be sought in, from its beginning.

        Raises:
            TruncatedError: it is no file on disk and larger than what may be in memory.
        """
        if self.path is not None:
            file = cast(BinaryIO, self.stream)
            file.seek(0)
            return file
        if self._whole is None:
            held, data = self.budget.limits.held, bytearray(self.head())
            try:
                while len(data) <= held and (more := self._read(held + 1 - len(data))):
                    data += more
            finally:
                self._whole = bytes(data)
            if len(data) > held:
                raise TruncatedError(f"larger than {held // 2**20} MB and packed: unpack it first")
        return io.BytesIO(self._whole)

    def again(self) -> Iterator[bytes]:
        """Yield the bytes from the beginning, after `whole` as well."""
        if self.path is not None:
            self.stream = self.whole()
        elif self._whole is None:
            yield from self.chunks()
            return
        else:
            yield self._whole
        while data := self._read(self.budget.limits.chunk):
            yield data

    def _read(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except TruncatedError as problem:
            self.stream = _Torn(problem)
            raise
        except DAMAGED as problem:
            reason = getattr(problem, "strerror", None) or "damaged"
            self.stream = _Torn(TruncatedError(f"cannot be read on ({reason})"))
            return self.stream.read()


#: Yields what is in a source, whatever that is.
Opener = Callable[[Source], Iterator[Part | Skipped]]
