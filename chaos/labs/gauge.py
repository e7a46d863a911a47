"""The indicator of what a crash would cost now: the age of the last write that the standby has.

`now() - pg_last_xact_replay_timestamp()` on the standby; with asynchronous replication the recovery
point is this gap, so it is what a team alerts on. Where nothing is written it grows without a loss.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import AsyncConnection

__all__ = ["QUERY", "ReplicationGauge"]

#: A promoted server goes on naming its last replay, long after it has no use.
QUERY = (
    "SELECT CASE WHEN pg_is_in_recovery() "
    "THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END"
)
_INTERVAL_S = 0.25
_ANSWER_WITHIN_S = 2.0


class ReplicationGauge:
    """Reads the indicator every quarter of a second until it is cancelled.

    Attributes:
        readings: when (CLOCK_MONOTONIC) and the age in seconds; None where no standby answered.
    """

    def __init__(self, describe: Callable[[], Mapping[str, Any]]) -> None:
        """`describe` gives what the topology file of the pair says now."""
        self._describe = describe
        self._link: AsyncConnection | None = None
        self.readings: list[tuple[float, float | None]] = []

    async def run(self) -> None:
        """Read on and on."""
        try:
            while True:
                self.readings.append((time.monotonic(), await self._read()))
                await asyncio.sleep(_INTERVAL_S)
        finally:
            await self._drop()

    async def _read(self) -> float | None:
        import psycopg

        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                link = self._link = self._link or await self._connect()
                row = None if link is None else await (await link.execute(QUERY)).fetchone()
        except (psycopg.Error, TimeoutError):
            await self._drop()
            return None
        if row is None or row[0] is None:
            # It was promoted; the next standby is another one.
            await self._drop()
            return None
        return max(0.0, float(row[0]))

    async def _connect(self) -> AsyncConnection | None:
        import psycopg

        standbys = (d for d in self._describe()["databases"] if d["labels"]["role"] == "standby")
        found = next(standbys, None)
        if found is None:
            return None
        return await psycopg.AsyncConnection.connect(found["dsn"], autocommit=True)

    async def _drop(self) -> None:
        import psycopg

        link, self._link = self._link, None
        if link is not None:
            with suppress(psycopg.Error):
                await link.close()
