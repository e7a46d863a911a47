"""One JSON object a line over TCP: how the processes of a cluster talk on the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import itertools
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["LineClient", "LineServer", "Message", "Push"]

Message = dict[str, Any]
Push = Callable[[Message], None]
"""Sends one more line to whoever is at the other end; harmless when nobody is."""

_LONGEST_LINE = 8 * 1024 * 1024


class LineClient:
    """Requests and answers over one connection, which is made when it is needed.

    Answers find their requests by `id`, so many can be under way. A request that gets no answer in
    time closes the connection: what hangs once is not trusted with the next request.
    """

    def __init__(
        self,
        address: str,
        *,
        secret: str,
        on_push: Callable[[Message], None] | None = None,
    ) -> None:
        """`address` is host:port; `on_push` gets each line that answers no request."""
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._secret = secret
        self._on_push = on_push
        self._ids = itertools.count(1)
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()

    async def call(self, message: Message, timeout_s: float) -> Message:
        """Send `message` and return the answer.

        Raises:
            OSError: no connection, or it broke. TimeoutError: no answer within `timeout_s`.
        """
        async with asyncio.timeout(timeout_s):
            connection = await self._connected()
            number = next(self._ids)
            try:
                return await connection.ask(number, {**message, "id": number, "auth": self._secret})
            except asyncio.CancelledError:
                connection.close()
                raise

    async def close(self) -> None:
        """Close the connection; requests under way fail."""
        if self._connection is not None:
            self._connection.close()
            await self._connection.ended()

    async def _connected(self) -> _Connection:
        async with self._connecting:
            if self._connection is None or self._connection.closed:
                reader, writer = await asyncio.open_connection(*self._address, limit=_LONGEST_LINE)
                _without_delay(writer)
                self._connection = _Connection(reader, writer, self._on_push)
            return self._connection


class _Connection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_push: Callable[[Message], None] | None,
    ) -> None:
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._on_push = on_push
        self._task = asyncio.create_task(self._read(reader))
        self.closed = False

    async def ask(self, number: int, message: Message) -> Message:
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(json.dumps(message).encode() + b"\n")
            return await answer
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        # Not a polite close: what waits in the buffers must not be delivered later.
        self._writer.transport.abort()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the connection was closed"))
        self._task.cancel()

    async def ended(self) -> None:
        """Wait until nothing of it is left."""
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._sort(json.loads(line))
        except (OSError, ValueError):
            pass
        finally:
            self.close()

    def _sort(self, message: Message) -> None:
        waiting = self._waiting.get(message.get("id", 0))
        if waiting is not None and not waiting.done():
            waiting.set_result(message)
        elif self._on_push is not None and "id" not in message:
            self._on_push(message)


class LineServer:
    """Answers each line with what `handle` returns for it, while it is open.

    Lines of one connection are handled in order. A line that is no JSON, or lacks the secret that
    the processes of one cluster share, ends its connection.
    """

    def __init__(
        self, handle: Callable[[Message, Push], Awaitable[Message]], *, secret: str
    ) -> None:
        self._handle = handle
        self._secret = secret
        self._server: asyncio.Server | None = None
        self._busy: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.port = 0

    async def listen(self, port: int = 0) -> None:
        """Listen on a port of the loopback; 0 takes a free one.

        Raises:
            OSError: it is taken.
        """
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", port, limit=_LONGEST_LINE
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and cut every connection."""
        if self._server is not None:
            self._server.close()
        for writer in self._busy.values():
            writer.transport.abort()
        for task in list(self._busy):
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: asyncio.Task[None] | None = asyncio.current_task()
        assert task is not None
        self._busy[task] = writer
        _without_delay(writer)
        try:
            # `close` cancels; asyncio's streams want a task that ends by itself.
            with contextlib.suppress(OSError, ValueError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            writer.close()
            del self._busy[task]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def push(message: Message) -> None:
            if not writer.is_closing():
                writer.write(json.dumps(message).encode() + b"\n")

        while line := await reader.readline():
            message = json.loads(line)
            if not hmac.compare_digest(str(message.get("auth", "")), self._secret):
                return
            push({**await self._handle(message, push), "id": message.get("id")})
            await writer.drain()


def _without_delay(writer: asyncio.StreamWriter) -> None:
    link = writer.get_extra_info("socket")
    if link is not None:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
