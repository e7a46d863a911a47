"""The incomplete beta function, its inverse and the quantiles agree with scipy to nine digits."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from clinigate.core.statistics import betainc, betaincinv, normal_quantile, student_t_quantile
from clinigate.errors import UsageError

SHAPES = st.tuples(
    st.floats(math.log(0.5), math.log(1e7)), st.floats(math.log(0.5), math.log(1e7))
).map(lambda logs: (math.exp(logs[0]), math.exp(logs[1])))
PROBABILITIES = st.floats(1e-9, 1 - 1e-9)
relaxed = settings(deadline=None, max_examples=150)


@relaxed
@given(shapes=SHAPES, deviations=st.floats(-6, 6))
def test_betainc_agrees_with_scipy_around_the_mean(
    shapes: tuple[float, float], deviations: float
) -> None:
    a, b = shapes
    mean = a / (a + b)
    x = mean + deviations * math.sqrt(mean * (1 - mean) / (a + b + 1))
    assume(0 < x < 1)
    assert betainc(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-9, abs=1e-15)


@relaxed
@given(a=st.floats(0.5, 500), b=st.floats(0.5, 500), x=st.floats(0, 1))
def test_betainc_agrees_with_scipy_everywhere(a: float, b: float, x: float) -> None:
    assert betainc(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-9, abs=1e-250)


@relaxed
@given(shapes=SHAPES, p=PROBABILITIES)
def test_betaincinv_agrees_with_scipy(shapes: tuple[float, float], p: float) -> None:
    a, b = shapes
    assert betaincinv(a, b, p) == pytest.approx(special.betaincinv(a, b, p), rel=1e-9)


@relaxed
@given(shapes=SHAPES, p=st.floats(0.001, 0.999))
def test_betaincinv_inverts_betainc(shapes: tuple[float, float], p: float) -> None:
    a, b = shapes
    x = betaincinv(a, b, p)
    # x is a double: where it lies near 1, its last digit alone moves the tail
    last_digit = special.betainc(a, b, math.nextafter(x, 1)) - special.betainc(a, b, x)
    assert betainc(a, b, x) == pytest.approx(p, rel=1e-9, abs=4 * abs(last_digit) + 1e-12)


@pytest.mark.parametrize(("x", "expected"), [(0.0, 0.0), (1.0, 1.0)])
def test_the_ends_are_exact(x: float, expected: float) -> None:
    assert betainc(2.5, 7.0, x) == expected
    assert betaincinv(2.5, 7.0, x) == expected


def test_a_tail_far_below_any_float_is_zero_not_an_error() -> None:
    assert betainc(5e6, 5e6, 0.1) == 0.0
    assert betainc(5e6, 5e6, 0.9) == 1.0


@relaxed
@given(p=st.floats(1e-6, 1 - 1e-6), df=st.floats(1, 1e6))
def test_student_t_quantile_agrees_with_scipy(p: float, df: float) -> None:
    assume(abs(p - 0.5) > 1e-4)
    assert student_t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-8)


def test_the_median_of_student_t_is_zero() -> None:
    assert student_t_quantile(0.5, 7) == 0.0


@given(p=PROBABILITIES)
def test_normal_quantile_agrees_with_scipy(p: float) -> None:
    assert normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: betainc(0.0, 1.0, 0.5), "a is 0.0"),
        (lambda: betainc(1.0, math.inf, 0.5), "b is inf"),
        (lambda: betainc(1.0, 1.0, 1.5), "x is 1.5"),
        (lambda: betainc(1.0, 1.0, math.nan), "x is nan"),
        (lambda: betaincinv(1.0, 1.0, -0.1), "p is -0.1"),
        (lambda: betaincinv(math.nan, 1.0, 0.1), "a is nan"),
        (lambda: normal_quantile(1.0), "p is 1.0"),
        (lambda: student_t_quantile(0.9, 0), "df is 0"),
        (lambda: student_t_quantile(0.0, 3), "p is 0.0"),
    ],
)
def test_bad_arguments_are_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        call()
