"""How fast a target may be asked, and how long one waits where it asks to be left alone."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from clinigate.targets.clock import Clock

__all__ = ["Pacer", "backoff_s", "parse_retry_after"]

_FIRST_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 8.0
_FAR_AWAY_S = 1e9


class Pacer:
    """A token bucket that holds one token, and a gate that a throttled request shuts for all.

    With room for one token, requests are spaced evenly, so that no window of a minute sees more
    than the rate: neither one that the service counts from the full minute nor one that slides.
    """

    def __init__(self, clock: Clock, *, requests_per_minute: float | None = None) -> None:
        self._clock = clock
        self._spacing = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._next_slot = 0.0
        self._closed_until = 0.0

    async def turn(self) -> None:
        """Wait until one request may be sent."""
        while True:
            now = self._clock.now()
            slot = max(now, self._next_slot, self._closed_until)
            self._next_slot = slot + self._spacing
            if slot > now:
                await self._clock.sleep(slot - now)
            # Shut while this one waited: its slot has passed, and all who waited queue up anew.
            if self._closed_until <= slot:
                return

    def close(self, seconds: float) -> None:
        """Let nobody pass for that long; a later end that is already set stays."""
        self._closed_until = max(self._closed_until, self._clock.now() + seconds)

    @property
    def closed_for_s(self) -> float:
        """Seconds until somebody may pass again."""
        return max(0.0, self._closed_until - self._clock.now())


def backoff_s(failures: int) -> float:
    """Return the wait after that many failed attempts: 0.5 s, doubled each time, at most 8 s."""
    return float(min(_FIRST_BACKOFF_S * 2 ** (failures - 1), _LONGEST_BACKOFF_S))


def parse_retry_after(value: str | None, *, now: float) -> float | None:
    """Return the seconds to wait, never below 0; None where the header is absent or malformed.

    The two forms of RFC 9110, 10.2.3: delay in whole seconds, or an HTTP-date, which is read
    against `now`, in seconds since 1970-01-01 UTC.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]+", text):
        return min(float(text), _FAR_AWAY_S)
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone is in UTC, as all HTTP-dates are.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max(0.0, aware.timestamp() - now), _FAR_AWAY_S)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
