"""A coroutine in a thread of its own that works until it is told to come to its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator

from clinigate.errors import TargetError

__all__ = ["Background", "until"]


def until(stopping: threading.Event, rate: float) -> Iterator[float]:
    """Yield arrivals at a constant rate (per second), until `stopping` is set."""
    number = 0
    while not stopping.is_set():
        yield number / rate
        number += 1


class Background:
    """Runs `work(stopping)`; `work` returns by itself some time after `stopping` is set."""

    def __init__(self, work: Callable[[threading.Event], Awaitable[None]], name: str) -> None:
        self._work = work
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self, within_s: float) -> None:
        """Tell the work to end and wait for it.

        Raises:
            TargetError: it does not end in time.
            Whatever ended it early.
        """
        self._stopping.set()
        self._thread.join(within_s)
        if self._thread.is_alive():
            raise TargetError(f"{self._thread.name}: did not end within {within_s:g} s")
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:  # noqa: BLE001 - handed to who stops it
            self._error = error

    async def _main(self) -> None:
        await self._work(self._stopping)
