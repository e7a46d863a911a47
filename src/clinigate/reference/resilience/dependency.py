"""Calls to one dependency: a deadline for each, a few retries, a breaker, and counters."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from clinigate.reference.resilience.breaker import Breaker, State
from clinigate.reference.resilience.budget import RetryBudget

__all__ = ["CallPolicy", "Dependency", "DependencyLost"]

_Answer = TypeVar("_Answer")


class DependencyLost(Exception):  # noqa: N818 - a state of the world that callers live with
    """A dependency gave no answer in time, or is not asked at the moment."""


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """How patiently to call.

    Attributes:
        timeout_s: for one attempt. attempts: at most so many for one call.
        backoff_s: the first pause before a retry; it doubles, and each is drawn anew between 0
            and its length (full jitter), so that callers don't come back in step.
        failures, cooldown_s: when the breaker opens and how long it stays so.
        storm: a fault to calibrate with: attempts without pause or budget.
        never_opens: a fault to calibrate with: no breaker.
    """

    timeout_s: float
    attempts: int = 2
    backoff_s: float = 0.02
    failures: int = 3
    cooldown_s: float = 1.0
    storm: bool = False
    never_opens: bool = False


_STORM_ATTEMPTS = 25
_NO_ANSWER: tuple[type[Exception], ...] = (OSError, TimeoutError, EOFError)


class Dependency:
    """One dependency as a replica sees it."""

    def __init__(
        self,
        name: str,
        policy: CallPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        also: tuple[type[Exception], ...] = (),
    ) -> None:
        """`also` names errors of the client in use that mean the same as no answer."""
        self.name = name
        self._no_answer = (*_NO_ANSWER, *also)
        self.breaker = Breaker(
            failures=policy.failures,
            cooldown_s=policy.cooldown_s,
            clock=clock,
            never=policy.never_opens,
        )
        self.calls = self.attempts = self.failures = self.refused = 0
        self._policy = policy
        self._attempts = _STORM_ATTEMPTS if policy.storm else policy.attempts
        self._budget = RetryBudget(unlimited=policy.storm)
        self._rng = rng if rng is not None else random.Random()  # noqa: S311 - jitter

    @property
    def lost(self) -> bool:
        """Whether the breaker keeps calls away, or only lets trials through."""
        return self.breaker.state is not State.CLOSED

    async def call(self, attempt: Callable[[float], Awaitable[_Answer]]) -> _Answer:
        """Return what `attempt(timeout_s)` returns, tried again where that makes sense.

        Raises:
            DependencyLost: no attempt came back, or the breaker is open.
        """
        self.calls += 1
        self._budget.earn()
        if not self.breaker.admits():
            self.refused += 1
            raise DependencyLost(f"{self.name}: not asked while its breaker is open")
        for number in range(1, self._attempts + 1):
            try:
                answer = await self._once(attempt)
            except self._no_answer as error:
                if not await self._again(number):
                    raise DependencyLost(f"{self.name}: {type(error).__name__}") from error
            else:
                return answer
        raise DependencyLost(f"{self.name}: {self._attempts} attempts failed")

    async def _once(self, attempt: Callable[[float], Awaitable[_Answer]]) -> _Answer:
        self.attempts += 1
        try:
            async with asyncio.timeout(self._policy.timeout_s):
                answer = await attempt(self._policy.timeout_s)
        except self._no_answer:
            self.failures += 1
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return answer

    async def _again(self, number: int) -> bool:
        """Whether to try once more after attempt `number` failed; waits before it says yes."""
        if self._policy.storm:
            return number < self._attempts
        if number >= self._attempts or self.breaker.state is State.OPEN:
            return False
        if not self._budget.spend():
            return False
        await asyncio.sleep(self._rng.uniform(0, self._policy.backoff_s * 2 ** (number - 1)))
        return True
