"""The time that the timed loops read and wait on."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]

#: The kernel wakes a sleeper up to this late; the rest of the way is waited without sleep.
_SLEEP_SLACK_S = 0.0003


class Clock(Protocol):
    """A clock that a loop can wait on; tests give one whose time they set."""

    def now(self) -> float:
        """Return seconds of a clock that only goes forward."""
        ...

    def wait_until(self, moment: float) -> None:
        """Return at `moment`, at once where it is past."""
        ...


class SystemClock:
    """The process's finest monotonic clock."""

    now = staticmethod(time.perf_counter)

    def wait_until(self, moment: float) -> None:
        """Sleep for most of the time, then look at the clock until `moment`."""
        ahead = moment - time.perf_counter() - _SLEEP_SLACK_S
        if ahead > 0:
            time.sleep(ahead)
        while time.perf_counter() < moment:
            pass
