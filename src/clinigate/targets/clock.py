"""Time, passed in: the clock that targets read and sleep by, and what belongs to one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

__all__ = ["Clock", "PerLoop", "SystemClock"]

T = TypeVar("T")


class Clock(Protocol):
    """What a target needs to know of time."""

    def now(self) -> float:
        """Seconds that only grow, from an arbitrary start."""
        ...

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        ...


class SystemClock:
    """The clock of this machine."""

    now = staticmethod(time.perf_counter)
    wall = staticmethod(time.time)

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        await asyncio.sleep(seconds)


class PerLoop(Generic[T]):
    """A thing that belongs to the event loop it is used in, made anew for the next loop.

    A suite that calls `asyncio.run` once an item shares one target between several loops, while a
    connection, a lock or a semaphore is bound to one.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._held: tuple[asyncio.AbstractEventLoop, T] | None = None

    def get(self) -> T:
        """Return the running loop's own."""
        loop = asyncio.get_running_loop()
        if self._held is None or self._held[0] is not loop:
            self._held = (loop, self._make())
        return self._held[1]

    def take(self) -> T | None:
        """Give up the running loop's own, if there is one, and return it."""
        held, self._held = self._held, None
        loop = asyncio.get_running_loop()
        return held[1] if held is not None and held[0] is loop else None
