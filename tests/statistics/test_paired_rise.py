"""The rise between paired outcomes: bounds that err no more often than they say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.statistics import paired_rise
from clinigate.errors import UsageError


def test_without_a_discordant_pair_the_bound_is_the_exact_one():
    rise = paired_rise(0, 0, 113, 1 - 0.05 / 16)
    assert rise.difference == 0
    assert rise.high == pytest.approx(1 - (0.05 / 16) ** (1 / 113))
    assert rise.high < 0.05
    assert rise.low == pytest.approx(-rise.high)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_bounds_lie_around_the_difference_and_swap_with_the_pairs(more, less, rest):
    n = more + less + rest
    if n == 0:
        return
    rise, fall = paired_rise(more, less, n, 0.95), paired_rise(less, more, n, 0.95)
    assert rise.low <= rise.difference <= rise.high
    assert (rise.low, rise.high) == (-fall.high, -fall.low)


@pytest.mark.parametrize(("p", "q"), [(0.05, 0.0), (0.08, 0.03), (0.2, 0.15)])
def test_a_rise_on_the_limit_is_certified_in_at_most_five_percent(p, q):
    """Exact enumeration over all outcomes of 60 pairs whose true rise is 0.05."""
    n, wrong = 60, 0.0
    for more in range(n + 1):
        for less in range(n - more + 1):
            if paired_rise(more, less, n, 0.95).high < p - q:
                ways = math.comb(n, more) * math.comb(n - more, less)
                wrong += ways * p**more * q**less * (1 - p - q) ** (n - more - less)
    assert wrong <= 0.0501


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="beyond the 3 pairs"):
        paired_rise(2, 2, 3, 0.95)
    with pytest.raises(UsageError, match="n is 0"):
        paired_rise(0, 0, 0, 0.95)
