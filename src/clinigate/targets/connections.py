"""Connections of one event loop, straight over asyncio: the road of thousands of requests.

httpx's own pool serves every async library and every protocol, and takes several times as long for
a request as the exchange itself: time of this process, which a service would seem to need. Here a
connection is an asyncio stream and h11's state machine. All that is above a connection stays
httpx's: requests, responses, decoding, errors. A way through a proxy is httpx's as well.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

import h11
import httpx

__all__ = ["Connections"]

Origin: TypeAlias = tuple[str, str, int]

_PIECE = 1 << 16
#: Bytes of a head beyond which it is none.
_LONGEST_HEAD = 100 * 1024
_PORTS = {"http": 80, "https": 443}
#: A second address is tried after that long (RFC 8305).
_HAPPY_EYEBALLS_S = 0.25


class Connections(httpx.AsyncBaseTransport):
    """Sends each request over a connection of its own, and keeps those that may be used again.

    It limits neither how many there are nor how long anything takes: a target's slots and time
    limits do. A connection that was broken off, or whose answer was not read to its end, is closed.
    """

    def __init__(self, tls: Callable[[], ssl.SSLContext], *, idle_s: float) -> None:
        """Open nothing yet.

        Args:
            tls: what to verify services with; called for `https` alone.
            idle_s: seconds after which an unused connection is not used any more.
        """
        self._tls = tls
        self._idle_s = idle_s
        self._idle: dict[Origin, list[_Link]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its response, the body still to be read.

        Raises:
            httpx.TransportError: no connection, or one that broke off or spoke no HTTP.
        """
        link = await self._take(_origin(request.url))
        try:
            head = await link.exchange(request)
        except BaseException:
            link.abort()
            raise
        return httpx.Response(
            head.status_code, headers=head.headers.raw_items(), stream=_Body(self, link)
        )

    def give_back(self, link: _Link) -> None:
        """Keep a connection whose exchange is over, close one that is in the midst of it."""
        if link.renew():
            self._idle[link.origin].append(link)
        else:
            link.abort()

    async def aclose(self) -> None:
        """Close what is kept. A later request opens new connections."""
        links = [link for kept in self._idle.values() for link in kept]
        self._idle.clear()
        for link in links:
            link.abort()
        for link in links:
            await link.wait_closed()

    async def _take(self, origin: Origin) -> _Link:
        kept = self._idle[origin]
        while kept:
            link = kept.pop()  # the one used last: the others may grow old
            if link.is_fresh(self._idle_s):
                return link
            link.abort()
        return await self._connect(origin)

    async def _connect(self, origin: Origin) -> _Link:
        scheme, host, port = origin
        tls = self._tls() if scheme == "https" else None
        try:
            reader, writer = await asyncio.open_connection(
                host, port, ssl=tls, happy_eyeballs_delay=_HAPPY_EYEBALLS_S
            )
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        return _Link(origin, reader, writer)


class _Link:
    """One connection, and where its exchange stands."""

    def __init__(
        self, origin: Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.origin = origin
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._idle_since = 0.0

    async def exchange(self, request: httpx.Request) -> h11.Response:
        """Send a request, in one write, and return the head of the answer."""
        body = await request.aread()
        with _as_httpx():
            out = self._protocol.send(
                h11.Request(
                    method=request.method,
                    target=request.url.raw_path,
                    headers=request.headers.raw,
                )
            )
            data = self._protocol.send(h11.Data(body)) if body else b""
            end = self._protocol.send(h11.EndOfMessage())
        self._writer.write(b"".join(filter(None, (out, data, end))))
        # A service may answer and hang up before it has read everything; the answer counts.
        with suppress(OSError):
            await self._writer.drain()
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise httpx.RemoteProtocolError("something else where an answer begins")

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    async def _event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event, which is never NEED_DATA."""
        with _as_httpx():
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                received = await self._reader.read(_PIECE)
                if not received and self._protocol.their_state is h11.SEND_RESPONSE:
                    raise httpx.RemoteProtocolError("hung up before an answer")
                self._protocol.receive_data(received)
        return event

    def renew(self) -> bool:
        """Make ready for the next exchange; False where this one is not over, or was the last."""
        if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
            self._protocol.start_next_cycle()
            self._idle_since = time.monotonic()
            return True
        return False

    def is_fresh(self, idle_s: float) -> bool:
        """Whether the service may be expected to be still there.

        Bytes that wait to be read belong to no answer: it has hung up, or speaks out of turn.
        """
        if time.monotonic() - self._idle_since > idle_s or self._writer.is_closing():
            return False
        if self._reader.at_eof() or self._protocol.trailing_data[0]:
            return False
        poll = select.poll()
        poll.register(self._writer.get_extra_info("socket"), select.POLLIN)
        return not poll.poll(0)

    def abort(self) -> None:
        """Close at once, without a word."""
        self._writer.transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone."""
        with suppress(OSError):
            await self._writer.wait_closed()


class _Body(httpx.AsyncByteStream):
    """The body of a response; closing it hands the connection back."""

    def __init__(self, connections: Connections, link: _Link) -> None:
        self._connections = connections
        self._link: _Link | None = link

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert self._link is not None
        async for piece in self._link.body():
            yield piece

    async def aclose(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            self._connections.give_back(link)


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise as httpx's own connections do what goes wrong with one that stands."""
    try:
        yield
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
