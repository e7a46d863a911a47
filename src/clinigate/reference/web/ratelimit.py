"""How many requests a client may send in a minute, counted exactly."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from clinigate.reference.web.problems import Problem

__all__ = ["RateLimit"]

_WINDOW_S = 60.0
_CALLERS_KEPT = 10_000


class RateLimit:
    """A sliding window: in no minute, wherever it begins, are more requests let in than the limit.

    Refused requests don't count, so a client that waits as told is let in again.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        # For each caller, when each admitted request leaves its window; the oldest first.
        self._leaving: dict[str, deque[float]] = {}

    def admit(self, caller: str, limit: int) -> None:
        """Count one request of `caller`; a limit of 0 means none.

        Raises:
            Problem: 429, with the whole seconds to wait in `Retry-After`.
        """
        if limit == 0:
            return
        now = self._clock()
        leaving = self._leaving.get(caller)
        if leaving is None:
            leaving = self._new_caller(caller)
        while leaving and leaving[0] <= now:
            leaving.popleft()
        if len(leaving) >= limit:
            wait = math.ceil(leaving[0] - now)
            if now + wait < leaving[0]:  # the difference was rounded down
                wait += 1
            raise Problem(
                429,
                "rate_limited",
                f"more than {limit} requests in a minute; try again in {wait} s",
                {"Retry-After": str(wait)},
            )
        leaving.append(now + _WINDOW_S)

    def _new_caller(self, caller: str) -> deque[float]:
        if len(self._leaving) >= _CALLERS_KEPT:
            del self._leaving[next(iter(self._leaving))]
        return self._leaving.setdefault(caller, deque())
