"""The state of one link: which fault stands, until when, and what it does to a piece of bytes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from clinigate.chaos.proxy.commands import Direction, Inject, Kind

__all__ = ["Link"]


class Link:
    """What every connection of a proxy asks before it goes on; lives in one event loop.

    `on_change` is called with the kind of the fault, or None, whenever that changes.
    """

    def __init__(self, on_change: Callable[[Kind | None], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_change = on_change
        self._fault: Inject | None = None
        self._ends_at = 0.0
        self._expiry: asyncio.TimerHandle | None = None
        self._open = asyncio.Event()
        self._open.set()
        # Jitter is no secret, and a run need not repeat it.
        self._random = random.Random()  # noqa: S311

    @property
    def kind(self) -> Kind | None:
        """The kind of the fault that stands."""
        return None if self._fault is None else self._fault.kind

    @property
    def clears_in_s(self) -> float | None:
        """Seconds until the fault clears itself."""
        return None if self._fault is None else max(0.0, self._ends_at - self._loop.time())

    def inject(self, fault: Inject) -> None:
        """Begin `fault` in place of the one that stands."""
        self._set(fault)
        self._ends_at = self._loop.time() + fault.ttl_s
        self._expiry = self._loop.call_later(fault.ttl_s, self.clear)

    def clear(self) -> None:
        """End the fault, if one stands."""
        self._set(None)

    def due(self, direction: Direction) -> float:
        """When bytes that arrive now should leave, on the loop's clock."""
        now = self._loop.time()
        fault = self._fault
        if fault is None or fault.direction not in (direction, Direction.BOTH):
            return now
        return now + fault.delay_s + self._random.uniform(0.0, fault.jitter_s)

    async def passable(self) -> None:
        """Wait for as long as a black hole swallows what would pass."""
        await self._open.wait()

    def _set(self, fault: Inject | None) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        before, self._fault = self.kind, fault
        if self.kind is Kind.BLACKHOLE:
            self._open.clear()
        else:
            self._open.set()
        if self.kind is not before:
            self._on_change(self.kind)
