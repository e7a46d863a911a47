"""Batches start once they are full or their oldest query may wait no longer, and never foresee."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.gpu_bench.ai.batching import BudgetWait, FixedWait, dispatch_at, members

SERVICE = {1: 0.010, 2: 0.014, 4: 0.024, 8: 0.042, 16: 0.080}

schedules = st.lists(st.floats(0, 2), min_size=1, max_size=40).map(sorted)
rules = st.one_of(
    st.builds(FixedWait, max_batch=st.integers(1, 16), seconds=st.floats(0, 0.2)),
    st.builds(
        BudgetWait,
        max_batch=st.integers(1, 16),
        budget_s=st.floats(0.001, 0.3),
        service_s=st.just(SERVICE),
    ),
)


def test_the_wait_is_what_the_service_time_leaves_of_the_budget() -> None:
    rule = BudgetWait(16, 0.05, SERVICE)
    assert rule.wait_s(1) == pytest.approx(0.040)
    assert rule.wait_s(3) == pytest.approx(0.031)  # between the times of 2 and of 4
    assert rule.wait_s(16) == 0.0  # such a batch takes more than all of it


def test_a_size_beyond_what_was_timed_costs_in_proportion() -> None:
    assert BudgetWait(64, 0.5, SERVICE).wait_s(32) == pytest.approx(0.5 - 0.160)


def test_a_budget_without_a_measured_time_is_refused() -> None:
    with pytest.raises(UsageError, match="measured service time"):
        BudgetWait(16, 0.05, {})


@pytest.mark.parametrize(
    ("arrivals", "now", "at"),
    [
        ([0.0], 0.0, 0.040),  # alone: it waits as long as it may
        ([0.0], 0.045, 0.045),  # the server was busy beyond that
        ([0.0, 0.010], 0.0, 0.036),  # two take longer, so that they may wait less
        ([0.0, 0.038], 0.0, 0.038),  # the second comes while the first still waits
        ([0.0, 0.041], 0.0, 0.040),  # and here too late
    ],
)
def test_a_batch_starts_at_its_latest_moment(arrivals, now, at) -> None:
    rule = BudgetWait(16, 0.05, SERVICE)
    assert dispatch_at(arrivals, 0, now, rule) == pytest.approx(at)


def test_a_full_batch_waits_for_nobody() -> None:
    arrivals = [0.001 * number for number in range(20)]
    assert dispatch_at(arrivals, 0, 0.0, FixedWait(16, 1.0)) == pytest.approx(0.015)


@given(schedules, st.floats(0, 2), rules)
def test_a_batch_starts_when_the_server_is_free_and_in_time(arrivals, now, rule) -> None:
    """Never before its oldest query nor before `now`; later only while that query may wait."""
    moment = dispatch_at(arrivals, 0, now, rule)
    earliest = max(now, arrivals[0])
    assert moment >= earliest
    longest = max(rule.wait_s(size) for size in range(1, rule.max_batch + 1))
    assert moment <= max(earliest, arrivals[0] + longest)


@given(schedules, st.floats(0, 2), rules, st.lists(st.floats(0, 1), max_size=5))
def test_what_comes_later_changes_nothing(arrivals, now, rule, later) -> None:
    """A real server knows no future: the moment follows from what has arrived until then."""
    moment = dispatch_at(arrivals, 0, now, rule)
    known = [each for each in arrivals if each <= moment]
    other = [*known, *sorted(moment + 1e-6 + each for each in later)]
    assert dispatch_at(other, 0, now, rule) == pytest.approx(moment)


@given(schedules, st.floats(0, 2), st.integers(1, 8))
def test_members_are_those_that_have_arrived(arrivals, moment, most) -> None:
    expected = sum(each <= moment for each in arrivals[3:])
    assert members(arrivals, 3, moment, most) == min(most, expected) or len(arrivals) < 3
