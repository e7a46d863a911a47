"""An event loop whose clock jumps to what is due next: hours pass in no time, and always alike."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest


class _Skipping(selectors.SelectSelector):
    """Waits for nothing; the time that it was told to wait passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout=None):
        if timeout is None:
            return super().select(timeout)
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop for coroutines that only sleep and talk to each other."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


def _run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)


@pytest.fixture(scope="session")
def run_virtually() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a coroutine to its end in virtual time."""
    return _run
