"""Durations, rates, shares, windows and abort rules mean what they say, or are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.chaos import units
from clinigate.chaos.policy import weekly_span

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("5m", 300.0),
        ("200ms", 0.2),
        ("1h", 3600.0),
        ("2d", 172_800.0),
        ("1.5s", 1.5),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """Each unit counts as it does everywhere."""
    assert units.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["5", "0s", "-1s", "5 minutes", "", "s", "1e3s", "inf", "5m5s"])
def test_no_durations(text: str) -> None:
    """A number without a unit is no duration: nobody knows what it meant."""
    with pytest.raises(ValueError, match="no duration"):
        units.duration(text)


def test_rates_and_shares() -> None:
    """Rates are counted a second, shares between nothing and all."""
    assert units.rate("50/s") == 50.0
    assert units.rate("120/m") == pytest.approx(2.0)
    assert units.share("50%") == units.share("0.5") == 0.5
    for wrong in ("50", "0/s", "/s"):
        with pytest.raises(ValueError, match="no rate"):
            units.rate(wrong)
    for wrong in ("0", "101%", "nan", "-1%", "half"):
        with pytest.raises(ValueError, match="no share"):
            units.share(wrong)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon-Thu 03:00-05:00 UTC", {1, 2, 3, 4}),
        ("Sat-Mon 03:00-05:00 UTC", {6, 7, 1}),
        ("Mon,Wed 03:00-05:00 UTC", {1, 3}),
        ("daily 03:00-05:00 UTC", {1, 2, 3, 4, 5, 6, 7}),
    ],
)
def test_windows(text: str, days: set[int]) -> None:
    """Days are a range that may wrap around the weekend, a list, or all."""
    window = units.window(text)
    assert (window.days, window.start_min, window.end_min) == (days, 180, 300)


@pytest.mark.parametrize(
    "text",
    ["Mon 03:00-03:00 UTC", "Mon 25:00-26:00 UTC", "Mon 03:00-05:00", "Funday 03:00-05:00 UTC", ""],
)
def test_no_windows(text: str) -> None:
    """Empty, impossible or zoneless windows are refused: local time changes twice a year."""
    with pytest.raises(ValueError, match=r"window|clock|days"):
        units.window(text)


@given(st.integers(0, 7 * 1440 - 1), st.integers(0, 7 * 1440 - 1), st.integers(0, 7 * 1440 - 1))
def test_weekly_spans_hold_what_lies_in_them(start: int, end: int, now: int) -> None:
    """A span of the week holds exactly the minutes from its start to its end, around Sunday too."""
    if start == end:
        return
    span = weekly_span(f"{_moment(start)}-{_moment(end)} UTC")
    inside = (now - start) % (7 * 1440) < (end - start) % (7 * 1440)
    assert span.holds(MONDAY + timedelta(minutes=now)) is inside


def test_a_window_is_a_weekly_span_too() -> None:
    """A blackout may be written as daily hours, past midnight as well."""
    span = weekly_span("Fri 22:00-02:00 UTC")
    friday = MONDAY + timedelta(days=4)
    assert span.holds(friday.replace(hour=23))
    assert span.holds(friday + timedelta(days=1, hours=1))
    assert not span.holds(friday.replace(hour=1))


@pytest.mark.parametrize(
    ("text", "subject", "measure", "limit"),
    [
        ("crisis-path.errors > 0", "crisis-path", "errors", 0.0),
        ("entry.bad_share > 50%", "entry", "bad_share", 0.5),
        ("burn_rate(api-availability) > 500", "api-availability", "burn_rate", 500.0),
    ],
)
def test_abort_rules(text: str, subject: str, measure: str, limit: float) -> None:
    """A rule names what it watches, and fires above its limit."""
    rule = units.abort_rule(text, 30.0)
    assert (rule.subject, rule.measure, rule.limit, rule.for_s) == (subject, measure, limit, 30.0)


@pytest.mark.parametrize("text", ["errors > 0", "x.errors < 1", "x.y > 1", "burn_rate() > 1", ""])
def test_no_abort_rules(text: str) -> None:
    """What cannot be watched is refused when the file is read, not in the middle of the fault."""
    with pytest.raises(ValueError, match="abort rule"):
        units.abort_rule(text, 0.0)


def _moment(minute: int) -> str:
    day, rest = divmod(minute, 1440)
    return f"{units.DAYS[day].title()} {rest // 60:02}:{rest % 60:02}"
