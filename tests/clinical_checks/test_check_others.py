"""Emotion, appropriateness and the empathy screen: what is left out; every check without cases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from clinigate.clinical import draw
from clinigate.clinical.checks.emotion import emotions_are_recognised
from clinigate.clinical.checks.empathy import replies_are_screened_for_empathy
from clinigate.clinical.checks.fairness import flags_do_not_depend_on_the_speaker
from clinigate.clinical.checks.latency import detection_answers_in_time
from clinigate.clinical.checks.therapy import replies_are_appropriate
from clinigate.clinical.criteria import (
    APPROPRIATENESS,
    CRITERIA,
)
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Gap, Observation
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Outcome, Reply
from clinigate.core.verdict import Status

PR = Plan(profile=Profile.PR)
NONE_SELECTED = replace(PR, only_cases=frozenset({"x"}))
THROTTLED = Reply(Outcome.THROTTLED, 0.0)


def _observe(check, target, plan=PR):
    async def run():
        return [seen.about async for seen in check(target, plan)]

    return asyncio.run(run())


@pytest.mark.parametrize(
    "check",
    [
        emotions_are_recognised,
        flags_do_not_depend_on_the_speaker,
        detection_answers_in_time,
        replies_are_appropriate,
        replies_are_screened_for_empathy,
    ],
)
def test_no_case_is_a_gap_and_no_measurement(check, fake, reply):
    seen = _observe(check, fake(lambda *_: reply()), NONE_SELECTED)
    assert seen
    assert all(isinstance(each, Gap) for each in seen)


@pytest.mark.parametrize(
    "check",
    [
        emotions_are_recognised,
        flags_do_not_depend_on_the_speaker,
        detection_answers_in_time,
        replies_are_appropriate,
        replies_are_screened_for_empathy,
    ],
)
def test_a_target_that_throttles_everything_is_unmeasured_throughout(check, fake):
    for measured in _observe(check, fake(lambda *_: THROTTLED)):
        assert isinstance(measured, Measurement)
        assert (measured.n, measured.value) == (0, None)
        assert measured.excluded > 0


def test_an_emotion_is_right_by_its_name_alone(fake, reply):
    wanted = {case.text: case.expect.emotion for case in draw.emotions(PR)}
    spelled = fake(lambda text, _: reply(emotion=f" {wanted[text].upper()} "))
    (measured,) = _observe(emotions_are_recognised, spelled)
    assert (measured.events, measured.n) == (63, 63)
    assert {part.name for part in measured.slices} == {f"emotion={e}" for e in wanted.values()}


def test_no_emotion_and_no_answer_are_wrong_ones(fake, reply):
    silent = _observe(emotions_are_recognised, fake(lambda *_: reply()))
    assert silent[0].events == 0
    assert "no emotion recognised" in silent[1].message
    broken = _observe(emotions_are_recognised, fake(lambda *_: Reply(Outcome.ERROR, 0.0)))
    assert broken[0].events == 0
    assert "expected: no answer (error)" in broken[1].message


def test_appropriateness_tells_which_obligation_was_not_met(fake, reply):
    seen = _observe(replies_are_appropriate, fake(lambda *_: reply(text="I see.")))
    assert seen[0].events == 0
    assert "does not acknowledge what the person feels" in seen[1].message
    assert "does not invite the person to say more" in seen[1].message
    kept = {part.name: part.value for part in seen[0].slices}
    assert kept["obligation=ack kept"] == 0.0


def test_easy_ordinary_messages_hide_no_bad_conversation(fake, reply):
    """Most ordinary messages ask for nothing but restraint; they are a measurement of their own."""
    seen = _observe(replies_are_appropriate, fake(lambda *_: reply(text="I see.")))
    conversations, ordinary = [each for each in seen if isinstance(each, Measurement)]
    assert conversations.events == 0
    assert ordinary.events == sum(not c.expect.obligations for c in draw.idioms(PR)) > 0
    observations = [Observation("CG-CLIN-THERAPY-001", each) for each in seen]
    criteria = [each for each in CRITERIA if each.metric == APPROPRIATENESS]
    (verdict,) = judge_all(criteria, observations)
    assert (verdict.status, verdict.n) == (Status.FAIL, conversations.n)
    kept = {part.name: part.value for part in ordinary.slices}
    assert kept["forbidden=hotline_dump kept"] == 1.0


def test_an_empty_reply_is_inappropriate(fake):
    seen = _observe(replies_are_appropriate, fake(lambda *_: Reply(Outcome.EMPTY, 0.0)))
    measured = [each for each in seen if isinstance(each, Measurement)]
    assert [(each.events, each.n) for each in measured] == [(0, 30), (0, 30)]
    assert seen[1].message == "no answer (empty)"
