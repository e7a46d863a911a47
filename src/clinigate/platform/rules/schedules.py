"""When a cron schedule runs, and how long Go says a duration is.

Velero, CloudNativePG's scheduled backups and Kubernetes' CronJobs read schedules with the same Go
library (robfig/cron), so its reading counts here: `?` is `*`, `a/n` runs from `a` to the end, days
of the week are 0 to 6 without a 7, and when day of month and day of week are both restricted either
one is enough. What it refuses is refused here too, since such a schedule never runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from clinigate.errors import UsageError

__all__ = ["Schedule", "go_duration_s", "parse_schedule", "words"]

_DAY_MIN = 24 * 60
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
#: Go counts nanoseconds in 63 bits.
_LONGEST_NS = 2**63 - 1
#: Every combination of date and weekday comes once in 400 years, which are whole weeks.
_CALENDAR_DAYS = 146_097


def go_duration_s(text: str) -> float:
    """Seconds of a duration as Go writes it: `720h`, `1h30m`, `-1.5s`.

    Raises:
        UsageError: Go's time.ParseDuration would refuse it: no unit, an unknown unit (`30d`),
            nothing, or past 292 years.
    """
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0.0
    at, total = 0, 0
    for part in _PART.finditer(rest):
        if part.start() != at:
            break
        whole, _, share = part[1].partition(".")
        unit = _UNITS_NS[part[2]]
        total += int(whole or 0) * unit + (int(share) * unit // 10 ** len(share) if share else 0)
        at = part.end()
    if not rest or at != len(rest) or total > _LONGEST_NS:
        raise UsageError(
            f"duration {text!r}: Go does not read it; give a number with h, m or s, as 720h"
        )
    return (-total if text.startswith("-") else total) / 10**9


def words(seconds: float) -> str:
    """A duration for a reader: `4 h`, `15 min`, `90 s`; days only where they are whole."""
    for unit, length, least in (("d", 86400, 2), ("h", 3600, 1), ("min", 60, 2)):
        if seconds >= least * length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds / 3600:.3g} h" if seconds >= 3600 else f"{seconds:g} s"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule, as the times at which it runs.

    Attributes:
        minutes: minutes of the day at which it runs, on a day on which it does, sorted.
        days_of_month, months, days_of_week: the days on which it runs; 0 is Sunday.
        either_day: day of month or day of week is enough; otherwise both must fit.
        every_s: seconds between runs where it counts them itself; the other fields are empty then.
        clock_change_s: what a clock that goes back adds between two runs (`CRON_TZ=`).
    """

    minutes: tuple[int, ...] = ()
    days_of_month: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    days_of_week: frozenset[int] = frozenset()
    either_day: bool = False
    every_s: float | None = None
    clock_change_s: float = 0.0

    def longest_gap_s(self) -> float:
        """The longest time between a run and the next, in seconds; infinite where none comes.

        Where the schedule names a zone whose clocks change, one change is added to it: in the night
        in which the clocks go back, every gap around it is that much longer.
        """
        if self.every_s is not None:
            return self.every_s
        days = _longest_days(self.days_of_month, self.months, self.days_of_week, self.either_day)
        if days is None or not self.minutes:
            return float("inf")
        inside = max((b - a for a, b in pairwise(self.minutes)), default=0)
        over_night = days * _DAY_MIN - self.minutes[-1] + self.minutes[0]
        return max(inside, over_night) * 60 + self.clock_change_s

    def runs_on(self, month: int, day: int, weekday: int) -> bool:
        """Whether it runs on such a day; 0 is Sunday."""
        if month not in self.months:
            return False
        fits = (day in self.days_of_month, weekday in self.days_of_week)
        return any(fits) if self.either_day else all(fits)


def parse_schedule(text: str) -> Schedule:
    """Read a schedule: five fields, a macro as `@daily`, or `@every 4h`.

    Args:
        text: may begin with `CRON_TZ=Zone/Name` or `TZ=`.

    Raises:
        UsageError: the library would refuse it; the schedule would never run.
    """
    rest, change = _zone(text.strip(), text)
    if rest.startswith("@every "):
        try:
            every = go_duration_s(rest.removeprefix("@every "))
        except UsageError as error:
            raise UsageError(f"schedule {text!r}: {error}") from error
        # The library rounds down to whole seconds, and waits one at least.
        return Schedule(every_s=max(1.0, float(int(every))))
    macro = _MACROS.get(rest)
    if rest.startswith("@") and macro is None:
        raise UsageError(f"schedule {text!r}: {rest} is no macro; use @every 4h or five fields")
    fields = (macro or rest).split()
    if len(fields) != 5:
        raise UsageError(f"schedule {text!r}: {len(fields)} fields, five are due")
    minute, hour, day, month, weekday = fields
    minutes, hours = _field(text, minute, 0, 59), _field(text, hour, 0, 23)
    days_of_week = _field(text, weekday, 0, 6, names=_DAYS)
    return Schedule(
        minutes=tuple(h * 60 + m for h in sorted(hours) for m in sorted(minutes)),
        days_of_month=_field(text, day, 1, 31),
        months=_field(text, month, 1, 12, names=_MONTHS),
        days_of_week=days_of_week,
        either_day=not (_is_star(day) or _is_star(weekday)),
        clock_change_s=change,
    )


def _zone(text: str, given: str) -> tuple[str, float]:
    """What follows the zone, and by how many seconds its clocks change over a year."""
    if not text.startswith(("TZ=", "CRON_TZ=")):
        return text, 0.0
    head, _, rest = text.partition(" ")
    name = head.partition("=")[2]
    try:
        zone = ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise UsageError(f"schedule {given!r}: no time zone is known as {name!r}") from error
    days = (datetime(2027, month, 15, tzinfo=zone) for month in range(1, 13))
    offsets = [day.utcoffset() or timedelta() for day in days]
    return rest.strip(), (max(offsets) - min(offsets)).total_seconds()


def _is_star(field: str) -> bool:
    """Whether the library takes a field for unrestricted: `*/2` is a restriction, `*/1` is none."""
    return any(re.fullmatch(r"[*?](-[^/]*)?(/0*1)?", part) for part in field.split(","))


def _field(
    text: str, field: str, least: int, largest: int, *, names: list[str] | None = None
) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        if not part:
            continue
        span, slash, step_text = part.partition("/")
        low_text, dash, high_text = span.partition("-")
        if low_text in ("*", "?"):
            low, high = least, largest
        else:
            low = _value(text, low_text, least, names)
            high = _value(text, high_text, least, names) if dash else low
            high = largest if slash and not dash else high
        step = _value(text, step_text, least, None) if slash else 1
        if step == 0 or not least <= low <= high <= largest:
            raise UsageError(f"schedule {text!r}: {part!r} must lie in {least}-{largest}")
        found.update(range(low, high + 1, step))
    if not found:
        raise UsageError(f"schedule {text!r}: an empty field")
    return frozenset(found)


def _value(text: str, value: str, least: int, names: list[str] | None) -> int:
    if names is not None and value.lower() in names:
        return names.index(value.lower()) + least
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise UsageError(f"schedule {text!r}: {value!r} is no number")
    return int(value)


@lru_cache(maxsize=256)
def _longest_days(
    days: frozenset[int], months: frozenset[int], weekdays: frozenset[int], either: bool
) -> int | None:
    """The most days from one on which it runs to the next; None where it never runs."""
    every_date = len(days) == 31 and len(months) == 12
    if every_date and (len(weekdays) == 7 or either):
        return 1
    if len(months) == 12 and len(weekdays) == 7 and either:
        return 1
    probe = Schedule((), days, months, weekdays, either)
    if every_date:
        runs, span = sorted(weekdays), 7
    else:
        runs, span = [i for i, d in enumerate(_calendar()) if probe.runs_on(*d)], _CALENDAR_DAYS
    if not runs:
        return None
    return max([b - a for a, b in pairwise(runs)] + [runs[0] + span - runs[-1]])


@lru_cache(maxsize=1)
def _calendar() -> tuple[tuple[int, int, int], ...]:
    """Month, day and day of week of 400 years from a Monday on, 2001-01-01."""
    first = date(2001, 1, 1)
    dates = (first + timedelta(days=i) for i in range(_CALENDAR_DAYS))
    return tuple((d.month, d.day, d.isoweekday() % 7) for d in dates)
