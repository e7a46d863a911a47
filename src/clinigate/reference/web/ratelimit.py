"""How many requests a client may send in a minute and in an hour, counted exactly."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from clinigate.reference.web.problems import Problem

__all__ = ["RateLimit"]

_MINUTE_S, _HOUR_S = 60.0, 3600.0
_NAMES = {_MINUTE_S: "a minute", _HOUR_S: "an hour"}
_CALLERS_KEPT = 10_000


class RateLimit:
    """Sliding windows: in none, wherever it begins, are more requests let in than the limit.

    Refused requests don't count, so a client that waits as told is let in again.
    """

    def __init__(self, *, clock: Callable[[], float], limitless: bool = False) -> None:
        """`limitless` is a fault to calibrate with: everybody is let in, however often."""
        self._clock = clock
        self._limitless = limitless
        # For each caller and window, when each admitted request leaves it; the oldest first.
        self._leaving: dict[tuple[str, float], deque[float]] = {}

    def admit(self, caller: str, limit: int, per_hour: int = 0) -> None:
        """Count one request of `caller`; `limit` is that of a minute, and 0 means none.

        Raises:
            Problem: 429, with the whole seconds to wait in `Retry-After`.
        """
        if self._limitless:
            return
        now = self._clock()
        held = [
            (self._window(caller, seconds, most, now), seconds)
            for seconds, most in ((_MINUTE_S, limit), (_HOUR_S, per_hour))
            if most
        ]
        for leaving, seconds in held:
            leaving.append(now + seconds)

    def _window(self, caller: str, seconds: float, most: int, now: float) -> deque[float]:
        """Return a window that has room; raises as `admit`."""
        leaving = self._leaving.get((caller, seconds))
        if leaving is None:
            leaving = self._new_caller((caller, seconds))
        while leaving and leaving[0] <= now:
            leaving.popleft()
        if len(leaving) < most:
            return leaving
        wait = math.ceil(leaving[0] - now)
        if now + wait < leaving[0]:  # the difference was rounded down
            wait += 1
        raise Problem(
            429,
            "rate_limited",
            f"more than {most} requests in {_NAMES[seconds]}; try again in {wait} s",
            {"Retry-After": str(wait), "RateLimit-Limit": str(most)},
        )

    def _new_caller(self, caller: tuple[str, float]) -> deque[float]:
        if len(self._leaving) >= _CALLERS_KEPT:
            del self._leaving[next(iter(self._leaving))]
        return self._leaving.setdefault(caller, deque())
