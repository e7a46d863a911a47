"""Arrivals come at the rate that was asked for, as evenly or burstily as asked, and repeatably."""

from __future__ import annotations

import itertools
import math
import statistics
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.measure.arrivals import constant, gamma, poisson


def surge(at: float) -> float:
    """Eight times the rate between 100 s and 140 s."""
    return 80.0 if 100 <= at < 140 else 10.0


def ramp(at: float) -> float:
    return 20 * at


def cv_of(arrivals: list[float]) -> float:
    gaps = [later - sooner for sooner, later in itertools.pairwise(arrivals)]
    return statistics.pstdev(gaps) / statistics.fmean(gaps)


@given(rate=st.floats(0.1, 500), duration_s=st.floats(0.01, 20))
def test_constant_arrivals_stand_at_even_distances_and_end_before_the_duration(rate, duration_s):
    arrivals = list(constant(rate, duration_s))
    assert abs(len(arrivals) - rate * duration_s) <= 1
    assert arrivals[0] == 0.0
    assert arrivals[-1] < duration_s
    assert all(at == number / rate for number, at in enumerate(arrivals))


@given(st.integers(), st.floats(0.1, 3.0))
def test_random_arrivals_ascend_end_in_time_and_come_again_with_the_same_seed(seed, cv):
    for draw in (
        lambda: poisson(50, 3, rng=Random(seed)),
        lambda: poisson(ramp, 3, rng=Random(seed), peak=60),
        lambda: gamma(50, 3, rng=Random(seed), cv=cv),
        lambda: gamma(ramp, 3, rng=Random(seed), cv=cv, step_s=0.05),
    ):
        arrivals = list(draw())
        assert arrivals == sorted(arrivals) == list(draw())
        assert all(0 <= at < 3 for at in arrivals)


def test_poisson_arrivals_have_the_rate_and_the_spread_of_chance():
    arrivals = list(poisson(100, 200, rng=Random(1)))
    assert len(arrivals) == pytest.approx(20_000, abs=5 * math.sqrt(20_000))
    assert cv_of(arrivals) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    "drawn",
    [
        lambda: poisson(surge, 240, rng=Random(2), peak=80),
        lambda: poisson(surge, 240, rng=Random(3), peak=200),
        lambda: gamma(surge, 240, rng=Random(4), cv=1.0),
    ],
)
def test_a_rate_that_changes_is_met_in_every_stretch(drawn):
    arrivals = list(drawn())
    for start in range(0, 240, 20):
        counted = sum(start <= at < start + 20 for at in arrivals)
        expected = 20 * surge(start)
        assert abs(counted - expected) < 4.5 * math.sqrt(expected)


@pytest.mark.parametrize("cv", [0.5, 1.0, 2.0])
def test_gamma_gaps_have_the_burstiness_that_was_asked_for_at_any_rate(cv):
    steady = list(gamma(50, 400, rng=Random(5), cv=cv))
    assert len(steady) == pytest.approx(20_000, abs=5 * cv * math.sqrt(20_000))
    assert cv_of(steady) == pytest.approx(cv, rel=0.05)
    stepped = list(gamma(lambda at: 25.0 if at < 400 else 50.0, 600, rng=Random(6), cv=cv))
    assert cv_of([at for at in stepped if at < 400]) == pytest.approx(cv, rel=0.08)
    assert cv_of([at for at in stepped if at >= 400]) == pytest.approx(cv, rel=0.08)


def test_a_rate_above_the_peak_is_refused_and_not_capped():
    with pytest.raises(UsageError, match=r"rate is 80/s at 1\S* s, above the peak of 40/s"):
        list(poisson(surge, 240, rng=Random(7), peak=40))
    with pytest.raises(UsageError, match="peak is missing"):
        poisson(surge, 240, rng=Random(7))


def test_a_rate_that_is_no_rate_is_refused_where_it_is_met():
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(UsageError, match="rate at"):
            list(poisson(lambda _at, wrong=wrong: wrong, 10, rng=Random(8), peak=5))
        with pytest.raises(UsageError, match="rate at"):
            list(gamma(lambda _at, wrong=wrong: wrong, 10, rng=Random(8), cv=1))


def test_a_stretch_without_arrivals_stays_empty():
    quiet = lambda at: 0.0 if at < 5 else 20.0  # noqa: E731
    assert min(poisson(quiet, 10, rng=Random(9), peak=20)) >= 5
    assert min(gamma(quiet, 10, rng=Random(9), cv=1)) >= 5


@pytest.mark.parametrize(
    "call",
    [
        lambda: constant(0, 1),
        lambda: constant(1, math.inf),
        lambda: poisson(-1, 1, rng=Random()),
        lambda: poisson(1, 0, rng=Random()),
        lambda: poisson(surge, 1, rng=Random(), peak=0),
        lambda: gamma(1, 1, rng=Random(), cv=0),
        lambda: gamma(0, 1, rng=Random(), cv=1),
        lambda: gamma(1, 1, rng=Random(), cv=1, step_s=0),
    ],
)
def test_arguments_that_cannot_be_are_refused_at_once(call):
    with pytest.raises(UsageError):
        call()
