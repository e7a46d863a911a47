"""Which replica gets a request: those that answer, and of these the one with the least to do."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from clinigate.reference.cluster.http1 import MalformedError, read_head

__all__ = ["Backend", "Channel", "Pool"]

_PROBE_EVERY_S = 0.2
_PROBE_WITHIN_S = 0.75
_FAILURES_TO_EJECT = 2
_CONNECT_WITHIN_S = 1.0
_HEAD_LIMIT = 65_536
_PROBE = b"GET /ready HTTP/1.1\r\nHost: replica\r\n\r\n"


@dataclass(eq=False, slots=True)
class Channel:
    """One connection to a replica; `used` once a request went through it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool = False

    def close(self) -> None:
        """Drop it."""
        self.writer.transport.abort()


@dataclass(eq=False, slots=True)
class Backend:
    """One replica as the entry sees it.

    Attributes:
        healthy: whether it gets requests. busy: requests under way. waiting: connections on which
            an answer has not begun. idle: connections that wait for a request.
    """

    name: str
    port: int
    healthy: bool = False
    failures: int = 0
    busy: int = 0
    waiting: set[Channel] = field(default_factory=set)
    idle: list[Channel] = field(default_factory=list)
    prober: asyncio.Task[None] | None = None


class Pool:
    """The replicas, probed all the time."""

    def __init__(self, context: ssl.SSLContext, *, keeps_frozen: bool = False) -> None:
        """`keeps_frozen` is a fault to calibrate with: silence counts as an answer."""
        self.backends: dict[str, Backend] = {}
        self.ejections = 0
        self._context = context
        self._keeps_frozen = keeps_frozen
        self._turn = itertools.count()
        self._changed = asyncio.Event()

    def replace(self, wanted: Iterable[tuple[str, int]]) -> None:
        """Take these replicas, by name and port, and no others."""
        ports = dict(wanted)
        for name, backend in list(self.backends.items()):
            if ports.get(name) != backend.port:
                del self.backends[name]
                self._drop(backend)
        for name, port in ports.items():
            if name not in self.backends:
                backend = self.backends[name] = Backend(name, port)
                backend.prober = asyncio.create_task(self._probe_on(backend))

    def pick(self, tried: Collection[Backend]) -> Backend | None:
        """Return the healthy replica with the least to do that was not tried; None for none."""
        turn = next(self._turn)
        fit = [one for one in self.backends.values() if one.healthy and one not in tried]
        fit = fit[turn % len(fit) :] + fit[: turn % len(fit)] if fit else []
        return min(fit, key=lambda one: one.busy, default=None)

    async def someone(self, within_s: float, *, everyone: bool = False) -> bool:
        """Wait until any replica is healthy, or `everyone`; False when that is not so in time."""
        enough = all if everyone else any

        def healthy() -> bool:
            known = [one.healthy for one in self.backends.values()]
            return bool(known) and enough(known)

        try:
            async with asyncio.timeout(within_s):
                while not healthy():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def channel(self, backend: Backend, *, fresh: bool = False) -> Channel:
        """Return a connection to a replica, an idle one unless `fresh`.

        Raises:
            OSError, TimeoutError: it cannot be reached; it gets no more requests for now.
        """
        while backend.idle and not fresh:
            channel = backend.idle.pop()
            if not channel.writer.is_closing() and not channel.reader.at_eof():
                return channel
        try:
            return await self._connect(backend)
        except (OSError, TimeoutError):
            self.eject(backend)
            raise

    def eject(self, backend: Backend) -> None:
        """Send it nothing more until it answers a probe; who waits for it asks another one."""
        if backend.healthy:
            self.ejections += 1
        backend.healthy = False
        self._drop_connections(backend)

    async def _connect(self, backend: Backend) -> Channel:
        async with asyncio.timeout(None if self._keeps_frozen else _CONNECT_WITHIN_S):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1",
                backend.port,
                ssl=self._context,
                server_hostname="127.0.0.1",
                limit=_HEAD_LIMIT,
            )
        return Channel(reader, writer)

    async def _probe_on(self, backend: Backend) -> None:
        channel: Channel | None = None
        try:
            while True:
                channel = await self._probe(backend, channel)
                await asyncio.sleep(_PROBE_EVERY_S)
        finally:
            if channel is not None:
                channel.close()

    async def _probe(self, backend: Backend, channel: Channel | None) -> Channel | None:
        try:
            async with asyncio.timeout(_PROBE_WITHIN_S):
                channel = channel or await self._connect(backend)
                channel.writer.write(_PROBE)
                head = await read_head(channel.reader)
                if head is None:
                    raise EOFError("the connection was closed")
                await channel.reader.readexactly(int(head.get("content-length") or 0))
        except TimeoutError:
            self._failed(backend, at_once=False)
        except (OSError, EOFError, MalformedError, ValueError):
            self._failed(backend, at_once=True)
        else:
            self._answered(backend, ready=head.status == 200)
            return channel
        if channel is not None:
            channel.close()
        return None

    def _answered(self, backend: Backend, *, ready: bool) -> None:
        backend.failures = 0
        if backend.healthy and not ready:
            self.eject(backend)
        backend.healthy = ready
        self._changed.set()

    def _failed(self, backend: Backend, *, at_once: bool) -> None:
        if self._keeps_frozen and not at_once:
            return
        backend.failures += 1
        if at_once or backend.failures >= _FAILURES_TO_EJECT:
            self.eject(backend)

    def _drop(self, backend: Backend) -> None:
        backend.healthy = False
        if backend.prober is not None:
            backend.prober.cancel()
        self._drop_connections(backend)

    def _drop_connections(self, backend: Backend) -> None:
        for channel in (*backend.waiting, *backend.idle):
            channel.close()
        backend.idle.clear()
