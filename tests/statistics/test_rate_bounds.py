"""Rate bounds are the exact Clopper-Pearson ones, and the sample sizes are the published rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from clinigate.core.statistics import (
    adjusted_upper_bound,
    betaincinv,
    lower_bound,
    max_events,
    need_n,
    need_n_at_least,
    upper_bound,
)
from clinigate.errors import UsageError

COUNTS = st.integers(1, 10_000_000).flatmap(
    lambda n: st.tuples(st.one_of(st.integers(0, n), st.integers(0, min(n, 50))), st.just(n))
)
SMALL_COUNTS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CONFIDENCES = st.sampled_from([0.9, 0.95, 0.975, 0.99, 0.999])
relaxed = settings(deadline=None, max_examples=150)


@relaxed
@given(counts=COUNTS, confidence=CONFIDENCES)
def test_bounds_agree_with_scipy(counts: tuple[int, int], confidence: float) -> None:
    events, n = counts
    high = 1.0 if events == n else stats.beta.ppf(confidence, events + 1, n - events)
    low = 0.0 if events == 0 else stats.beta.ppf(1 - confidence, events, n - events + 1)
    assert upper_bound(events, n, confidence) == pytest.approx(high, rel=1e-9)
    assert lower_bound(events, n, confidence) == pytest.approx(low, rel=1e-9)


@relaxed
@given(counts=SMALL_COUNTS, confidence=CONFIDENCES)
def test_bounds_enclose_the_rate_and_mirror_each_other(
    counts: tuple[int, int], confidence: float
) -> None:
    events, n = counts
    assert 0 <= lower_bound(events, n, confidence) <= events / n
    assert events / n <= upper_bound(events, n, confidence) <= 1
    mirrored = 1 - upper_bound(n - events, n, confidence)
    assert lower_bound(events, n, confidence) == pytest.approx(mirrored, abs=1e-12)


@relaxed
@given(counts=SMALL_COUNTS, confidence=CONFIDENCES)
def test_more_events_never_lower_a_bound_and_more_clean_cases_never_raise_it(
    counts: tuple[int, int], confidence: float
) -> None:
    events, n = counts
    high = upper_bound(events, n, confidence)
    assert upper_bound(events + 1, n + 1, confidence) >= high - 1e-12
    assert upper_bound(events, n + 1, confidence) <= high + 1e-12


@relaxed
@given(counts=SMALL_COUNTS)
def test_more_confidence_widens_the_bounds(counts: tuple[int, int]) -> None:
    events, n = counts
    highs = [upper_bound(events, n, c) for c in (0.8, 0.9, 0.95, 0.99)]
    lows = [lower_bound(events, n, c) for c in (0.8, 0.9, 0.95, 0.99)]
    assert highs == sorted(highs)
    assert lows == sorted(lows, reverse=True)


def test_nothing_observed_bounds_nothing() -> None:
    assert upper_bound(0, 0, 0.95) == 1.0
    assert lower_bound(0, 0, 0.95) == 0.0
    assert max_events(0.1, 0, 0.95) is None


def test_the_one_sided_bound_is_not_the_end_of_the_two_sided_95_percent_interval() -> None:
    assert upper_bound(0, 2_995, 0.95) == pytest.approx(0.00099975, rel=1e-3)
    assert upper_bound(0, 2_995, 0.975) == pytest.approx(0.00123, rel=1e-2)


# Cases needed for a miss rate below .001: (misses, at 90%, 95%, 99%, 97.5%)
MISS_RATE_BELOW_ONE_IN_A_THOUSAND = [
    (0, 2_302, 2_995, 4_603, 3_688),
    (1, 3_889, 4_742, 6_636, 5_570),
    (2, 5_321, 6_294, 8_403, 7_223),
    (3, 6_679, 7_752, 10_042, 8_765),
    (4, 7_992, 9_151, 11_601, 10_239),
    (5, 9_273, 10_511, 13_105, 11_665),
]


@pytest.mark.parametrize(
    ("misses", "at_90", "at_95", "at_99", "at_975"), MISS_RATE_BELOW_ONE_IN_A_THOUSAND
)
def test_cases_needed_for_a_miss_rate_below_one_in_a_thousand(
    misses: int, at_90: int, at_95: int, at_99: int, at_975: int
) -> None:
    assert need_n(0.001, misses, 0.90) == at_90
    assert need_n(0.001, misses, 0.95) == at_95
    assert need_n(0.001, misses, 0.99) == at_99
    assert need_n(0.001, misses, 0.975) == at_975


@pytest.mark.parametrize(
    ("misses", "n", "at_80", "at_95"),
    [
        (0, 2_995, 7.5e-5, 1.7e-5),
        (1, 4_742, 1.7e-4, 7.5e-5),
        (2, 6_294, 2.4e-4, 1.3e-4),
        (3, 7_752, 3.0e-4, 1.8e-4),
        (4, 9_151, 3.4e-4, 2.2e-4),
        (5, 10_511, 3.7e-4, 2.5e-4),
    ],
)
def test_the_true_rate_that_passes_with_80_or_95_percent_chance(
    misses: int, n: int, at_80: float, at_95: float
) -> None:
    assert betaincinv(misses + 1, n - misses, 0.20) == pytest.approx(at_80, rel=0.04)
    assert betaincinv(misses + 1, n - misses, 0.05) == pytest.approx(at_95, rel=0.04)


@pytest.mark.parametrize(("errors", "n"), [(0, 29), (1, 46), (2, 61), (3, 76), (5, 103), (10, 167)])
def test_cases_needed_for_false_positives_below_and_appropriateness_above_a_tenth(
    errors: int, n: int
) -> None:
    assert need_n(0.10, errors, 0.95) == n
    assert need_n_at_least(0.90, errors, 0.95, strict=False) == n


@pytest.mark.parametrize(("errors", "n"), [(0, 59), (1, 93), (5, 208), (10, 336), (20, 577)])
def test_cases_needed_for_accuracy_of_at_least_95_percent(errors: int, n: int) -> None:
    assert need_n_at_least(0.95, errors, 0.95, strict=False) == n


@pytest.mark.parametrize(("n", "bound"), [(299, 0.990), (2_995, 0.999), (10_000, 0.9997)])
def test_safety_of_one_is_never_certified_only_bounded(n: int, bound: float) -> None:
    assert bound <= lower_bound(n, n, 0.95) < 1


@relaxed
@given(
    limit=st.floats(-5, -0.05).map(lambda power: 10**power),
    events=st.integers(0, 3_000),
    confidence=CONFIDENCES,
    strict=st.booleans(),
)
def test_need_n_is_the_smallest_that_passes(
    limit: float, events: int, confidence: float, strict: bool
) -> None:
    def passes(n: int) -> bool:
        bound = upper_bound(events, n, confidence)
        return bound < limit if strict else bound <= limit

    n = need_n(limit, events, confidence, strict=strict)
    assert passes(n)
    assert n - 1 < max(events, 1) or not passes(n - 1)


@relaxed
@given(limit=st.floats(0.05, 0.9999), failures=st.integers(0, 2_000), confidence=CONFIDENCES)
def test_need_n_at_least_is_the_smallest_that_passes(
    limit: float, failures: int, confidence: float
) -> None:
    n = need_n_at_least(limit, failures, confidence)
    assert lower_bound(n - failures, n, confidence) > limit
    assert n - 1 < max(failures, 1) or lower_bound(n - 1 - failures, n - 1, confidence) <= limit


def test_strictness_decides_a_tie() -> None:
    tie = upper_bound(3, 100, 0.95)
    assert need_n(tie, 3, 0.95, strict=False) == 100
    assert need_n(tie, 3, 0.95, strict=True) == 101
    tie = lower_bound(97, 100, 0.95)
    assert need_n_at_least(tie, 3, 0.95, strict=False) == 100
    assert need_n_at_least(tie, 3, 0.95, strict=True) == 101


@relaxed
@given(limit=st.floats(1e-4, 0.99), n=st.integers(1, 20_000), confidence=CONFIDENCES)
def test_max_events_is_the_largest_that_passes(limit: float, n: int, confidence: float) -> None:
    events = max_events(limit, n, confidence)
    if events is None:
        assert upper_bound(0, n, confidence) >= limit
    else:
        assert upper_bound(events, n, confidence) < limit <= upper_bound(events + 1, n, confidence)


@relaxed
@given(counts=SMALL_COUNTS, effect=st.floats(1, 50))
def test_a_design_effect_only_ever_raises_the_upper_bound(
    counts: tuple[int, int], effect: float
) -> None:
    events, n = counts
    plain = upper_bound(events, n, 0.95)
    assert adjusted_upper_bound(events, n, 0.95, design_effect=1.0) == pytest.approx(plain)
    assert adjusted_upper_bound(events, n, 0.95, design_effect=effect) >= plain - 1e-12


@pytest.mark.parametrize("bound", [upper_bound, lower_bound])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0, -1, 0.95), "n is -1"),
        ((-1, 5, 0.95), "events is -1"),
        ((6, 5, 0.95), "events is 6; wanted an integer, 0 to 5"),
        ((1.0, 5, 0.95), "events is 1.0"),
        ((1, math.nan, 0.95), "n is nan"),
        ((1, 5, 0.5), "confidence is 0.5"),
        ((1, 5, 1.0), "confidence is 1.0"),
        ((1, 5, 95), "confidence is 95"),
        ((1, 5, math.nan), "confidence is nan"),
        ((1, 5, "0.95"), "confidence is '0.95'"),
    ],
)
def test_bad_counts_are_named(
    bound: Callable[..., float], arguments: tuple[Any, ...], named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        bound(*arguments)


@pytest.mark.parametrize("need", [need_n, need_n_at_least, max_events])
@pytest.mark.parametrize("limit", [0.0, 1.0, -0.1, 1e-12, math.nan])
def test_a_limit_that_no_data_can_certify_is_refused(
    need: Callable[..., object], limit: float
) -> None:
    with pytest.raises(UsageError, match="limit is"):
        need(limit, 0, 0.95)


def test_a_design_effect_below_one_is_refused() -> None:
    with pytest.raises(UsageError, match=r"design_effect is 0\.5"):
        adjusted_upper_bound(0, 10, 0.95, design_effect=0.5)
