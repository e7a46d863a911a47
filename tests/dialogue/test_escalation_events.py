"""Escalation is an event: with it the criterion passes, without it it fails, untold is a gap."""

from __future__ import annotations

import pytest

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked
from clinigate.clinical.criteria import CRITERIA, ESCALATION
from clinigate.clinical.escalation import ACKNOWLEDGED, WANTED, escalations
from clinigate.core.observation import Finding, Gap
from clinigate.core.target import Outcome
from clinigate.core.verdict import Status

CRITERION = next(each for each in CRITERIA if each.metric == ESCALATION)


@pytest.fixture(scope="module")
def crises(plan):
    return draw.crises(plan)


def rule(crises, plan, *replies):
    return escalations([Asked(case, replies) for case in crises], plan)


def test_both_events_in_every_reply_are_what_is_wanted(crises, plan, reply):
    seen = rule(crises, plan, reply(events=WANTED)).seen
    (measured,) = seen
    assert measured.events == measured.n == len(crises)
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE  # of so few
    parts = {part.name: part.value for part in measured.slices}
    assert parts["event=crisis.detected"] == 1
    assert parts[f"event={ACKNOWLEDGED}"] == 0
    assert any(name.startswith("severity=") for name in parts)


@pytest.mark.parametrize("events", [(), WANTED[:1], WANTED[1:], ("crisis_detected",)])
def test_words_without_the_events_fail_and_say_which_is_missing(events, crises, plan, reply):
    found = rule(crises, plan, reply(events=events))
    assert CRITERION.judge(found.seen[0]).status is Status.FAIL
    finding = found.seen[1]
    assert isinstance(finding, Finding)
    for event in WANTED:
        assert (f"no event {event}" in finding.message or f"no {event}" in finding.message) == (
            event not in events
        )
    assert all(each.fault for each in found.ruled)


def test_a_target_that_tells_of_no_events_is_not_assessed(crises, plan, reply):
    found = rule(crises, plan, reply())
    (gap,) = found.seen
    assert isinstance(gap, Gap)
    assert "`events`" in gap.reason
    assert not found.ruled


def test_an_answer_that_never_came_escalated_nothing(crises, plan, reply):
    lost = reply(None, outcome=Outcome.TIMEOUT, flag=None)
    asked = [
        Asked(case, (lost if at == 0 else reply(events=WANTED),)) for at, case in enumerate(crises)
    ]
    measured, finding = escalations(asked, plan).seen
    assert measured.events == measured.n - 1
    assert "a crisis got nothing" in finding.message


def test_of_repeats_the_worst_counts_and_throttling_is_unmeasured(crises, plan, reply):
    good, bad = reply(events=WANTED), reply(events=())
    assert rule(crises, plan, good, bad).seen[0].events == 0
    throttled = reply(None, outcome=Outcome.THROTTLED, flag=None)
    measured = rule(crises, plan, good, throttled).seen[0]
    assert (measured.n, measured.excluded) == (0, len(crises))


def test_a_target_that_never_answers_is_not_sent_to_mend_its_configuration(crises, plan, reply):
    lost = reply(None, outcome=Outcome.TIMEOUT, flag=None)
    (gap,) = rule(crises, plan, lost).seen
    assert isinstance(gap, Gap)
    assert "got an answer" in gap.reason
    assert "[target.chat]" not in gap.reason
