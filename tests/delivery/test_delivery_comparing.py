"""Paired comparison: bounds that hold, and nothing that a rate limit hides can win a pass."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.plan import Plan
from clinigate.core.results import Results, Subject
from clinigate.core.verdict import Status, Verdict
from clinigate.delivery.comparing import loss, missed, slowdown
from clinigate.delivery.memory import observations, remembered
from clinigate.delivery.sample import Answers, Question, sample
from clinigate.delivery.validation import Outcome, outcome_of
from clinigate.quality.criteria import ACCURACY_LOSS, CRISIS_MISSED, LATENCY_RATIO, criterion

Right = list[bool | None]


def answers(right: Right, seconds: list[float] | None = None) -> Answers:
    times = seconds or [0.1] * len(right)
    return Answers(Question.EMOTION, "sha256:" + "0" * 64, tuple(right), tuple(times))


def judged(before: Right, now: Right) -> Status:
    measured = loss(ACCURACY_LOSS, answers(before), answers(now), 0.95)
    return criterion(ACCURACY_LOSS).judge(measured).status


@pytest.mark.parametrize(
    ("worse", "better", "n", "status"),
    [
        (0, 0, 59, Status.PASS),  # 1 - 0.05 ** (1 / 59) = 0.0495
        (0, 0, 58, Status.INCONCLUSIVE),
        (1, 0, 60, Status.INCONCLUSIVE),
        (3, 0, 200, Status.PASS),
        (10, 0, 60, Status.FAIL),
        (30, 30, 200, Status.INCONCLUSIVE),
        (0, 30, 60, Status.PASS),
    ],
)
def test_a_loss_is_judged_by_its_bound(worse: int, better: int, n: int, status: Status) -> None:
    same = n - worse - better
    before = [True] * (worse + same) + [False] * better
    now = [False] * worse + [True] * (same + better)
    assert judged(before, now) is status


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80))
def test_the_bounds_hold_the_difference_between_them(pairs: list[tuple[bool, bool]]) -> None:
    before, now = [a for a, _ in pairs], [b for _, b in pairs]
    measured = loss(ACCURACY_LOSS, answers(list(before)), answers(list(now)), 0.95)
    interval = measured.interval
    assert interval is not None
    assert interval.low is not None
    assert interval.high is not None
    assert measured.value == pytest.approx((sum(before) - sum(now)) / len(pairs))
    assert interval.low <= measured.value + 1e-12
    assert measured.value <= interval.high + 1e-12
    if before == now:
        assert interval.high > 0  # no difference seen is no certainty


@settings(max_examples=40)
@given(st.integers(1, 60))
def test_what_a_rate_limit_hid_is_never_a_pass(hidden: int) -> None:
    before: Right = [True] * 300
    now: Right = [None] * hidden + [True] * (300 - hidden)
    assert judged(before, now) is Status.INCONCLUSIVE


def test_a_crisis_that_was_missed_fails_and_one_unasked_holds() -> None:
    def of(right: Right) -> Status:
        measured = missed(CRISIS_MISSED, answers(right))
        return criterion(CRISIS_MISSED).judge(measured).status

    assert of([True] * 60) is Status.PASS
    assert of([True] * 59 + [False]) is Status.FAIL
    assert of([True] * 59 + [None]) is Status.INCONCLUSIVE
    assert of([True] * 20) is Status.INCONCLUSIVE
    assert of([]) is Status.INCONCLUSIVE


@settings(max_examples=40)
@given(st.floats(0.05, 10), st.integers(10, 100))
def test_slower_is_slower_whatever_the_unit(seconds: float, n: int) -> None:
    """The ratio of pairs is all that counts."""
    before = answers([True] * n, [seconds * (1 + i / n) for i in range(n)])
    for factor, status in ((1.0, Status.PASS), (1.4, Status.PASS), (1.6, Status.FAIL)):
        now = answers([True] * n, [factor * each for each in before.seconds])
        measured = slowdown(LATENCY_RATIO, before, now, 0.95)
        assert measured.value is not None
        assert math.isclose(measured.value, factor)
        assert criterion(LATENCY_RATIO).judge(measured).status is status


def test_milliseconds_that_nobody_waits_for_are_no_slowdown() -> None:
    before, now = answers([True] * 60, [0.004] * 60), answers([True] * 60, [0.04] * 60)
    measured = slowdown(LATENCY_RATIO, before, now, 0.95)
    assert criterion(LATENCY_RATIO).judge(measured).status is Status.PASS


def test_what_a_busy_host_may_have_added_fails_nothing_and_passes_nothing() -> None:
    before = answers([True] * 60, [0.2] * 60)
    now = replace(answers([True] * 60, [0.5] * 60), delay_s=0.25)
    measured = slowdown(LATENCY_RATIO, before, now, 0.95)
    assert criterion(LATENCY_RATIO).judge(measured).status is Status.INCONCLUSIVE


def test_one_slow_reply_is_not_the_median() -> None:
    before = answers([True] * 60)
    now = answers([True] * 60, [0.1] * 55 + [30.0] * 5)
    measured = slowdown(LATENCY_RATIO, before, now, 0.95)
    assert criterion(LATENCY_RATIO).judge(measured).status is Status.PASS
    assert "not of the slowest replies" in measured.caveats[0]


def test_the_sample_is_the_same_each_time_and_says_when_it_is_another() -> None:
    plan = Plan(seed=3)
    one, other = sample(Question.EMOTION, plan, 60), sample(Question.EMOTION, plan, 60)
    assert (one.digest, len(one.cases)) == (other.digest, 60)
    assert sample(Question.EMOTION, Plan(seed=4), 60).digest != one.digest
    assert sample(Question.EMOTION, plan, 61).digest != one.digest
    assert sample(Question.CARE, plan, 60).digest != one.digest


def test_nothing_but_the_crises_discloses_one() -> None:
    for question in (Question.EMOTION, Question.CARE):
        cases = sample(question, Plan(), 300).cases
        assert {str(case.label) for case in cases} == {"none"}
    crises = sample(Question.CRISIS, Plan(), 60).cases
    assert {str(case.label) for case in crises} == {"crisis"}
    assert len(crises) >= criterion(CRISIS_MISSED).min_n


@settings(max_examples=40)
@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=30))
def test_what_staging_answered_comes_back_as_it_was(right: Right) -> None:
    told = answers(right, [0.5 + i for i in range(len(right))])
    results = Results("r", Subject("s"), "t", Plan(), "", "", (), (), tuple(observations([told])))
    assert remembered([results]) == {Question.EMOTION: told}
    assert remembered([replace(results, observations=())]) == {}


def verdict(name: str, status: Status) -> Verdict:
    return criterion(name).unjudged(status, "")


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ([], Outcome.HELD),
        ([Status.PASS], Outcome.PASSED),
        ([Status.PASS, Status.INCONCLUSIVE], Outcome.HELD),
        ([Status.PASS, Status.ERROR], Outcome.HELD),
        ([Status.PASS, Status.NOT_ASSESSED], Outcome.HELD),
        ([Status.INCONCLUSIVE, Status.FAIL], Outcome.FAILED),
    ],
)
def test_only_pass_lets_traffic_come(statuses: list[Status], outcome: Outcome) -> None:
    verdicts = [verdict(ACCURACY_LOSS, status) for status in statuses]
    assert outcome_of(verdicts, waits_for=lambda _: True) is outcome


def test_crises_that_were_not_sent_wait_for_nobody_unless_demanded() -> None:
    verdicts = [verdict(ACCURACY_LOSS, Status.PASS), verdict(CRISIS_MISSED, Status.NOT_ASSESSED)]
    waits = {False: Outcome.PASSED, True: Outcome.HELD}
    for demanded, outcome in waits.items():
        assert (
            outcome_of(verdicts, waits_for=lambda name, d=demanded: d or name != CRISIS_MISSED)
            is outcome
        )
