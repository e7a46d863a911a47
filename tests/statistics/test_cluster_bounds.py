"""Variants of one core count once, and the bound holds however alike they are."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.statistics import (
    any_event,
    cluster_bounds,
    design_effect,
    effective_n,
    intra_cluster_correlation,
    lower_bound,
    upper_bound,
)
from clinigate.errors import UsageError

PAIRS = st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=60)


def clean(clusters: int, size: int) -> list[tuple[int, bool]]:
    return [(cluster, False) for cluster in range(clusters) for _ in range(size)]


@pytest.mark.parametrize(
    ("clusters", "high"), [(60, 0.0487), (100, 0.0295), (300, 0.0099), (1_000, 0.003)]
)
def test_no_miss_in_any_variant_bounds_by_the_number_of_cores(clusters: int, high: float) -> None:
    assert any_event(clean(clusters, 3)) == (0, clusters)
    assert cluster_bounds(clean(clusters, 3), 0.95)[1] == pytest.approx(high, abs=5e-5)


def test_a_million_variants_of_one_core_are_one_case() -> None:
    assert cluster_bounds([("core", False)] * 1_000, 0.95) == pytest.approx((0.0, 0.95))


def test_one_missed_variant_is_a_missed_core_but_no_evidence_that_cores_are_missed() -> None:
    pairs = [("a", True), ("a", False), ("b", False), ("b", False), ("c", True), ("c", True)]
    assert any_event(pairs) == (2, 3)
    assert cluster_bounds(pairs, 0.95) == (lower_bound(1, 3, 0.95), upper_bound(2, 3, 0.95))


@given(pairs=PAIRS)
def test_clusters_never_narrow_the_bounds(pairs: list[tuple[Any, bool]]) -> None:
    n, events = len(pairs), sum(event for _, event in pairs)
    low, high = cluster_bounds(pairs, 0.95)
    assert (low, high) == cluster_bounds(reversed(pairs), 0.95)
    singles = [(position, event) for position, (_, event) in enumerate(pairs)]
    assert any_event(singles) == (events, n)
    assert cluster_bounds(singles, 0.95) == (
        lower_bound(events, n, 0.95),
        upper_bound(events, n, 0.95),
    )
    # padding each cluster with one more case of either kind can only widen
    ids = {cluster for cluster, _ in pairs}
    assert cluster_bounds([*pairs, *((c, True) for c in ids)], 0.95)[1] >= high
    assert cluster_bounds([*pairs, *((c, False) for c in ids)], 0.95)[0] <= low


def test_the_cluster_bound_holds_where_counting_cases_does_not() -> None:
    draw = random.Random(5)
    limit, honest, naive = 0.05, 0, 0
    for _ in range(300):
        # 60 cores of 10 variants; a core is missed whole, or hardly at all: mean rate 5%
        rates = [0.9 if draw.random() < 0.05 else 0.005 / 0.95 for _ in range(60)]
        pairs = [(core, draw.random() < rate) for core, rate in enumerate(rates) for _ in range(10)]
        honest += cluster_bounds(pairs, 0.95)[1] < limit
        naive += upper_bound(sum(event for _, event in pairs), len(pairs), 0.95) < limit
    assert honest <= 15
    assert naive > 60


@pytest.mark.parametrize(
    ("clusters", "icc", "n_eff"),
    [
        (100, 0.1, 917),
        (100, 0.5, 198),
        (1_000, 0.1, 5_263),
        (1_000, 0.5, 1_818),
        (3_000, 0.1, 8_108),
        (3_000, 0.5, 4_615),
    ],
)
def test_what_ten_thousand_cases_are_worth(clusters: int, icc: float, n_eff: int) -> None:
    assert round(effective_n(10_000, clusters, icc)) == n_eff


def test_the_design_effect_is_one_without_repetition_and_the_size_with_pure_repetition() -> None:
    assert design_effect(1, 0.7) == 1.0
    assert design_effect(12, 0.0) == 1.0
    assert design_effect(12, 1.0) == 12.0


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("a", True), ("a", False)],
        [("a", True), ("b", False)],
        clean(10, 5),
        [(cluster, True) for cluster in range(10) for _ in range(5)],
    ],
    ids=["nothing", "one cluster", "single cases", "no event", "only events"],
)
def test_correlation_is_none_where_data_cannot_tell(pairs: list[tuple[Any, bool]]) -> None:
    assert intra_cluster_correlation(pairs) is None


def test_correlation_of_whole_clusters_is_one_and_of_split_ones_zero() -> None:
    whole = [(cluster, cluster < 3) for cluster in range(10) for _ in range(4)]
    split = [(cluster, case < 2) for cluster in range(10) for case in range(4)]
    assert intra_cluster_correlation(whole) == pytest.approx(1.0)
    assert intra_cluster_correlation(split) == 0.0


def test_correlation_agrees_with_a_hand_computed_analysis_of_variance() -> None:
    # three clusters of 2, 3, 4 cases with 1, 0, 4 events, 5 of 9 in all
    counts = {"a": (1, 2), "b": (0, 3), "c": (4, 4)}
    pairs = [(core, case < k) for core, (k, n) in counts.items() for case in range(n)]
    between, within, size = 31 / 36, 1 / 12, 26 / 9
    expected = (between - within) / (between + (size - 1) * within)
    assert intra_cluster_correlation(pairs) == pytest.approx(expected)


@settings(deadline=None)
@given(pairs=PAIRS)
def test_correlation_lies_between_0_and_1(pairs: list[tuple[Any, bool]]) -> None:
    value = intra_cluster_correlation(pairs)
    assert value is None or 0 <= value <= 1 + 1e-12


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: design_effect(0.5, 0.1), "cluster_size is 0.5"),
        (lambda: design_effect(3, 1.5), "icc is 1.5"),
        (lambda: design_effect(3, float("nan")), "icc is nan"),
        (lambda: effective_n(10, 11, 0.1), "clusters is 11"),
        (lambda: effective_n(0, 1, 0.1), "cases is 0"),
        (lambda: cluster_bounds([], 0.3), "confidence is 0.3"),
    ],
)
def test_bad_arguments_are_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        call()
