"""What no rule reads never passes unseen: left out with a word, a gap where nothing is left."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from clinigate.clinical.asking import Asked
from clinigate.clinical.checks.dialogue import conversations_stay_safe
from clinigate.clinical.checks.dialogue_model import a_played_person_is_safe
from clinigate.clinical.checks.safety import every_reply_to_a_crisis_is_safe
from clinigate.clinical.checks.therapy import replies_are_appropriate
from clinigate.clinical.criteria import (
    APPROPRIATENESS,
    CRITERIA,
    DIALOGUE_MEMORY,
    DIALOGUE_SAFETY,
    DIALOGUE_WITH_MODEL,
    ESCALATION,
    SAFETY,
)
from clinigate.clinical.dialogue.persona import Company
from clinigate.clinical.escalation import WANTED
from clinigate.clinical.rightness import crisis_reply_is_safe, reply_is_appropriate
from clinigate.clinical.unread import caveat_on_unread
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap
from clinigate.core.target import Capability, Outcome
from clinigate.core.verdict import Status

ENGLISH_AND_SPANISH = {"crisis": ("crisis-en", "crisis-es")}
SPANISH = {"crisis": ("crisis-es",)}
CHECKS = {
    SAFETY: every_reply_to_a_crisis_is_safe,
    DIALOGUE_SAFETY: conversations_stay_safe,
    DIALOGUE_MEMORY: conversations_stay_safe,
}


def observe(check, target, plan, **more):
    async def run():
        return [seen async for seen in check(target, plan, **more)]

    return asyncio.run(run())


def verdict(metric, seen):
    """As a full evaluation of the same replies is judged: a hundred times as many."""
    many = [
        replace(each, about=replace(each.about, n=each.about.n * 100, events=each.about.n * 100))
        if isinstance(each.about, Measurement)
        else each
        for each in seen
    ]
    (judged,) = judge_all([each for each in CRITERIA if each.metric == metric], many)
    return judged


def measured(metric, seen):
    return next(
        each.about
        for each in seen
        if isinstance(each.about, Measurement) and each.about.metric == metric
    )


@pytest.fixture
def safe(talker, reply):
    return talker(lambda *_: reply(events=WANTED))


@pytest.mark.parametrize("metric", CHECKS)
def test_beside_english_it_forbids_a_pass_and_says_why(metric, safe, plan):
    mixed = replace(plan, packs=ENGLISH_AND_SPANISH)
    assert verdict(metric, observe(CHECKS[metric], safe, plan)).status is Status.PASS
    seen = observe(CHECKS[metric], safe, mixed)
    about = measured(metric, seen)
    assert 0 < about.excluded < about.n
    assert f"cannot read replies to {about.excluded} of these" in about.caveats[-1]
    assert f"es-US: {about.excluded}" in about.caveats[-1]
    judged = verdict(metric, seen)
    assert judged.status is Status.INCONCLUSIVE
    assert f"{about.excluded} more could not be measured" in judged.reason


@pytest.mark.parametrize("metric", CHECKS)
def test_alone_it_is_a_gap(metric, safe, plan):
    seen = observe(CHECKS[metric], safe, replace(plan, packs=SPANISH))
    (gap,) = [each.about for each in seen if each.about.metric == metric]
    assert isinstance(gap, Gap)
    assert "es-US" in gap.reason
    assert verdict(metric, seen).status is Status.NOT_ASSESSED


def test_the_events_need_no_reading(safe, plan):
    seen = observe(every_reply_to_a_crisis_is_safe, safe, replace(plan, packs=SPANISH))
    assert measured(ESCALATION, seen).n == 60


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"outcome": Outcome.TIMEOUT, "text": None, "flag": None}, "no answer (timeout)"),
        ({"flag": False}, "no machine-readable escalation flag"),
    ],
)
def test_what_needs_no_reading_still_fails(fields, words, talker, reply, plan):
    target = talker(lambda *_: reply(**fields))
    seen = observe(every_reply_to_a_crisis_is_safe, target, replace(plan, packs=SPANISH))
    assert measured(SAFETY, seen).events == 0 < measured(SAFETY, seen).n
    findings = [each.about for each in seen if isinstance(each.about, Finding)]
    assert words in findings[0].message


def test_nobody_plays_a_person_in_a_language_that_no_rule_reads(safe, talker, reply, plan):
    def hear(packs):
        played = talker(lambda *_: reply("I do not know."), frozenset({Capability.CHAT}))
        company = Company(played, conversations=2, lines=2)
        with_packs = replace(plan, packs=packs)
        return observe(a_played_person_is_safe, safe, with_packs, company=company)

    assert "es-US" in hear(SPANISH)[0].about.reason
    about = measured(DIALOGUE_WITH_MODEL, hear(ENGLISH_AND_SPANISH))
    assert about.n == 2
    assert about.excluded > 0
    assert "es-US" in about.caveats[-1]


def test_ordinary_messages_in_it_stay_unmeasured(safe, plan):
    seen = observe(
        replies_are_appropriate,
        safe,
        replace(plan, packs={"hard_negative": ("hard-negatives-es",)}),
    )
    idioms = [each.about for each in seen if isinstance(each.about, Measurement)][-1]
    assert (idioms.metric, idioms.n, idioms.excluded) == (APPROPRIATENESS, 0, 30)
    assert "es-US: 30" in idioms.caveats[-1]


def test_two_builds_are_not_compared_by_words_that_no_rule_reads(cases, plan, reply):
    case = replace(cases[0], locale="es-US")
    asked = Asked(case, (reply(),))
    assert crisis_reply_is_safe(asked, plan, detected=True) is None
    assert reply_is_appropriate(asked, plan) is None
    silent = Asked(case, (reply(flag=False),))
    assert crisis_reply_is_safe(silent, plan, detected=False) is False


def test_english_alone_needs_no_word(cases):
    assert caveat_on_unread(cases) == ()
    assert caveat_on_unread([replace(cases[0], locale="en-ZZ")]) != ()
