"""Quantile bounds are order statistics that cover the true quantile at any distribution."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from clinigate.core.statistics import allowed_exceedances, quantile_bounds, quantile_need_n
from clinigate.errors import UsageError


@pytest.mark.parametrize(
    ("n", "exceedances"),
    [
        (298, None),
        (299, 0),
        (300, 0),
        (500, 1),
        (1_000, 4),
        (2_000, 12),
        (5_000, 38),
        (10_000, 83),
    ],
)
def test_exceedances_that_a_p99_allows_at_95_percent(n: int, exceedances: int | None) -> None:
    assert allowed_exceedances(0.99, n, 0.95) == exceedances
    if exceedances is not None:
        assert quantile_need_n(0.99, 0.95, exceedances) <= n
        assert quantile_need_n(0.99, 0.95, exceedances + 1) > n


@pytest.mark.parametrize(("n", "high"), [(298, None), (299, 299.0), (500, 499.0), (1_000, 996.0)])
def test_the_upper_bound_of_a_p99_is_the_sample_after_the_allowed_exceedances(
    n: int, high: float | None
) -> None:
    assert quantile_bounds([float(i) for i in range(1, n + 1)], 0.99, 0.95)[2] == high


def test_the_point_is_a_sample_with_the_share_at_or_below_it() -> None:
    assert quantile_bounds([float(i) for i in range(1, 101)], 0.99, 0.95)[0] == 99.0
    assert quantile_bounds([1.0, 2.0, 3.0, 4.0], 0.5, 0.95) == (2.0, None, None)
    assert quantile_bounds([7.0], 0.99, 0.95)[0] == 7.0


def test_a_request_that_never_came_back_is_slower_than_any_limit() -> None:
    values = [1.0] * 1_000 + [math.inf] * 10
    assert quantile_bounds(values, 0.99, 0.95) == (1.0, 1.0, math.inf)


@settings(deadline=None, max_examples=100)
@given(
    n=st.integers(1, 5_000),
    q=st.floats(0.01, 0.999),
    confidence=st.sampled_from([0.9, 0.95, 0.99]),
)
def test_ranks_hold_their_confidence_and_the_next_would_not(
    n: int, q: float, confidence: float
) -> None:
    ranks = range(1, n + 1)  # so that a value is its own rank
    point, low, high = quantile_bounds(ranks, q, confidence)
    error = 1 - confidence
    assert (low or 1) <= point <= (high or n)
    if high is None:
        assert stats.binom.sf(n - 1, n, q) > error * (1 - 1e-9)
    else:
        assert stats.binom.sf(high - 1, n, q) <= error * (1 + 1e-9)
        assert high == 1 or stats.binom.sf(high - 2, n, q) > error * (1 - 1e-9)
    if low is None:
        assert stats.binom.cdf(0, n, q) > error * (1 - 1e-9)
    else:
        assert stats.binom.cdf(low - 1, n, q) <= error * (1 + 1e-9)
        assert low == n or stats.binom.cdf(low, n, q) > error * (1 - 1e-9)


def test_bounds_cover_a_heavy_tailed_quantile() -> None:
    draw = random.Random(7)
    truth = 0.05 ** (-1 / 1.1)  # p95 of a Pareto with infinite variance
    below = above = 0
    for _ in range(400):
        values = sorted(draw.paretovariate(1.1) for _ in range(150))
        _, low, high = quantile_bounds(values, 0.95, 0.9)
        below += high < truth
        above += low > truth
    assert below <= 40 + 15
    assert above <= 40 + 15


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([], "sorted_values is empty"),
        ([2.0, 1.0], r"sorted_values\[1\] is 1.0 after 2.0"),
        ([1.0, math.nan], r"sorted_values\[1\] is nan"),
        ([math.nan], r"sorted_values\[0\] is nan"),
    ],
)
def test_bad_samples_are_named(values: list[float], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        quantile_bounds(values, 0.99, 0.95)


@pytest.mark.parametrize("q", [0.0, 1.0, 99, math.nan])
def test_bad_quantiles_are_named(q: float) -> None:
    for call in (
        lambda: quantile_bounds([1.0], q, 0.95),
        lambda: quantile_need_n(q, 0.95),
        lambda: allowed_exceedances(q, 100, 0.95),
    ):
        with pytest.raises(UsageError, match="q is"):
            call()


def test_a_negative_number_of_exceedances_is_refused() -> None:
    with pytest.raises(UsageError, match="events is -1"):
        quantile_need_n(0.99, 0.95, -1)
