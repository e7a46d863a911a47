"""Numbered writes: each is acknowledged or not, and afterwards each is there or not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from clinigate.errors import TargetError
from clinigate.measure.prober import OK, Answer

if TYPE_CHECKING:
    from psycopg import AsyncConnection

__all__ = ["TABLE", "MarkerWriter", "read_markers"]

TABLE = "clinigate_chaos.markers"
_WRITE = "INSERT INTO clinigate_chaos.markers VALUES (%s, %s)"
_READ = "SELECT number FROM clinigate_chaos.markers WHERE run = %s ORDER BY number"
#: As many connections as a pool of the application's would hold; more requests wait for one.
_CONNECTIONS = 12
_RETRY_S = 0.1


class MarkerWriter:
    """Writes marker N when asked for N; used inside of one event loop.

    A write that was sent and not acknowledged may have happened: nobody was told. It is never sent
    again, so that one found twice is the system's doing.

    Attributes:
        run: marks its writes.
        acked: number of each acknowledged write, and when (CLOCK_MONOTONIC, seconds).
        sent: numbers of all writes that may have reached a server.
    """

    def __init__(self, dsn: str, run: str, nodes: Mapping[int, str]) -> None:
        """Write to whichever server takes writes.

        Args:
            dsn: of all servers, with `target_session_attrs=read-write`.
            run: marks the writes of this writer.
            nodes: names of the servers by their port, for the answers.
        """
        self._dsn = dsn
        self.run = run
        self._nodes = nodes
        self._idle: list[AsyncConnection] = []
        self._places = asyncio.Semaphore(_CONNECTIONS)
        self.acked: dict[int, float] = {}
        self.sent: set[int] = set()

    async def __call__(self, number: int, /) -> Answer:
        """Write it; `ok` and the server that said so, or how it failed."""
        import psycopg

        async with self._places:
            try:
                link = self._idle.pop() if self._idle else await self._connect()
            except psycopg.OperationalError:
                return Answer("no-primary")
            try:
                self.sent.add(number)
                await link.execute(_WRITE, (self.run, number))
            except psycopg.Error as error:
                await _close(link)
                return Answer("read-only" if _is_read_only(error) else "broken")
            except asyncio.CancelledError:
                await _close(link)
                raise
            self.acked[number] = time.monotonic()
            self._idle.append(link)
            return Answer(OK, self._nodes.get(link.info.port, ""))

    async def aclose(self) -> None:
        """Close the connections."""
        while self._idle:
            await _close(self._idle.pop())

    @property
    def ambiguous(self) -> set[int]:
        """Numbers of writes that were sent and never acknowledged."""
        return self.sent - self.acked.keys()

    async def _connect(self) -> AsyncConnection:
        import psycopg

        return await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)


def read_markers(dsn: str, run: str, *, within_s: float) -> list[int]:
    """Numbers of the writes of `run` that are there, as often as they are, ascending.

    Raises:
        TargetError: no server that takes writes answered in time.
    """
    import psycopg

    deadline = time.monotonic() + within_s
    while True:
        try:
            with psycopg.connect(dsn, autocommit=True) as link:
                return [number for (number,) in link.execute(_READ, (run,))]
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise TargetError(
                    f"markers: no server that takes writes answered within {within_s:g} s, so what "
                    "survived cannot be read back"
                ) from None
            time.sleep(_RETRY_S)


async def _close(link: AsyncConnection) -> None:
    import psycopg

    with suppress(psycopg.Error):
        await link.close()


def _is_read_only(error: Exception) -> bool:
    import psycopg

    return isinstance(error, psycopg.errors.ReadOnlySqlTransaction)
