"""Weighted quantiles say what life's mix would show, and their bounds hold."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.load.weighted import (
    KISH,
    effective_n,
    weighted_quantile,
    weighted_quantile_interval,
)
from clinigate.measure.histogram import Histogram


def histogram(values: list[float]) -> Histogram:
    result = Histogram()
    for value in values:
        result.record(value)
    return result


SAMPLES = st.lists(st.floats(0.001, 50), max_size=40)


@given(SAMPLES, SAMPLES, st.sampled_from([0.5, 0.9, 0.95]), st.floats(0.1, 9))
def test_equal_weights_are_no_weights(
    first: list[float], second: list[float], q: float, weight: float
) -> None:
    strata = [(histogram(first), weight), (histogram(second), weight)]
    together = histogram(first + second)
    assert weighted_quantile(strata, q) == together.quantile(q)
    assert weighted_quantile_interval(strata, q, 0.95) == together.quantile_interval(q, 0.95)


@given(SAMPLES.filter(bool), SAMPLES.filter(bool), st.integers(2, 6), st.floats(0.05, 0.95))
def test_a_whole_weight_is_that_many_copies(
    first: list[float], second: list[float], copies: int, q: float
) -> None:
    found = weighted_quantile([(histogram(first), float(copies)), (histogram(second), 1.0)], q)
    expected = histogram(first * copies + second).quantile(q)
    assert found is not None
    assert expected is not None
    # A share that meets a rank exactly may fall to either side of it by rounding.
    ranked = sorted(first * copies + second)
    rank = q * len(ranked)
    near = ranked[max(0, math.ceil(rank) - 2) : math.ceil(rank) + 2]
    assert any(math.isclose(found, value, rel_tol=0.001) for value in near)
    if abs(rank - round(rank)) > 1e-6:
        assert found == pytest.approx(expected, rel=0.001)


def test_samples_of_unequal_weight_are_worth_fewer() -> None:
    strata = [(histogram([0.1] * 100), 1.0), (histogram([0.2] * 100), 0.01)]
    assert effective_n([(histogram([0.1] * 100), 0.3)]) == 100
    assert 100 <= effective_n(strata) < 110
    assert effective_n([]) == 0
    assert weighted_quantile([], 0.95) is None


def test_too_few_have_no_bound() -> None:
    strata = [(histogram([0.1] * 20), 1.0), (histogram([0.2] * 20), 0.01)]
    assert weighted_quantile_interval(strata, 0.95, 0.95).high is None


def test_the_upper_bound_holds_as_often_as_it_says() -> None:
    # 60 % of life's samples are fast (exponential, mean 1) and drawn as they are; 40 % are slow
    # (mean 4) and drawn twice as often, so that each counts half.
    rng = random.Random(5)
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        share = 0.6 * (1 - math.exp(-middle)) + 0.4 * (1 - math.exp(-middle / 4))
        low, high = (middle, high) if share < 0.9 else (low, middle)
    held = 0
    for _ in range(300):
        fast = histogram([rng.expovariate(1.0) for _ in range(120)])
        slow = histogram([rng.expovariate(0.25) for _ in range(160)])
        interval = weighted_quantile_interval([(fast, 1.0), (slow, 0.5)], 0.9, 0.95)
        assert interval.method.startswith(KISH)
        assert interval.high is not None
        held += interval.high >= low
    # 95 % promised; five standard deviations of 300 draws below it would be 0.887.
    assert held / 300 > 0.887
