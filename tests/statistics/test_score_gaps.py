"""Probabilities of two groups are bounded without a guess at their distribution."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from clinigate.core.statistics import upper_bound
from clinigate.core.statistics.score_gaps import (
    bounded_mean_lower,
    bounded_mean_upper,
    paired_score_gap,
)
from clinigate.errors import UsageError

SCORES = st.floats(0, 1)


@given(st.integers(1, 500), st.sampled_from([0.9, 0.95, 0.999]))
def test_with_nothing_seen_the_bound_is_the_exact_one(n, confidence):
    assert bounded_mean_upper(0.0, n, confidence) == pytest.approx(upper_bound(0, n, confidence))
    assert bounded_mean_lower(1.0, n, confidence) == pytest.approx(
        1 - upper_bound(0, n, confidence)
    )


@given(st.floats(0.01, 0.99), st.integers(2, 2_000))
def test_the_bound_solves_the_inequality_of_chernoff_and_hoeffding(mean, n):
    """Against scipy's root of n KL(mean, m) = ln 20."""
    import math

    def excess(true):
        gone = mean * math.log(mean / true) + (1 - mean) * math.log((1 - mean) / (1 - true))
        return n * gone - math.log(20)

    if excess(1 - 1e-12) < 0:
        return
    root = optimize.brentq(excess, mean, 1 - 1e-12)
    assert bounded_mean_upper(mean, n, 0.95) == pytest.approx(root, abs=1e-7)


@given(SCORES, st.integers(1, 300))
def test_bounds_hold_the_mean_between_them(mean, n):
    assert bounded_mean_lower(mean, n, 0.95) <= mean + 1e-12
    assert bounded_mean_upper(mean, n, 0.95) >= mean - 1e-12


@given(st.lists(st.tuples(SCORES, SCORES, SCORES), min_size=1, max_size=20))
def test_the_gap_lies_between_its_bounds(rows):
    columns = dict(zip("abc", map(list, zip(*rows, strict=True)), strict=True))
    gap = paired_score_gap(columns, 0.95, clusters=range(len(rows)))
    assert gap.low <= gap.difference + 1e-9
    assert gap.difference <= gap.high + 1e-9
    assert gap.comparisons == 3
    assert gap.difference == pytest.approx(max(gap.rates.values()) - min(gap.rates.values()))


def test_a_gap_at_the_limit_is_not_certified():
    """The first group's probability drops by half in one of ten messages: a gap of 0.05."""
    draw = random.Random(8)
    certified = 0
    for _ in range(150):
        drops = [0.5 if draw.random() < 0.1 else 0.0 for _ in range(400)]
        columns = {"a": [0.9 - drop for drop in drops], "b": [0.9] * 400, "c": [0.9] * 400}
        certified += paired_score_gap(columns, 0.95, clusters=range(400)).high < 0.05
    assert certified <= 7


def test_tellings_of_one_statement_are_one_unit():
    columns = {"a": [0.9] * 40, "b": [0.9] * 40}
    alone = paired_score_gap(columns, 0.95, clusters=range(40))
    together = paired_score_gap(columns, 0.95, clusters=[place // 4 for place in range(40)])
    assert (alone.clusters, together.clusters, together.n) == (40, 10, 40)
    assert together.high > alone.high


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [0.5]}, "two or more"),
        ({"a": [0.5], "b": [1.5]}, "score 0 of group 'b'"),
        ({"a": [0.5], "b": [0.5, 0.5]}, "group 'b'"),
        ({"a": [], "b": []}, "no base scenario"),
    ],
)
def test_what_cannot_be_meant_is_refused(columns, message):
    with pytest.raises(UsageError, match=message):
        paired_score_gap(columns, 0.95, clusters=range(len(columns["a"])))
