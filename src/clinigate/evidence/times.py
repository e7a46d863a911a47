"""Clocks that are passed in, and the one form in which times are written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "parse_timestamp", "system_clock", "timestamp"]

#: A source of aware times; tests pass their own.
Clock = Callable[[], datetime]

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def system_clock() -> datetime:
    """Return the machine's own time: self-asserted, and reports say so."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC with microseconds; such texts sort by time.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be evidence; use datetime.now(UTC)")
    return moment.astimezone(UTC).strftime(_FORM)


def parse_timestamp(text: str) -> datetime:
    """Read back what `timestamp` wrote.

    Raises:
        ValueError: another form.
    """
    moment = datetime.fromisoformat(text)
    try:
        again = timestamp(moment)
    except OverflowError as error:  # its offset leads beyond the first or the last day
        raise ValueError(f"not a canonical time: {text!r}") from error
    if again != text:
        raise ValueError(f"not a canonical time: {text!r}")
    return moment
