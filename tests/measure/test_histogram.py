"""A histogram keeps every count, every value to 0.05%, and merges as if one worker had recorded."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.statistics import quantile_bounds
from clinigate.core.verdict import Status
from clinigate.errors import UsageError
from clinigate.measure.histogram import Histogram, quantile_measurement

SECONDS = st.one_of(st.floats(0, 100), st.floats(0, 1e-5), st.floats(1e5, 1e12))
MANY = st.lists(SECONDS, max_size=80)
QUANTILES = st.floats(0.01, 1.0)


def of(*seconds: float) -> Histogram:
    histogram = Histogram()
    for each in seconds:
        histogram.record(each)
    return histogram


@given(values=st.lists(SECONDS, min_size=1, max_size=80), q=QUANTILES)
@example(values=[0.0], q=1.0)
def test_a_quantile_is_within_half_a_per_mille_of_the_exact_nearest_rank(values, q):
    exact = sorted(values)[max(math.ceil(len(values) * q - 1e-9), 1) - 1]
    assert of(*values).quantile(q) == pytest.approx(exact, rel=5e-4, abs=5.1e-10)


@given(MANY, MANY, MANY)
def test_merged_workers_are_bit_for_bit_one_that_saw_all(first, second, third):
    merged = of(*first)
    merged.merge(of(*second))
    merged.merge(of(*third))
    alone = of(*first, *second, *third)
    assert merged == alone
    assert json.dumps(merged.to_plain()) == json.dumps(alone.to_plain())


@given(MANY)
def test_plain_data_through_json_comes_back_the_same(values):
    histogram = of(*values)
    assert Histogram.from_plain(json.loads(json.dumps(histogram.to_plain()))) == histogram


@given(values=st.lists(SECONDS, min_size=1, max_size=400), q=st.floats(0.05, 0.95))
@example(values=[828402366576.0, 828402366575.1533], q=0.875)  # a bound one rounding further
def test_bounds_lie_no_closer_than_those_of_the_exact_order_statistics(values, q):
    _, low, high = quantile_bounds(sorted(values), q, 0.95)
    bounds = of(*values).quantile_interval(q, 0.95)
    assert (bounds.low is None, bounds.high is None) == (low is None, high is None)
    if low is not None:
        assert low * (1 - 1.1e-3) - 1e-9 <= bounds.low <= low * (1 + 1e-12) + 1e-9
    if high is not None:
        assert high * (1 - 1e-12) - 1e-9 <= bounds.high <= high * (1 + 1.1e-3) + 1e-9


@given(values=MANY, limit=SECONDS)
def test_no_value_above_a_limit_is_missed_and_few_below_are_taken_for_one(values, limit):
    counted = of(*values).count_above(limit)
    assert sum(v > limit + 1e-9 for v in values) <= counted
    assert counted <= sum(v > limit * (1 - 1.1e-3) - 1e-9 for v in values)


@given(MANY)
def test_buckets_ascend_and_hold_every_value_once(values):
    buckets = list(of(*values).buckets())
    assert sum(count for _, _, count in buckets) == len(values)
    assert buckets == sorted(buckets)
    for low, high, _ in buckets:
        assert 0 <= low <= high
        assert high - low <= max(low / 1024, 1e-9)


def test_smallest_largest_and_total_are_exact():
    histogram = of(0.1234567, 60.0, 0.001)
    histogram.record(1.5, 3)
    assert (histogram.min, histogram.max, histogram.count) == (0.001, 60.0, 6)
    assert histogram.total == pytest.approx(64.6244567, abs=1e-9)


def test_nothing_recorded_is_no_number():
    empty = Histogram()
    bounds = empty.quantile_interval(0.99, 0.95)
    assert (empty.quantile(0.5), empty.min, empty.max, bounds.low, bounds.high) == (None,) * 5
    assert empty.count_above(0) == 0
    assert Histogram.from_plain(empty.to_plain()) == empty


def test_a_p99_has_its_upper_bound_from_299_values_on():
    assert of(*[0.1] * 298).quantile_interval(0.99, 0.95).high is None
    assert of(*[0.1] * 299).quantile_interval(0.99, 0.95).high == pytest.approx(0.1)


@pytest.mark.parametrize("seconds", [-1e-9, math.inf, math.nan])
def test_a_time_that_cannot_be_is_refused(seconds):
    with pytest.raises(UsageError, match="seconds is"):
        of(seconds)


@pytest.mark.parametrize("q", [0.0, 1.1, math.nan])
def test_a_share_that_cannot_be_is_refused(q):
    with pytest.raises(UsageError, match="q is"):
        of(1.0).quantile(q)
    with pytest.raises(UsageError, match="count is"):
        of(1.0).record(1.0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "clinigate.histogram/9"},
        {"count": 3},
        {"count": -1},
        {"min_ns": 1},
        {"max_ns": None},
        {"total_ns": 0},
        {"total_ns": 1.5},
        {"counts": [[5, 1]]},
        {"counts": [[5, 1], [5, 1]]},
        {"counts": [[10**9, 2]]},
        {"counts": [1]},
        {"counts": None},
        {"counts": []},
    ],
)
def test_data_that_contradicts_itself_is_refused(change):
    with pytest.raises(UsageError, match="histogram: "):
        Histogram.from_plain({**of(0.2, 0.3).to_plain(), **change})


def test_data_that_is_no_histogram_is_refused():
    for data in ({}, [], None, "histogram", {"schema": "clinigate.histogram/1"}):
        with pytest.raises(UsageError, match="histogram: "):
            Histogram.from_plain(data)
    empty = Histogram().to_plain()
    with pytest.raises(UsageError, match="contradict"):
        Histogram.from_plain({**empty, "total_ns": 5})


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([0.05] * 299, Status.PASS),
        ([0.05] * 298, Status.INCONCLUSIVE),
        ([0.05] * 280 + [0.2] * 19, Status.FAIL),
        ([], Status.INCONCLUSIVE),
    ],
)
def test_a_criterion_judges_a_quantile_by_its_bounds(values, status):
    measured = quantile_measurement("load.p99", of(*values), 0.99)
    assert (measured.unit, measured.n) == ("s", len(values))
    criterion = Criterion("load.p99", "load.p99", Relation.AT_MOST, 0.1)
    assert criterion.judge(measured).status is status
