"""A schedule's longest gap is that of its runs one by one; durations are read as Go reads them."""

from __future__ import annotations

import contextlib
import functools
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.platform.rules.schedules import go_duration_s, parse_schedule, words

HOUR = 3600.0


def gap(text: str) -> float:
    """The longest gap of a schedule, in hours."""
    return parse_schedule(text).longest_gap_s() / HOUR


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("0 */4 * * *", 4),
        ("30 */4 * * *", 4),
        ("0 0,4,8,12,16,20 * * *", 4),
        ("0 0/4 * * *", 4),
        ("0 */5 * * *", 5),  # 20:00 to 00:00 is four, the others five
        ("0 */6 * * *", 6),
        ("0 */7 * * *", 7),
        ("0 8-20/4 * * *", 12),  # the night between 20:00 and 08:00
        ("0 1,5,9,13,17 * * *", 8),  # 17:00 to 01:00
        ("0 */4 * * 1-5", 52),  # Friday 20:00 to Monday 00:00
        ("0 */4 * * MON-FRI", 52),
        ("0 */4 */2 * *", 28),  # 31st and 1st both run; on the 1st 20:00 to the 3rd 00:00
        ("0 */4 1 * ?", 30 * 24 + 4),  # first of a month of 31 days to the next
        ("0 3 29 2 *", 8 * 365 * 24 + 24),  # over a year like 2100
        ("0 0 31 2 *", float("inf")),
        ("* * * * *", 1 / 60),
        ("@hourly", 1),
        ("@daily", 24),
        ("@midnight", 24),
        ("@weekly", 7 * 24),
        ("@monthly", 31 * 24),
        ("@yearly", 366 * 24),
        ("@every 4h", 4),
        ("@every 3h30m", 3.5),
        ("@every 10ms", 1 / 3600),
        ("CRON_TZ=UTC 0 */4 * * *", 4),
        ("TZ=Europe/Berlin 0 */4 * * *", 5),  # the night in which the clocks go back
        ("0 0 1 * 1", 7 * 24),  # either the first or a Monday: never longer than a week
        ("0 0 */2 * 1", 48),  # both restricted: either one is enough
        ("0 0 */1 * 1", 7 * 24),  # every day is no restriction: Mondays
    ],
)
def test_longest_gap(text: str, hours: float) -> None:
    assert gap(text) == pytest.approx(hours)


def test_a_leap_day_waits_eight_years_at_most() -> None:
    """2096-02-29 to 2104-02-29: eight years with one leap day between them."""
    assert gap("0 0 29 2 *") == (date(2104, 2, 29) - date(2096, 2, 29)).days * 24


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 */4 * *",
        "0 */4 * * * *",
        "0 24 * * *",
        "60 * * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 7",  # Velero's library knows no seventh day
        "0 */0 * * *",
        "0 8-4 * * *",
        "0 a * * *",
        "0 , * * *",
        "-1 * * * *",
        "@fortnightly",
        "@every 4",
        "@every",
        "@every 30d",
        "TZ=Atlantis/Main 0 * * * *",
        "TZ=../../etc/passwd 0 * * * *",
    ],
)
def test_what_never_runs_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_schedule(text)
    assert str(caught.value).startswith("schedule")


@st.composite
def schedules(draw: st.DrawFn) -> tuple[str, list[int], list[int], list[int], bool]:
    """A schedule's text with the sets that it means."""
    minutes = sorted(draw(st.frozensets(st.integers(0, 59), min_size=1, max_size=4)))
    hours = sorted(draw(st.frozensets(st.integers(0, 23), min_size=1, max_size=8)))
    days = sorted(draw(st.frozensets(st.integers(1, 28), min_size=1, max_size=6)))
    weekdays = sorted(draw(st.frozensets(st.integers(0, 6), min_size=1, max_size=6)))
    day_star, weekday_star = draw(st.booleans()), draw(st.booleans())
    fields = [
        ",".join(map(str, minutes)),
        ",".join(map(str, hours)),
        "*" if day_star else ",".join(map(str, days)),
        "*",
        "?" if weekday_star else ",".join(map(str, weekdays)),
    ]
    all_days = list(range(1, 32))
    either = not day_star and not weekday_star
    return (
        " ".join(fields),
        [h * 60 + m for h in hours for m in minutes],
        all_days if day_star else days,
        list(range(7)) if weekday_star else weekdays,
        either,
    )


@functools.cache
def calendar() -> tuple[tuple[int, int, int], ...]:
    """Number, day of the month and of the week of 28 years: every first on every weekday."""
    days = (date(2001, 1, 1) + timedelta(days=i) for i in range(28 * 365 + 7))
    return tuple((i, each.day, each.isoweekday() % 7) for i, each in enumerate(days))


@given(schedules())
@settings(max_examples=40, deadline=None)
def test_longest_gap_is_that_of_the_runs_one_by_one(
    case: tuple[str, list[int], list[int], list[int], bool],
) -> None:
    text, minutes, days, weekdays, either = case
    fits = [(i, day in days, weekday in weekdays) for i, day, weekday in calendar()]
    runs = [
        i * 1440 + minute
        for i, one, other in fits
        if (one or other if either else one and other)
        for minute in minutes
    ]
    longest = max((b - a for a, b in pairwise(runs)), default=None)
    found = parse_schedule(text).longest_gap_s() / 60
    if longest is not None and longest < 365 * 1440:
        assert found == longest


@given(st.text(alphabet="0123456789*/,-? @everyhmTZ=", max_size=20))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is written, a reading has a gap, and nothing but UsageError comes instead of one."""
    with contextlib.suppress(UsageError):
        assert parse_schedule(text).longest_gap_s() > 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("720h", 2_592_000),
        ("720h0m0s", 2_592_000),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (".5h", 1800),
        ("1.h", 3600),
        ("-1.5h", -5400),
        ("+90s", 90),
        ("0", 0),
        ("1500ms", 1.5),
        ("2µs", 2e-6),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert go_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "30d", "720", "h", "1h 30m", "-", ".h", "1h30", "9999999h", "١h"]
)
def test_durations_that_go_refuses(text: str) -> None:
    with pytest.raises(UsageError, match="Go does not read it"):
        go_duration_s(text)


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, secs: int, ms: int) -> None:
    text = f"{hours}h{minutes}m{secs}s{ms}ms"
    assert go_duration_s(text) == pytest.approx(hours * 3600 + minutes * 60 + secs + ms / 1000)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (14400, "4 h"),
        (3600, "1 h"),
        (86400, "24 h"),
        (2_592_000, "30 d"),
        (900, "15 min"),
        (300, "5 min"),
        (90, "90 s"),
        (30, "30 s"),
        (0, "0 s"),
        (4320000.5, "1.2e+03 h"),
    ],
)
def test_words(seconds: float, text: str) -> None:
    assert words(seconds) == text
