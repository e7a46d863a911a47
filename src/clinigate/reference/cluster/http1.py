"""As much of HTTP/1.1 as a proxy on the loopback needs: heads, and bodies as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

__all__ = ["Head", "MalformedError", "answer", "body_of", "pieces_of", "read_head"]

_LONGEST_BODY = 1024 * 1024
_CHUNK = 65_536
_BODILESS = frozenset({204, 304})


class MalformedError(Exception):
    """What came is no HTTP/1.1 that this proxy passes on; the message is for the client."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and the headers of a request or an answer."""

    first: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The value of a header, whose name is written in lower case; empty when it is absent."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.first.split(" ")[1])

    @property
    def closes(self) -> bool:
        """Whether the connection ends after this message."""
        return self.get("connection").lower() == "close" or self.first.startswith("HTTP/1.0")

    def encode(self, more: Iterable[tuple[str, str]] = ()) -> bytes:
        """The bytes of the head, with more headers at its end."""
        lines = [self.first, *(f"{name}: {value}" for name, value in (*self.headers, *more))]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """Read a head; None when the connection ended before one began.

    Raises:
        MalformedError: what came is none. OSError, EOFError: the connection broke.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise
    except asyncio.LimitOverrunError as error:
        raise MalformedError("the head is too long") from error
    first, *lines = raw[:-4].decode("latin-1").split("\r\n")
    if len(first.split(" ")) < 3:
        raise MalformedError("the first line is malformed")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise MalformedError("a header is malformed")
        headers.append((name, value.strip()))
    return Head(first, tuple(headers))


async def body_of(head: Head, reader: asyncio.StreamReader) -> bytes:
    """Read the whole body of a request, by its length or its chunks.

    Raises:
        MalformedError: it is too long, or framed in another way.
    """
    body = bytearray()
    async for piece in pieces_of(head, reader, None):
        body += piece
        if len(body) > _LONGEST_BODY:
            raise MalformedError("the body is too long")
    return bytes(body)


async def pieces_of(
    head: Head, reader: asyncio.StreamReader, answering: int | None
) -> AsyncIterator[bytes]:
    """Yield the content of a body as it comes; `answering` is the status when it is an answer's."""
    if answering in _BODILESS:
        return
    if "chunked" in head.get("transfer-encoding").lower():
        async for piece in _chunks(reader):
            yield piece
        return
    length = head.get("content-length")
    if not length:
        if answering is not None and head.closes:
            while piece := await reader.read(_CHUNK):
                yield piece
        return
    if not length.isdecimal() or (answering is None and int(length) > _LONGEST_BODY):
        raise MalformedError("the body is too long, or its length is malformed")
    left = int(length)
    while left:
        piece = await reader.read(min(left, _CHUNK))
        if not piece:
            raise EOFError("the body was cut short")
        left -= len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        size = (await reader.readuntil(b"\r\n")).partition(b";")[0].strip()
        try:
            length = int(size, 16)
        except ValueError as error:
            raise MalformedError("a chunk is malformed") from error
        if not 0 <= length <= _LONGEST_BODY:
            raise MalformedError("a chunk is too long")
        if length:
            yield await reader.readexactly(length)
        if await reader.readuntil(b"\r\n") != b"\r\n" or not length:
            return


def answer(status: str, body: bytes, *, media_type: str, close: bool = False) -> bytes:
    """A whole answer of the proxy's own."""
    headers = [
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    headers += [("Connection", "close")] if close else []
    return Head(f"HTTP/1.1 {status}", tuple(headers)).encode() + body
