"""Rank tests and their bounds against scipy, and against what they promise."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from clinigate.errors import UsageError
from clinigate.gpu_bench.regression.ranks import (
    paired_shift,
    rank_sum_greater,
    shift,
    signed_rank_greater,
)

numbers = st.floats(-100, 100).map(lambda value: round(value, 6))
samples = st.lists(numbers, min_size=1, max_size=25, unique=True)
moves = st.tuples(st.integers(1, 10**6), st.sampled_from([-1e-4, 1e-4])).map(lambda t: t[0] * t[1])
coarse = st.lists(st.integers(-6, 6).map(float), min_size=2, max_size=30)


@given(samples, samples)
def test_without_ties_the_p_value_is_exact(sample, reference) -> None:
    assume(not set(sample) & set(reference))
    expected = stats.mannwhitneyu(sample, reference, alternative="greater", method="exact").pvalue
    assert rank_sum_greater(sample, reference) == pytest.approx(expected, rel=1e-9)


@given(coarse, coarse)
def test_with_ties_it_is_the_corrected_normal_one(sample, reference) -> None:
    assume(len({*sample, *reference}) > 1)
    assume(len(set(sample)) + len(set(reference)) < len(sample) + len(reference))
    expected = stats.mannwhitneyu(
        sample, reference, alternative="greater", method="asymptotic"
    ).pvalue
    assert rank_sum_greater(sample, reference) == pytest.approx(expected, rel=1e-9)


@given(st.lists(moves, min_size=1, max_size=25, unique_by=abs))
def test_signed_ranks_without_ties_are_exact(differences) -> None:
    expected = stats.wilcoxon(differences, alternative="greater", method="exact").pvalue
    assert signed_rank_greater(differences) == pytest.approx(expected, rel=1e-9)


@given(coarse)
def test_signed_ranks_with_ties_are_the_corrected_normal_ones(differences) -> None:
    moved = [each for each in differences if each]
    assume(len({abs(each) for each in moved}) < len(moved))
    expected = stats.wilcoxon(
        moved, alternative="greater", method="asymptotic", correction=True
    ).pvalue
    assert signed_rank_greater(differences) == pytest.approx(expected, rel=1e-9)


def test_many_values_use_the_normal_distribution() -> None:
    sample = [float(number) + 0.5 for number in range(60)]
    reference = [float(number) for number in range(55)]
    expected = stats.mannwhitneyu(
        sample, reference, alternative="greater", method="asymptotic"
    ).pvalue
    assert rank_sum_greater(sample, reference) == pytest.approx(expected, rel=1e-9)
    differences = [float(number) for number in range(1, 90)]
    assert signed_rank_greater(differences) < 1e-12
    assert signed_rank_greater([-each for each in differences]) > 0.999


@given(samples, samples)
def test_the_bounds_invert_the_test(sample, reference) -> None:
    """The lower bound lies above 0 exactly if the test says so at 5%."""
    assume(not set(sample) & set(reference))
    found = shift(sample, reference, 0.95)
    if found.low is not None:
        assert found.low <= found.value <= found.high
        assert (found.low > 0) == (found.p <= 0.05)


@given(st.lists(moves, min_size=5, max_size=20, unique_by=abs))
def test_the_bounds_of_pairs_invert_the_test(differences) -> None:
    found = paired_shift(differences, 0.95)
    assert found.low <= found.value <= found.high
    assert (found.low > 0) == (found.p <= 0.05)


@given(samples, samples, st.floats(-50, 50))
def test_the_estimate_moves_with_the_sample(sample, reference, by) -> None:
    moved = shift([each + by for each in sample], reference, 0.95)
    assert moved.value == pytest.approx(shift(sample, reference, 0.95).value + by, abs=1e-9)


def test_the_estimate_is_the_median_of_all_differences() -> None:
    found = shift([5.0, 9.0, 20.0], [1.0, 4.0], 0.95)
    assert found.value == statistics.median([4, 1, 8, 5, 19, 16])


def test_too_few_blocks_have_no_bounds() -> None:
    few = shift([3.0, 4.0], [1.0, 2.0], 0.95)
    assert (few.low, few.high) == (None, None)
    assert few.p == pytest.approx(1 / 6)
    pairs = paired_shift([1.0, 2.0, 3.0, 4.0], 0.95)
    assert (pairs.low, pairs.high) == (None, None)
    five = paired_shift([1.0, 2.0, 3.0, 4.0, 5.0], 0.95)
    assert (five.low, five.high) == (1.0, 5.0)


def test_equal_samples_show_nothing() -> None:
    assert rank_sum_greater([1.0, 1.0], [1.0, 1.0]) == 1.0
    assert signed_rank_greater([0.0, 0.0]) == 1.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: rank_sum_greater([], [1.0]),
        lambda: rank_sum_greater([1.0], []),
        lambda: rank_sum_greater([float("nan")], [1.0]),
        lambda: signed_rank_greater([]),
        lambda: shift([], [1.0], 0.95),
        lambda: paired_shift([], 0.95),
        lambda: shift([1.0], [2.0], 0.4),
    ],
)
def test_what_cannot_be_compared_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call()


@settings(max_examples=20)
@given(st.integers(1, 8), st.integers(1, 8))
def test_no_shift_is_certain(n, m) -> None:
    """The p value is never 0: chance alone can order any sample so."""
    p = rank_sum_greater([10.0 + i for i in range(n)], [float(i) for i in range(m)])
    assert 0 < p <= 0.5
