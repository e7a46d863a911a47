"""When something expires, by the clock of the service as its answers tell it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from clinigate.config.hipaa_call import CallTable
from clinigate.hipaa.probes.rights.asking import mentions
from clinigate.targets.service import Answer

__all__ = ["LONG", "PAST", "Expiry", "after", "expiry", "told_time"]

LONG, PAST = timedelta(days=30), timedelta(days=-2)
"""What is in force throughout, and what is over in every time zone."""

_PAUSE_S = 0.25
_LONGEST_S = 10.0
_UNKNOWN_S = 3.0
"""How far the clock of a service may be behind that does not tell its time."""
_SLIGHT_S = 2.0
"""The header Date has whole seconds, and takes its time to come."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """When something expires.

    Attributes:
        at: by the clock of the service. due: by our own, where that is not slow; both in UTC.
    """

    at: datetime
    due: datetime

    @property
    def values(self) -> dict[str, str | int]:
        """What fills the placeholders of a request."""
        return {
            "expires": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "expires_epoch": math.floor(self.at.timestamp()),
            "expires_date": self.at.date().isoformat(),
        }


def expiry(ahead: timedelta, table: CallTable, *, off_s: float = 0.0) -> Expiry:
    """Return what expires so far ahead of now, or behind.

    Args:
        ahead: how far; negative is over already.
        table: the request that will say so; where it counts in whole seconds, the next of them.
        off_s: by how much the clock of the service is ahead of ours, as `Service.clock_off_s`.
    """
    # The header that tells it has whole seconds: half of one is lost on average.
    lag = timedelta(seconds=off_s + 0.5 if abs(off_s) > _SLIGHT_S else 0.0)
    due = datetime.now(UTC) + ahead
    if mentions(table, "expires_epoch"):
        due += timedelta(seconds=1) - timedelta(microseconds=(due + lag).microsecond)
    return Expiry(due + lag, due)


def after(end: Expiry, ask: Callable[[], Answer]) -> Answer | None:
    """Ask until it is refused, or was served when it had expired by the clock of the service.

    Without that clock an answer counts that comes three seconds late. None where the clock of the
    service does not get there.
    """
    time.sleep(max(0.0, (end.due - datetime.now(UTC)).total_seconds()))
    until = time.monotonic() + _LONGEST_S
    while time.monotonic() < until:
        answer = ask()
        if not answer.served:
            return answer
        known = told_time(answer)
        now = datetime.now(UTC) - timedelta(seconds=_UNKNOWN_S) if known is None else known
        if now >= (end.due if known is None else end.at):
            # That answer may have been decided a moment before; the next one was not.
            return ask()
        time.sleep(_PAUSE_S)
    return None


def told_time(answer: Answer) -> datetime | None:
    """Return the time in the header Date (RFC 9110, 6.6.1), which has whole seconds."""
    if "age" in answer.headers:
        return None  # A cache answered; the time is that of what it keeps.
    try:
        found = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
