"""A generator that could not keep its schedule is found out, with the reason."""

from __future__ import annotations

import pytest

from clinigate.errors import UsageError
from clinigate.measure.histogram import Histogram
from clinigate.measure.scheduleguard import Schedule, ScheduleGuard, ScheduleLimits

KEPT = {"arrivals": 500, "lag_p99_s": 0.004, "cpu": 0.3, "host_delay_p99_s": 0.002}


def test_a_schedule_that_was_kept_is_valid():
    assert Schedule(**KEPT).invalid is None
    assert Schedule(**{**KEPT, "host_delay_p99_s": None}).invalid is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"arrivals": 0, "lag_p99_s": None}, "no request went out"),
        ({"lag_p99_s": 0.051}, "51 ms late or later (limit 50 ms)"),
        ({"cpu": 0.97}, "the generator used 97% of its core (limit 95%)"),
        ({"host_delay_p99_s": 0.06}, "the host kept work waiting 60 ms (limit 50 ms)"),
    ],
)
def test_each_way_to_fail_is_named(change, reason):
    invalid = Schedule(**{**KEPT, **change}).invalid
    assert invalid.startswith("invalid run: ")
    assert reason in invalid


def test_the_guard_counts_what_was_sent_and_watches_its_process():
    with ScheduleGuard(limits=ScheduleLimits(lag_s=0.01, cpu=64, host_delay_s=3600)) as guard:
        assert guard.invalid == "invalid run: no request went out"
        for number in range(100):
            guard.sent(scheduled_s=number, started_s=number + (0.02 if number >= 98 else 0.001))
        sum(range(100_000))
    kept = guard.schedule
    assert (kept.arrivals, kept.lag_p99_s) == (100, pytest.approx(0.02, rel=1e-3))
    assert kept.cpu > 0
    assert kept.host_delay_p99_s >= 0
    assert "20 ms late" in guard.invalid


def test_lags_that_a_timeline_counted_are_taken_as_they_are():
    lags = Histogram()
    guard = ScheduleGuard(lags)
    lags.record(0.001, 200)
    assert guard.schedule == Schedule(200, pytest.approx(0.001), 0.0, None)


def test_a_limit_that_cannot_be_is_refused():
    with pytest.raises(UsageError, match="lag_s is 0"):
        ScheduleLimits(lag_s=0)
