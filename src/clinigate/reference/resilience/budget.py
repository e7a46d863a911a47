"""A retry budget: retries stay a small share of the calls, or they become the outage."""

from __future__ import annotations

__all__ = ["RetryBudget"]


class RetryBudget:
    """Tokens that calls earn and retries spend.

    Each call earns `share` of a retry; at most `most` are saved up, and that many are there at the
    beginning, so that a quiet service can retry at all.
    """

    def __init__(self, *, share: float = 0.1, most: float = 10.0, unlimited: bool = False) -> None:
        """`unlimited` switches the budget off: a fault to calibrate with."""
        self._share = share
        self._most = most
        self._unlimited = unlimited
        self._saved = most

    def earn(self) -> None:
        """Count one call."""
        self._saved = min(self._most, self._saved + self._share)

    def spend(self) -> bool:
        """Take the tokens for one retry; False when there are none."""
        if self._unlimited:
            return True
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True
