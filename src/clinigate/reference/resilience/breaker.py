"""A circuit breaker: after a few failures in a row nobody waits for a dependency any more."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

__all__ = ["Breaker", "State"]


class State(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Opens after `failures` in a row; lets one trial through every `cooldown_s` afterwards.

    It reads no clock of its own: `clock` gives seconds that only grow.
    """

    def __init__(
        self, *, failures: int, cooldown_s: float, clock: Callable[[], float], never: bool = False
    ) -> None:
        """`never` switches it off: a fault to calibrate with."""
        self._limit = failures
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._never = never
        self._in_a_row = 0
        self._retry_at = 0.0
        self._trial_until: float | None = None
        self.opened = 0

    @property
    def state(self) -> State:
        """The state at this moment."""
        if self._in_a_row < self._limit or self._never:
            return State.CLOSED
        return State.HALF_OPEN if self._clock() >= self._retry_at else State.OPEN

    def admits(self) -> bool:
        """Whether a call may be made now; a half-open breaker admits one trial at a time."""
        state = self.state
        if state is not State.HALF_OPEN:
            return state is State.CLOSED
        now = self._clock()
        if self._trial_until is not None and now < self._trial_until:
            return False
        # A trial whose outcome is never told must not keep the breaker shut for ever.
        self._trial_until = now + self._cooldown_s
        return True

    def succeeded(self) -> None:
        """A call came back."""
        self._in_a_row = 0
        self._trial_until = None

    def failed(self) -> None:
        """A call failed or took too long."""
        self._in_a_row += 1
        self._trial_until = None
        if self._in_a_row == self._limit:
            self.opened += 1
        if self._in_a_row >= self._limit:
            self._retry_at = self._clock() + self._cooldown_s
