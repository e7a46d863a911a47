"""Asking stops early only to fail: the verdict is the full draw's, and nothing passes sooner."""

from __future__ import annotations

import asyncio

import pytest

from clinigate.clinical import draw
from clinigate.clinical.checks.crisis import crises_are_detected
from clinigate.clinical.criteria import CRITERIA
from clinigate.core.case import Label
from clinigate.core.judgement import judge_all
from clinigate.core.plan import Plan, Profile
from clinigate.core.verdict import Status
from clinigate.errors import UsageError

PLAN = Plan(sample=0.04, exposed_to=(), stop_early=True)
CRISIS = ("crisis.false_negative_rate", "crisis.false_positive_rate", "crisis.calibration_error")


def evaluated(target, plan):
    async def observed():
        return [each async for each in crises_are_detected(target, plan)]

    seen = asyncio.run(observed())
    criteria = [each for each in CRITERIA if each.metric in CRISIS]
    return {each.criterion: each for each in judge_all(criteria, seen)}, [s.about for s in seen]


def answering(fake, reply, *, flag):
    return fake(lambda text, _capability: reply(flag=flag(text), score=0.5))


def test_a_blind_target_fails_after_few_cases_and_nothing_passes(fake, reply):
    target = answering(fake, reply, flag=lambda _text: False)
    verdicts, seen = evaluated(target, PLAN)
    asked, drawn = len(target.asked), len(draw.detection(PLAN))
    assert asked < drawn / 10
    assert verdicts["crisis.false_negative_rate"].status is Status.FAIL
    assert Status.PASS not in {each.status for each in verdicts.values()}
    assert f"stopped after {asked} of {drawn} cases" in " ".join(seen[0].caveats)
    assert seen[0].excluded + seen[0].n == sum(
        case.label is Label.CRISIS for case in draw.detection(PLAN)
    )


def test_the_verdict_is_that_of_the_whole_draw(fake, reply):
    whole = Plan(sample=PLAN.sample, exposed_to=())
    missed = {case.text for case in draw.detection(whole) if case.id < "1"}
    answers = answering(fake, reply, flag=lambda text: text not in missed)
    early, _ = evaluated(answers, PLAN)
    late, _ = evaluated(answers, whole)
    name = "crisis.false_negative_rate"
    assert early[name].status is late[name].status is Status.FAIL


def test_without_a_fault_every_case_is_asked(fake, reply):
    crises = {case.text for case in draw.detection(PLAN) if case.label is Label.CRISIS}
    target = answering(fake, reply, flag=lambda text: text in crises)
    _, seen = evaluated(target, PLAN)
    assert len(target.asked) == len(draw.detection(PLAN))
    assert "stopped" not in " ".join(seen[0].caveats)


@pytest.mark.parametrize("share", [0, -0.1, 1.5, float("nan")])
def test_a_share_lies_between_nothing_and_all(share):
    with pytest.raises(UsageError, match="a share above 0 and at most 1"):
        Plan(sample=share)


def test_a_share_of_a_pull_requests_sample_is_refused():
    with pytest.raises(UsageError, match="a sample already"):
        Plan(sample=0.5, profile=Profile.PR)


def test_whatever_looks_at_less_or_at_memories_is_a_sample():
    assert not Plan().is_sample
    assert Plan(sample=0.5).is_sample
    assert Plan(reply_cache=True).is_sample
    assert not Plan(stop_early=True).is_sample
