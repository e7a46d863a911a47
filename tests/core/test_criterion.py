"""A criterion decides by bounds alone, never by the point estimate."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core import Criterion, Interval, Kind, Measurement, Relation, Scope, Status
from clinigate.errors import UsageError

FNR = Criterion("crisis.fnr", "crisis.fnr", Relation.BELOW, 0.001)
ACCURACY = Criterion("emotion.accuracy", "emotion.accuracy", Relation.AT_LEAST, 0.95)
SAFETY = Criterion("safety", "safety", Relation.AT_LEAST, 1.0, min_n=299, zero_tolerance=True)


def rate(metric: str, events: int, n: int, **more: object) -> Measurement:
    value = events / n if n else None
    return Measurement(metric, Kind.RATE, value, n, events=events, **more)  # type: ignore[arg-type]


def spread(low: float | None, value: float, high: float | None, n: int = 500) -> Measurement:
    return Measurement("gap", Kind.DIFFERENCE, value, n, interval=Interval(low, high, 0.95, "test"))


GAP = Criterion("gap", "gap", Relation.BELOW, 0.05)


@pytest.mark.parametrize(
    ("criterion", "measurement", "status", "need_n"),
    [
        (FNR, rate("crisis.fnr", 0, 2995), Status.PASS, None),
        (FNR, rate("crisis.fnr", 0, 2994), Status.INCONCLUSIVE, 2995),
        (FNR, rate("crisis.fnr", 1, 2995), Status.INCONCLUSIVE, 4742),
        (FNR, rate("crisis.fnr", 60, 3600), Status.FAIL, None),
        (ACCURACY, rate("emotion.accuracy", 59, 59), Status.PASS, None),
        (ACCURACY, rate("emotion.accuracy", 58, 58), Status.INCONCLUSIVE, 59),
        (ACCURACY, rate("emotion.accuracy", 92, 93), Status.PASS, None),
        (ACCURACY, rate("emotion.accuracy", 40, 59), Status.FAIL, None),
        (SAFETY, rate("safety", 299, 299), Status.PASS, None),
        (SAFETY, rate("safety", 298, 298), Status.INCONCLUSIVE, 299),
        (SAFETY, rate("safety", 9999, 10000), Status.FAIL, None),
        (SAFETY, rate("safety", 0, 1), Status.FAIL, None),
        (GAP, spread(0.0, 0.01, 0.049), Status.PASS, None),
        (GAP, spread(0.0, 0.01, 0.05), Status.INCONCLUSIVE, 500),
        (GAP, spread(0.05, 0.08, 0.11), Status.FAIL, None),
        (GAP, spread(0.0, 0.01, None), Status.INCONCLUSIVE, None),
    ],
)
def test_verdict_table(
    criterion: Criterion, measurement: Measurement, status: Status, need_n: int | None
) -> None:
    """The sample sizes are those of facts on rate certification at one-sided 95%."""
    verdict = criterion.judge(measurement)
    assert verdict.status is status, verdict.reason
    assert verdict.need_n == need_n


def test_nothing_measured_is_inconclusive_and_says_how_much_is_needed() -> None:
    verdict = FNR.judge(rate("crisis.fnr", 0, 0))
    assert (verdict.status, verdict.need_n) == (Status.INCONCLUSIVE, 2995)


def test_what_cannot_be_measured_is_inconclusive_whatever_the_numbers_say() -> None:
    measurement = replace(rate("crisis.fnr", 0, 9999), unmeasurable="the host was too busy")
    verdict = FNR.judge(measurement)
    assert (verdict.status, verdict.reason) == (Status.INCONCLUSIVE, "the host was too busy")


def test_throttled_cases_can_neither_win_a_pass_nor_make_a_failure() -> None:
    assert FNR.judge(rate("crisis.fnr", 0, 3600, excluded=1)).status is Status.INCONCLUSIVE
    assert FNR.judge(rate("crisis.fnr", 0, 100, excluded=3600)).status is Status.INCONCLUSIVE
    assert FNR.judge(rate("crisis.fnr", 0, 4741, excluded=1)).status is Status.PASS
    assert SAFETY.judge(rate("safety", 400, 400, excluded=1)).status is Status.INCONCLUSIVE


def test_an_interval_of_less_confidence_than_asked_decides_nothing() -> None:
    strict = GAP.tightened(confidence=0.99)
    verdict = strict.judge(spread(0.0, 0.0, 0.001))
    assert verdict.status is Status.INCONCLUSIVE
    assert "0.95" in verdict.reason
    assert "0.99" in verdict.reason


def test_another_metric_or_scope_is_refused() -> None:
    with pytest.raises(UsageError, match=r"judges crisis\.fnr \(catalogue\)"):
        FNR.judge(rate("crisis.fnr", 0, 10, scope=Scope.UNSEEN))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limit": 0.002}, "looser than the policy"),
        ({"confidence": 0.9}, "below the policy"),
    ],
)
def test_an_option_never_loosens(change: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        FNR.tightened(**change)


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": float("nan")},
        {"confidence": 1.0},
        {"min_n": 0},
        {"zero_tolerance": True},
    ],
)
def test_a_criterion_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"crisis\.fnr"):
        replace(FNR, **wrong)  # type: ignore[arg-type]


def test_a_limit_that_the_metric_cannot_reach_is_refused() -> None:
    """A percentage where a rate is meant would make every build fail, or every one pass."""
    bounded = replace(ACCURACY, possible=(0.0, 1.0))
    with pytest.raises(UsageError, match="limit is 95, and the metric lies between 0 and 1"):
        bounded.tightened(limit=95)
    assert bounded.tightened(limit=0.97).limit == 0.97


@given(n=st.integers(1, 20_000), data=st.data())
def test_more_failures_never_improve_a_verdict(n: int, data: st.DataObject) -> None:
    order = [Status.PASS, Status.INCONCLUSIVE, Status.FAIL]
    fewer = data.draw(st.integers(0, n))
    more = data.draw(st.integers(fewer, n))
    better = FNR.judge(rate("crisis.fnr", fewer, n)).status
    worse = FNR.judge(rate("crisis.fnr", more, n)).status
    assert order.index(better) <= order.index(worse)


@given(events=st.integers(0, 50), n=st.integers(50, 20_000), limit=st.floats(1e-4, 0.5))
def test_tightening_never_opens(events: int, n: int, limit: float) -> None:
    loose = Criterion("m", "m", Relation.BELOW, 0.5)
    measurement = rate("m", events, n)
    if loose.tightened(limit=limit).judge(measurement).status is Status.PASS:
        assert loose.judge(measurement).status is Status.PASS


@given(events=st.integers(0, 5), n=st.integers(5, 3000))
def test_need_n_settles_it(events: int, n: int) -> None:
    verdict = FNR.judge(rate("crisis.fnr", events, n))
    if verdict.need_n is not None:
        assert FNR.judge(rate("crisis.fnr", events, verdict.need_n)).status is Status.PASS
        assert FNR.judge(rate("crisis.fnr", events, verdict.need_n - 1)).status is not Status.PASS


RTO = Criterion("x.rto", "x.rto", Relation.BELOW, 300, min_n=3)


def worst_of(value: float | None, n: int, never: int = 0, **more: object) -> Measurement:
    return Measurement("x.rto", Kind.WORST, value, n, unit="s", events=never, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measurement", "status"),
    [
        (worst_of(12.5, 3), Status.PASS),
        (worst_of(12.5, 2), Status.INCONCLUSIVE),
        (worst_of(300.0, 3), Status.FAIL),
        (worst_of(301.0, 1), Status.FAIL),
        (worst_of(12.5, 3, never=1), Status.FAIL),
        (worst_of(None, 3, never=3), Status.FAIL),
        (worst_of(None, 3), Status.INCONCLUSIVE),
        (worst_of(None, 0), Status.INCONCLUSIVE),
        (worst_of(12.5, 3, excluded=1), Status.INCONCLUSIVE),
        (worst_of(12.5, 3, unmeasurable="the host was busy"), Status.INCONCLUSIVE),
    ],
)
def test_an_objective_is_kept_by_every_repetition(measurement: Measurement, status: Status) -> None:
    """One that never recovered fails whatever the others took; too few repetitions do not pass."""
    verdict = RTO.judge(measurement)
    assert verdict.status is status, verdict.reason
    assert verdict.status is not Status.PASS or "63% may still miss it" in verdict.reason


FLAWS = Criterion("x.flaws", "x.flaws", Relation.AT_MOST, 0, min_n=2)
COVERAGE = Criterion("x.coverage", "x.coverage", Relation.AT_LEAST, 0.9)


def counted(metric: str, value: float | None, n: int, **more: object) -> Measurement:
    return Measurement(metric, Kind.CENSUS, value, n, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("criterion", "measurement", "status"),
    [
        (FLAWS, counted("x.flaws", 0, 5), Status.PASS),
        (FLAWS, counted("x.flaws", 3, 5, events=1), Status.FAIL),
        (FLAWS, counted("x.flaws", 0, 1), Status.INCONCLUSIVE),
        (FLAWS, counted("x.flaws", 1, 1, events=1), Status.FAIL),
        (FLAWS, counted("x.flaws", 0, 0), Status.INCONCLUSIVE),
        (FLAWS, counted("x.flaws", None, 5), Status.INCONCLUSIVE),
        (FLAWS, counted("x.flaws", 0, 5, excluded=1), Status.INCONCLUSIVE),
        (FLAWS, counted("x.flaws", 1, 5, events=1, excluded=1), Status.FAIL),
        (FLAWS, counted("x.flaws", 0, 5, unmeasurable="its rules are of last year"),
         Status.INCONCLUSIVE),
        (COVERAGE, counted("x.coverage", 0.9, 100), Status.PASS),
        (COVERAGE, counted("x.coverage", 0.89, 100), Status.FAIL),
        (COVERAGE, counted("x.coverage", 0.89, 100, excluded=7), Status.INCONCLUSIVE),
    ],
)  # fmt: skip
def test_a_census_is_judged_by_what_was_counted(
    criterion: Criterion, measurement: Measurement, status: Status
) -> None:
    """There is no bound to compute; what was left out forbids the pass, mends no failure."""
    verdict = criterion.judge(measurement)
    assert verdict.status is status, verdict.reason
    assert verdict.bound is None


@given(value=st.integers(0, 20), n=st.integers(0, 50), excluded=st.integers(0, 3))
def test_a_census_passes_on_a_whole_look_alone(value: int, n: int, excluded: int) -> None:
    """PASS means: enough units, none left out, and the value inside the limit."""
    verdict = FLAWS.judge(counted("x.flaws", value, n, excluded=excluded))
    assert (verdict.status is Status.PASS) == (value == 0 and n >= 2 and not excluded)
