"""Something with bytes, wherever it lies: a file, what a packed stream gives, a member."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, cast

from clinigate.phi.surfaces.limits import Budget
from clinigate.phi.surfaces.part import TruncatedError

__all__ = ["HEAD", "Readable", "Source"]

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


@dataclass
class Source:
    """Bytes that are read once, and what is known of them.

    Attributes:
        name: as `Part.name`: "" for the file itself.
        file_name: its last name, whose ending may say what it is; "" where it has none.
        stream: where the bytes come from, from their beginning.
        budget: what the whole file may still use.
        depth: how many layers are above.
        is_file: whether `stream` is a file on disk: seeking costs nothing.
    """

    name: str
    file_name: str
    stream: Readable
    budget: Budget
    depth: int = 0
    is_file: bool = False
    _head: bytes | None = field(default=None, repr=False)

    def head(self) -> bytes:
        """Return the first bytes, which stay unread."""
        if self._head is None:
            self._head = _full_read(self.stream, HEAD)
        return self._head

    def as_stream(self) -> Readable:
        """Return the bytes from their beginning, to be read once."""
        head = self.head()
        return _Ahead(head, self.stream)

    def inner(self, name: str, file_name: str, stream: Readable) -> Source:
        """Return something that lies in this one, a layer below."""
        return Source(name, file_name, stream, self.budget, self.depth + 1)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the beginning; what cannot be read on ends with TruncatedError."""
        head, size = self.head(), self.budget.limits.chunk
        if len(head) < HEAD:
            yield from [head] if head else []
            return
        first = head + self._read(size - HEAD)
        while first:
            yield first
            first = self._read(size)

    def whole(self) -> BinaryIO:
        """Return everything as a file that can be sought in, from its beginning.

        Raises:
            TruncatedError: it is no file on disk and larger than what may be in memory.
        """
        if self.is_file:
            file = cast(BinaryIO, self.stream)
            file.seek(0)
            return file
        held, data = self.budget.limits.held, bytearray(self.head())
        while len(data) <= held and (more := self._read(held + 1 - len(data))):
            data += more
        if len(data) > held:
            raise TruncatedError(f"larger than {held // 2**20} MB, and packed: unpack it first")
        return io.BytesIO(bytes(data))

    def _read(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except OSError as problem:
            raise TruncatedError(f"cannot be read on ({problem.strerror or 'damaged'})") from None


def _full_read(stream: Readable, size: int) -> bytes:
    """Read until there is that much, or no more: packed streams give what they have."""
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data
