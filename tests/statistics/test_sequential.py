"""Ending early changes no verdict: curtailment against the full count, and what it costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clinigate.core.statistics import lower_bound
from clinigate.core.statistics.sequential import expected_asked, failing_events, unnoticed_rate
from clinigate.errors import UsageError


@given(
    limit=st.floats(0.0005, 0.5),
    n=st.integers(1, 3_000),
    confidence=st.sampled_from([0.9, 0.95, 0.99]),
)
def test_so_many_events_fail_whatever_comes_and_one_fewer_does_not(limit, n, confidence):
    enough = failing_events(limit, n, confidence)
    if enough is None:
        assert lower_bound(n, n, confidence) < limit
        return
    assert lower_bound(enough, n, confidence) >= limit
    assert lower_bound(enough - 1, n, confidence) < limit


def test_what_a_full_draw_needs_to_fail():
    assert failing_events(0.001, 13_200, 0.95) == 20
    assert failing_events(0.10, 2_240, 0.95) == 249
    assert failing_events(0.9, 2, 0.95) is None


@pytest.mark.parametrize(("rate", "events", "n"), [(0.01, 20, 1_500), (0.3, 5, 12), (0.5, 1, 3)])
def test_the_expected_cost_is_that_of_the_negative_binomial_cut_at_n(rate, events, n):
    def survives(t):  # fewer than `events` among t
        return stats.binom.cdf(events - 1, t, rate)

    assert expected_asked(rate, events, n) == pytest.approx(sum(survives(t) for t in range(n)))
    assert expected_asked(rate, events, n) <= min(n, events / rate) + 1e-6


def test_the_ends_of_the_expected_cost():
    assert expected_asked(0.0, 3, 50) == 50
    assert expected_asked(1.0, 3, 50) == 3


@given(n=st.integers(1, 100_000), chance=st.floats(0.01, 0.99))
def test_the_unnoticed_rate_stays_unnoticed_as_often_as_said(n, chance):
    assert (1 - unnoticed_rate(n, chance)) ** n == pytest.approx(chance, rel=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: failing_events(-0.1, 10, 0.95),
        lambda: failing_events(0.1, 0, 0.95),
        lambda: failing_events(0.1, 10, 0.4),
        lambda: expected_asked(1.5, 1, 10),
        lambda: expected_asked(0.5, 0, 10),
        lambda: unnoticed_rate(0),
    ],
)
def test_what_cannot_be_meant_is_refused(call):
    with pytest.raises(UsageError):
        call()
