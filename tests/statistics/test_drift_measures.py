"""Drift: thresholds that chance keeps, bounds that hold, and the same numbers as scipy's."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.statistics.drift import (
    SKETCH_SIZE,
    kolmogorov_smirnov,
    mean_discrepancy,
    psi,
    sketch,
)
from clinigate.core.statistics.gamma import (
    chi2_cdf,
    chi2_quantile,
    gammainc,
    noncentral_chi2_cdf,
)
from clinigate.errors import UsageError

SAMPLES = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60)


# The distributions behind it


@given(st.floats(0.1, 400), st.floats(0, 800))
def test_the_incomplete_gamma_is_scipys(a: float, x: float) -> None:
    from scipy.special import gammainc as reference

    assert gammainc(a, x) == pytest.approx(reference(a, x), rel=1e-9, abs=1e-12)


@given(st.floats(0.1, 300), st.integers(1, 40), st.floats(0.01, 250))
@settings(max_examples=60)
def test_the_noncentral_distribution_is_scipys(x: float, df: int, noncentrality: float) -> None:
    from scipy.stats import ncx2

    wanted = ncx2.cdf(x, df, noncentrality)
    assert noncentral_chi2_cdf(x, df, noncentrality) == pytest.approx(wanted, rel=1e-6, abs=1e-10)


@given(st.floats(0.001, 0.999), st.integers(1, 60))
def test_the_quantile_is_the_inverse(p: float, df: int) -> None:
    assert chi2_cdf(chi2_quantile(p, df), df) == pytest.approx(p, abs=1e-9)


# The population stability index


@pytest.mark.parametrize(("n", "threshold"), [(100, 0.433), (500, 0.087), (5_000, 0.0087)])
def test_the_calibrated_threshold_is_the_published_one(n: int, threshold: float) -> None:
    values = [i / n for i in range(n)]
    found = psi(values, values, 0.95)
    assert found.bins == 10
    assert found.chance == pytest.approx(threshold, rel=0.01)


def test_chance_exceeds_its_threshold_as_rarely_as_it_says_and_the_folk_limit_often() -> None:
    rng = random.Random(8)
    calibrated = folk = 0
    for _ in range(150):
        found = psi([rng.random() for _ in range(200)], [rng.random() for _ in range(200)], 0.95)
        calibrated += found.value > found.chance
        folk += found.value > 0.1
    assert calibrated <= 6
    assert 30 <= folk <= 80


def test_the_folk_limit_is_exceeded_by_chance_in_85_of_100_comparisons_of_100_values() -> None:
    rng = random.Random(3)
    trials = 150
    exceeds = sum(
        psi([rng.random() for _ in range(100)], [rng.random() for _ in range(100)], 0.95).value
        > 0.1
        for _ in range(trials)
    )
    assert exceeds / trials == pytest.approx(0.85, abs=0.07)


def test_a_shift_is_bounded_from_both_sides() -> None:
    """Half of a standard deviation: PSI of two normals is its square, d^2 = 0.25."""
    rng = random.Random(5)
    before = [rng.gauss(0, 1) for _ in range(2_000)]
    now = [rng.gauss(0.5, 1) for _ in range(2_000)]
    found = psi(before, now, 0.95)
    assert found.low < 0.25 < found.high + 0.03  # ten bins see a little less than all
    assert found.low > 0.1
    assert found.p < 1e-6


def test_values_that_many_share_have_bins_of_their_own() -> None:
    before = [0.995] * 500 + [0.005] * 300
    same = psi(before, before, 0.95)
    assert same.value == 0.0
    assert same.high > 0.0  # no drift seen is no certainty
    for shift in (-0.001, 0.001):
        moved = psi(before, [0.995 + shift] * 500 + [0.005] * 300, 0.95)
        assert moved.low > 0.1


@given(SAMPLES, SAMPLES)
@settings(max_examples=40)
def test_an_index_is_never_negative_and_lies_within_its_bounds(
    before: list[float], now: list[float]
) -> None:
    found = psi(before, now, 0.95)
    assert found.value >= 0.0
    assert 0.0 <= found.low <= found.value + 1e-6
    assert found.value <= found.high + 1e-6
    assert 0.0 <= found.p <= 1.0


# Kolmogorov-Smirnov


@given(SAMPLES, SAMPLES)
@settings(max_examples=40)
def test_the_distance_is_scipys(before: list[float], now: list[float]) -> None:
    from scipy.stats import ks_2samp

    found = kolmogorov_smirnov(before, now, 0.95)
    with warnings.catch_warnings():
        # Its p, which is not asked for here, warns on some samples.
        warnings.simplefilter("ignore", RuntimeWarning)
        wanted = ks_2samp(before, now).statistic
    assert found.value == pytest.approx(wanted, abs=1e-12)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0


def test_the_p_is_scipys_and_the_distance_says_whether_it_matters() -> None:
    """With ten thousand values a shift of a twentieth of a deviation is significant, and small."""
    from scipy.stats import ks_2samp

    rng = random.Random(2)
    before = [rng.gauss(0, 1) for _ in range(10_000)]
    now = [rng.gauss(0.05, 1) for _ in range(10_000)]
    found = kolmogorov_smirnov(before, now, 0.95)
    assert found.p == pytest.approx(ks_2samp(before, now, method="asymp").pvalue, rel=0.05)
    assert found.p < 0.05
    assert found.high < 0.1


def test_the_upper_bound_holds_the_true_distance() -> None:
    """Uniform against uniform moved by 0.2: the true distance is 0.2."""
    rng = random.Random(1)
    missed = 0
    for _ in range(100):
        found = kolmogorov_smirnov(
            [rng.random() for _ in range(80)], [0.2 + rng.random() for _ in range(80)], 0.95
        )
        missed += not found.low <= 0.2 <= found.high
    assert missed <= 5


# Words

WORDS = [f"w{number}" for number in range(40)]


def texts(seed: int, words: list[str], n: int = 120) -> list[Mapping[int, int]]:
    rng = random.Random(seed)
    return [sketch(" ".join(rng.choices(words, k=25))) for _ in range(n)]


def test_a_sketch_holds_counts_and_no_words() -> None:
    assert sketch("") == {}
    counts = sketch("Stay with me. Stay with me.")
    assert counts == sketch("stay  with\nME. stay with me.")
    assert all(0 <= bucket < SKETCH_SIZE and count >= 1 for bucket, count in counts.items())
    assert sum(counts.values()) == 6 + 7


def test_the_same_texts_do_not_differ_and_others_do() -> None:
    before = texts(1, WORDS)
    same = mean_discrepancy(before, before, 0.95)
    assert (same.value, same.low, same.p) == (0.0, 0.0, 1.0)
    assert same.high > 0.0
    alike = mean_discrepancy(before, texts(2, WORDS), 0.95)
    assert alike.p > 0.01
    assert alike.low == 0.0
    other = mean_discrepancy(before, texts(2, [word.upper() + "x" for word in WORDS]), 0.95)
    assert other.p == pytest.approx(0.001)
    assert other.low > alike.value
    assert other.high <= math.sqrt(2.0)


def test_a_permutation_gives_the_same_p_with_the_same_seed() -> None:
    before, now = texts(1, WORDS), texts(2, WORDS)
    first, again = (mean_discrepancy(before, now, 0.95, seed=9) for _ in range(2))
    assert first == again


def test_no_more_texts_are_compared_than_certainty_needs() -> None:
    many = texts(1, WORDS, n=30) * 20
    assert mean_discrepancy(many, many, 0.95).n == 500


@pytest.mark.parametrize(
    "call",
    [
        lambda: psi([], [1.0], 0.95),
        lambda: psi([1.0], [math.nan], 0.95),
        lambda: psi([1.0], [1.0], 0.95, bins=1),
        lambda: psi([1.0], [1.0], 1.0),
        lambda: kolmogorov_smirnov([1.0], [], 0.95),
        lambda: mean_discrepancy([sketch("a")], [sketch("a")], 0.95),
        lambda: mean_discrepancy([sketch("a")] * 2, [sketch("a")] * 3, 0.95),
    ],
)
def test_what_cannot_be_meant_is_refused(call) -> None:
    with pytest.raises(UsageError):
        call()
