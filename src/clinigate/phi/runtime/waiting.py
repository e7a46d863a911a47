"""Wait between two looks, until a signal says that it is enough."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Waiting", "until_told"]


class Waiting:
    """Lets time pass; a signal ends it at once.

    Attributes:
        told: whether a signal has come.
    """

    def __init__(self, wake: int) -> None:
        self.told = False
        self._wake = wake

    def pause(self, seconds: float) -> bool:
        """Sleep so long; return whether to go on."""
        if not self.told:
            select.select([self._wake], [], [], seconds)
        return not self.told

    def clock(self) -> float:
        """Return seconds of a clock that never goes back."""
        return time.monotonic()


@contextmanager
def until_told() -> Iterator[Waiting]:
    """Take SIGTERM and SIGINT as the word to end: what was watched is evidence, not a failure.

    The second one is the usual one again, for who will not wait. Only the main thread may use it.
    """
    wake, poke = os.pipe()
    waiting = Waiting(wake)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def told(_number: int, _frame: object) -> None:
        waiting.told = True
        for number, handler in before.items():
            signal.signal(number, handler)
        os.write(poke, b"x")

    for number in before:
        signal.signal(number, told)
    try:
        yield waiting
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wake)
        os.close(poke)
