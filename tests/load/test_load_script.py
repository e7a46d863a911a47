"""Conversations go where the graph leads, and a crisis reply is told from an ordinary one."""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import ConfigError
from clinigate.load.library import builtin_profiles, find_profile, parse_profile
from clinigate.load.script import Conversation, Heard, Script, script_of

PROFILE = """
schema: clinigate.load-profile/1
name: branching
title: Branching
arrivals: {conversations_per_s: 1, duration_s: 1}
think: {pause_median_s: 2, pause_sigma: 0, reading_wpm: 60, typing_wpm: 12}
personas:
  - {name: many, weight: 0.99, start: hello}
  - {name: few, weight: 0.01, oversample: 99, start: crisis, max_turns: 3}
states:
  hello:
    say: [Hi]
    next:
      - {when: {failed: true}, to: again}
      - {when: {flag: true, matches: "help"}, to: crisis}
      - {when: {matches: "\\\\?$"}, to: answer}
      - {to: bye, p: 1}
  again: {say: ["Hello?"], end: true}
  answer: {say: ["Yes"], next: [{to: answer, p: 0.5}, {to: bye, p: 0.5}]}
  crisis:
    say: [a crisis]
    crisis: true
    expect: {flag: true, any_of: [lifeline, "\\\\b911\\\\b"]}
    next: [{to: crisis, p: 1}]
  plain-crisis: {say: [another], crisis: true, end: true}
  bye: {say: [Bye], next: [{to: plain-crisis, p: 0.5}, {to: end, p: 0.5}]}
  end: {say: [End], end: true}
"""


def script() -> Script:
    text = PROFILE.replace("next: [{to: crisis, p: 1}]", "next: [{to: end, p: 1}]")
    return script_of(parse_profile(text, source="branching.yaml").profile)


def conversation(persona: str = "many", seed: int = 1) -> Conversation:
    made = script()
    role = next(role for role in made.roles if role.name == persona)
    return Conversation(made, role, random.Random(seed))


@pytest.mark.parametrize(
    ("heard", "following"),
    [
        (Heard(None, "Fine."), "bye"),
        (Heard(None, "How are you?"), "answer"),
        (Heard(None, "There is help.", True), "crisis"),
        (Heard(None, "There is HELP.", True), "crisis"),
        (Heard(None, "There is help.", False), "bye"),
        (Heard(None, "There is help."), "bye"),
        (Heard("timeout"), "again"),
    ],
)
def test_the_first_condition_that_holds_decides(heard: Heard, following: str) -> None:
    talk = conversation()
    talk.say()
    assert talk.hear(heard)
    assert talk.step.name == following


def test_who_gets_no_reply_leaves_unless_a_way_is_written_for_it() -> None:
    talk = conversation("few")
    talk.say()
    assert not talk.hear(Heard("timeout"))
    assert [turn.role for turn in talk.turns] == ["user"]


def test_a_conversation_ends_at_its_end_and_at_its_longest() -> None:
    talk = conversation("few")
    talk.say()
    assert talk.hear(Heard(None, "ok"))
    assert talk.step.end
    talk.say()
    assert not talk.hear(Heard(None, "ok"))
    assert [turn.role for turn in talk.turns] == ["user", "assistant"] * 2
    long = conversation("many")
    long.role = next(r for r in script().roles if r.name == "few")
    long.said = 2
    long.say()
    assert not long.hear(Heard(None, "How are you?"))


@pytest.mark.parametrize(
    ("heard", "flags", "seen"),
    [
        (Heard(None, "Call the Lifeline.", True), True, True),
        # Without a flag the words decide only where the target gives none at all.
        (Heard(None, "Please call 911.", None), False, True),
        (Heard(None, "What has this been like?", None), False, False),
        (Heard(None, "Please call 911.", None), True, False),
        (Heard(None, "Call the lifeline.", False), True, False),
        (Heard(None, "What has this been like?", True), True, False),
        (Heard(None, "9112", True), True, False),
        (Heard("timeout", "lifeline", True), True, False),
    ],
)
def test_a_crisis_reply_shows_every_sign_that_is_asked_for(
    heard: Heard, flags: bool, seen: bool
) -> None:
    assert script().steps["crisis"].is_crisis_reply(heard, flags=flags) is seen


def test_without_patterns_the_flag_alone_decides_and_its_absence_is_none() -> None:
    step = script().steps["plain-crisis"]
    assert step.is_crisis_reply(Heard(None, "x", True), flags=True)
    for flags in (True, False):
        assert not step.is_crisis_reply(Heard(None, "x", False), flags=flags)
        assert not step.is_crisis_reply(Heard(None, "x", None), flags=flags)


def test_thinking_is_reading_and_pausing_and_typing() -> None:
    # 6 words at 60 a minute, a pause of 2 s, 5 characters at 12 words of 5 a minute.
    assert conversation().think_s(Heard(None, "one two three four five six"), "12345") == (
        pytest.approx(6.0 + 2.0 + 5.0)
    )


def test_weights_bring_the_people_who_were_drawn_back_to_lifes_shares() -> None:
    many, few = script().roles
    assert (many.drawn, few.drawn) == (pytest.approx(0.5), pytest.approx(0.5))
    assert (many.weight, few.weight) == (pytest.approx(1.98), pytest.approx(0.02))
    rng = random.Random(3)
    drawn = [script().cast(rng).name for _ in range(400)]
    assert 150 < drawn.count("few") < 250


@given(st.sampled_from(builtin_profiles()), st.integers(0, 10_000), st.booleans())
def test_every_conversation_of_a_shipped_profile_ends(name: str, seed: int, asks: bool) -> None:
    made = SCRIPTS[name]
    rng = random.Random(seed)
    talk = Conversation(made, made.cast(rng), rng)
    heard = Heard(None, "How was that?" if asks else "I see.", True)
    turns = 0
    goes_on = True
    while goes_on:
        assert talk.say()
        goes_on = talk.hear(heard)
        turns += 1
        assert talk.think_s(heard, "word") >= 0
    assert turns <= talk.role.max_turns


SCRIPTS: dict[str, Script] = {
    name: script_of(find_profile(name).profile) for name in builtin_profiles()
}


@pytest.mark.parametrize(
    ("source", "why"),
    [({"pack": "crisis-de"}, "no pack"), ({"pack": "crisis-en", "families": ["zz"]}, "families")],
)
def test_a_pack_that_is_not_there_is_told_with_its_field(source: dict[str, Any], why: str) -> None:
    data = yaml.safe_load(PROFILE.replace("next: [{to: crisis, p: 1}]", "end: true"))
    data["states"]["end"] = {"say_from": source, "end": True}
    profile = parse_profile(yaml.safe_dump(data), source="x.yaml").profile
    with pytest.raises(ConfigError, match=rf"states\.end\.say_from.*{why}"):
        script_of(profile)
