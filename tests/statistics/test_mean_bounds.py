"""Mean bounds are Student's, and equal values claim no certainty."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from clinigate.core.statistics import mean_bounds, mean_need_n, upper_bound
from clinigate.errors import UsageError

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60)


@settings(deadline=None)
@given(values=VALUES, confidence=st.sampled_from([0.9, 0.95, 0.99]))
def test_bounds_agree_with_scipy(values: list[float], confidence: float) -> None:
    assume(max(values) - min(values) > 1e-3)
    mean, low, high = mean_bounds(values, confidence)
    error, df = stats.sem(values), len(values) - 1
    scale = max(abs(v) for v in values)
    assert mean == pytest.approx(sum(values) / len(values), abs=1e-9 * scale)
    assert low == pytest.approx(stats.t.ppf(1 - confidence, df, mean, error), abs=1e-7 * scale)
    assert high == pytest.approx(stats.t.ppf(confidence, df, mean, error), abs=1e-7 * scale)


@given(value=st.floats(-1e6, 1e6), n=st.integers(1, 50))
def test_equal_values_have_no_bounds(value: float, n: int) -> None:
    assert mean_bounds([value] * n, 0.95) == (value, None, None)


def test_equal_values_on_a_scale_leave_room_for_unseen_ones_at_its_ends() -> None:
    unseen = upper_bound(0, 40, 0.95)
    mean, low, high = mean_bounds([5] * 40, 0.95, scale=(1, 5))
    assert (mean, high) == (5, 5)
    assert low == pytest.approx(5 - 4 * unseen)
    assert mean_bounds([5], 0.95, scale=(1, 5))[1] == pytest.approx(5 - 4 * 0.95)


def test_bounds_stay_on_the_scale() -> None:
    assert mean_bounds([1, 5], 0.95, scale=(1, 5)) == (3, 1, 5)


@pytest.mark.parametrize(
    ("true_mean", "n"), [(4.05, 1_583), (4.1, 396), (4.2, 99), (4.3, 44), (4.5, 16)]
)
def test_conversations_needed_for_empathy_above_four(true_mean: float, n: int) -> None:
    assert mean_need_n(true_mean - 4, 0.8, 0.95) == n


def test_the_planned_sample_certifies_with_about_its_power() -> None:
    draw = random.Random(3)
    n = mean_need_n(0.3, 0.8, 0.95)
    passed = sum(
        (mean_bounds([draw.gauss(4.3, 0.8) for _ in range(n)], 0.95)[1] or 0) > 4
        for _ in range(300)
    )
    assert 0.7 < passed / 300 < 0.9


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: mean_bounds([], 0.95), "values is empty"),
        (lambda: mean_bounds([1.0, math.nan], 0.95), r"values\[1\] is nan"),
        (lambda: mean_bounds([1.0, math.inf], 0.95), r"values\[1\] is inf"),
        (lambda: mean_bounds([True], 0.95), r"values\[0\] is True"),
        (lambda: mean_bounds([1.0, 2.0], 0.5), "confidence is 0.5"),
        (lambda: mean_bounds([1.0, 6.0], 0.95, scale=(1, 5)), "values holds 6.0"),
        (lambda: mean_bounds([1.0], 0.95, scale=(5, 1)), r"scale is \(5, 1\)"),
        (lambda: mean_need_n(0.0, 1.0, 0.95), "margin is 0.0"),
        (lambda: mean_need_n(0.1, -1.0, 0.95), "sd is -1.0"),
        (lambda: mean_need_n(0.1, 1.0, 0.95, power=0.0), "power is 0.0"),
    ],
)
def test_bad_arguments_are_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        call()
