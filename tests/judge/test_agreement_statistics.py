"""Agreement of raters and rectified means, against scikit-learn, krippendorff and simulation."""

from __future__ import annotations

import random

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from clinigate.core.statistics.agreement import (
    kappa_lower_bound,
    krippendorff_alpha,
    weighted_kappa,
)
from clinigate.core.statistics.rectified import rectified_mean_bounds, rectified_share_bounds
from clinigate.errors import UsageError

POINTS = st.integers(1, 5)
PAIRS = st.lists(st.tuples(POINTS, POINTS), min_size=2, max_size=60)
SCALE = (1.0, 5.0)


@settings(max_examples=40)
@given(PAIRS)
def test_kappa_is_that_of_scikit_learn(pairs):
    x, y = [a for a, _ in pairs], [b for _, b in pairs]
    if len({*x, *y}) < 2:
        assert weighted_kappa(x, y) == 0.0
        return
    theirs = cohen_kappa_score(x, y, weights="quadratic", labels=[1, 2, 3, 4, 5])
    assert weighted_kappa(x, y) == pytest.approx(theirs, abs=1e-9)


@given(PAIRS)
def test_the_bound_lies_at_or_below_the_kappa_and_falls_with_confidence(pairs):
    x, y = [a for a, _ in pairs], [b for _, b in pairs]
    low = kappa_lower_bound(x, y)
    assert -1.0 <= low <= max(weighted_kappa(x, y), -1.0) + 1e-9
    assert kappa_lower_bound(x, y, 0.99) <= low + 1e-12


@settings(max_examples=40)
@given(
    st.lists(st.tuples(*[st.one_of(st.none(), POINTS)] * 3), min_size=2, max_size=25),
    st.booleans(),
)
def test_alpha_is_that_of_krippendorff(rows, nominal):
    ratings = [list(column) for column in zip(*rows, strict=True)]
    ours = krippendorff_alpha(ratings, nominal=nominal)
    paired = [[r for r in row if r is not None] for row in rows]
    pooled = {r for row in paired if len(row) > 1 for r in row}
    if len(pooled) < 2:
        assert ours in (None, 0.0)
        return
    data = np.array([[np.nan if r is None else r for r in column] for column in ratings], float)
    level = "nominal" if nominal else "interval"
    assert ours == pytest.approx(krippendorff.alpha(data, level_of_measurement=level), abs=1e-9)


def test_the_textbooks_alphas():
    """Four coders and twelve units, from Krippendorff's own example of 2011."""
    rows = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    assert krippendorff_alpha(rows, nominal=True) == pytest.approx(0.743, abs=0.001)
    assert krippendorff_alpha(rows) == pytest.approx(0.849, abs=0.001)


def _raters(seed, n):
    """Two raters of a truth, each with errors: a kappa of about .72."""
    draw = random.Random(seed)
    truth = [draw.gauss(3, 1.1) for _ in range(n)]

    def rate(value):
        return min(5, max(1, round(value + draw.gauss(0, 0.65))))

    return [rate(t) for t in truth], [rate(t) for t in truth]


def test_the_bound_is_wrong_as_seldom_as_it_says():
    true = weighted_kappa(*_raters(0, 40_000))
    wrong = sum(kappa_lower_bound(*_raters(seed, 60)) > true for seed in range(1, 301))
    assert wrong <= 24  # 15 are expected; 24 or more have a chance of 1.5%


def test_perfect_agreement_is_bounded_by_what_the_next_items_may_show():
    x = [1 + n % 5 for n in range(100)]
    assert 0.6 < kappa_lower_bound(x, x) < 0.9
    assert kappa_lower_bound(x[:20], x[:20]) < 0.6
    assert kappa_lower_bound(x[:9], x[:9]) == -1.0
    assert kappa_lower_bound([3] * 100, [3] * 100) == -1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: weighted_kappa([], []), "empty"),
        (lambda: weighted_kappa([1], [1, 2]), "has 1 items"),
        (lambda: weighted_kappa([1, float("nan")], [1, 2]), "finite"),
        (lambda: kappa_lower_bound([1, 2], [1, 2], 0.4), "confidence"),
        (lambda: krippendorff_alpha([[1, 2], [1]]), "items"),
        (lambda: rectified_mean_bounds([3], [3, 3], [3, 3], 0.95, scale=SCALE), "two or more"),
        (
            lambda: rectified_share_bounds([(1, True)], [], [(1, False)], 0.95),
            "items of false_yes",
        ),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(call, words):
    with pytest.raises(UsageError, match=words):
        call()


def _judged(seed, n=60, m=120):
    """A judge half a point too kind, with errors; people's mean is 3.4 in the long run."""
    draw = random.Random(seed)

    def pair():
        people = min(5.0, max(1.0, draw.gauss(3.4, 0.8)))
        return people, min(5.0, max(1.0, people + 0.5 + draw.gauss(0, 0.5)))

    card = [pair() for _ in range(m)]
    return [pair()[1] for _ in range(n)], [j for _, j in card], [p for p, _ in card]


def test_a_kind_judge_wins_nothing():
    """Bounds of the judge's own mean would be wrong nearly always; these as seldom as they say."""
    wrong_low = wrong_high = raw = 0
    for seed in range(300):
        judged, by_judge, by_people = _judged(seed)
        _, low, high = rectified_mean_bounds(judged, by_judge, by_people, 0.95, scale=SCALE)
        wrong_low += low > 3.4
        wrong_high += high < 3.4
        raw += sum(judged) / len(judged) > 3.55
    assert raw > 280
    assert wrong_low <= 24
    assert wrong_high <= 24


def test_a_long_tail_certifies_no_mean_on_its_limit():
    """One conversation in sixteen has 1 point, the rest 4.2: a mean of 4.0, far from normal."""
    wrong = 0
    for seed in range(300):
        draw = random.Random(seed)
        judged = [1.0 if draw.random() < 1 / 16 else 4.2 for _ in range(80)]
        people = [float(draw.randint(1, 5)) for _ in range(100)]
        judge = [min(5.0, points + (draw.random() < 0.05)) for points in people]
        wrong += rectified_mean_bounds(judged, judge, people, 0.95, scale=SCALE)[1] > 4.0
    assert wrong <= 24


def test_without_spread_the_bounds_still_leave_room():
    value, low, high = rectified_mean_bounds(
        [5.0] * 80, [4.0] * 100, [4.0] * 100, 0.95, scale=SCALE
    )
    assert (value, high) == (5.0, 5.0)
    assert 4.0 < low < 5.0


def _first(count, n):
    """So many of so many items, each of a core of its own."""
    return [(place, place < count) for place in range(n)]


def test_items_of_one_cluster_bound_a_share_as_one():
    alike = [(place // 10, True) for place in range(80)]
    none = _first(0, 120)
    low = rectified_share_bounds(alike, none, none, 0.95)[1]
    assert low == rectified_share_bounds(_first(8, 8), none, none, 0.95)[1] < 0.7
    errors = [(place // 10, place % 10 == 0) for place in range(120)]
    assert rectified_share_bounds(_first(80, 80), errors, none, 0.95)[1] == 0.0


def test_the_bound_of_kappa_counts_clusters():
    """Each pair of ratings ten times over shows as much as once, and no more."""
    x, y = _raters(5, 30)
    ten = [value for value in x for _ in range(10)], [value for value in y for _ in range(10)]
    clusters = [place // 10 for place in range(300)]
    once = kappa_lower_bound(x, y)
    assert kappa_lower_bound(*ten, clusters=clusters) == pytest.approx(once, abs=1e-9)
    assert kappa_lower_bound(*ten) > once + 0.1
    with pytest.raises(UsageError, match="clusters has 2 items"):
        kappa_lower_bound(x, y, clusters=[1, 2])


@given(st.integers(1, 80), st.data(), st.sampled_from([0.9, 0.95, 0.99]))
def test_a_share_lies_between_its_bounds(n, data, confidence):
    yes = data.draw(st.integers(0, n))
    of = data.draw(st.integers(1, 80))
    false_yes = data.draw(st.integers(0, of))
    false_no = data.draw(st.integers(0, of - false_yes))
    value, low, high = rectified_share_bounds(
        _first(yes, n), _first(false_yes, of), _first(false_no, of)[::-1], confidence
    )
    assert 0.0 <= low <= value <= high <= 1.0


def test_a_judge_that_passes_what_people_refuse_certifies_nothing():
    bounds = [
        rectified_share_bounds(_first(80, 80), _first(wrong, 120), _first(0, 120), 0.95)[1]
        for wrong in (0, 1, 12)
    ]
    assert bounds[0] > 0.9 > bounds[2]
    assert bounds == sorted(bounds, reverse=True)
