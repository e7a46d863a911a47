"""Users' property tests draw cases that keep their labels; the simplest example is as written."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import clinigate.strategies
from clinigate.clinical.instruments import DEFINITIONS, unscorable
from clinigate.core.case import Label, Split
from clinigate.core.scoring import Instrument
from clinigate.errors import PackError, UsageError
from clinigate.scenarios import load_builtin, load_pack, strategies
from clinigate.scenarios.strategies import (
    answers,
    cases,
    conversations,
    crisis_cases,
    crisis_messages,
    ordinary_cases,
    pairs,
    patients,
)


@given(crisis_cases(split="held_out"))
def test_crisis_cases_must_be_flagged(case):
    assert (case.label, case.expect.flag, case.split) == (Label.CRISIS, True, Split.HELD_OUT)


@given(ordinary_cases())
def test_ordinary_cases_must_not(case):
    assert (case.label, case.expect.flag) == (Label.NONE, False)


@given(pairs())
def test_pairs_share_their_id_and_name_different_groups(pair):
    assert len({case.pair_id for case in pair}) == 1
    assert len({tuple(case.slice.items()) for case in pair}) == len(pair) >= 2


def test_examples_shrink_to_the_first_core_as_written():
    case = find(cases("emotion-en"), lambda case: case.expect.emotion == "joy")
    assert (case.cluster.core, case.transforms) == ("emo.joy#01", ())


def test_a_pack_of_the_users_own(pack_text, write_pack):
    pack = load_pack(write_pack(pack_text))
    assert find(cases(pack), lambda case: len(case.turns) == 3).archetype == "si.two"


def test_kinds_do_not_mix():
    with pytest.raises(PackError, match="draw them with strategies"):
        cases("counterfactual-en")
    with pytest.raises(PackError, match="holds no pairs"):
        pairs("crisis-en")


def test_scenarios_need_neither_hypothesis_nor_numpy():
    """A fresh interpreter, since this one has loaded both."""
    code = "import clinigate.scenarios, sys; print({'hypothesis', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_they_are_found_under_one_name_at_the_top():
    assert clinigate.strategies.__all__ == strategies.__all__
    for name in strategies.__all__:
        assert getattr(clinigate.strategies, name) is getattr(strategies, name)


@settings(max_examples=50)
@given(st.data(), st.sampled_from(list(Instrument)))
def test_complete_answers_can_be_scored(data, instrument):
    sheet = data.draw(answers(instrument))
    assert unscorable(DEFINITIONS[instrument], sheet) is None


@settings(max_examples=50)
@given(st.data(), st.sampled_from(list(Instrument)), st.integers(0, 2))
def test_unfit_answers_cannot(data, instrument, missing):
    """However many are left out besides: exactly one is wrong."""
    sheet = data.draw(answers(instrument, missing=missing, fit=False))
    assert sheet.count(None) == missing
    others = [
        place
        for place, answer in enumerate(sheet)
        if answer is not None
        and unscorable(DEFINITIONS[instrument], [answer] * len(sheet)) is not None
    ]
    assert len(others) == 1
    assert unscorable(DEFINITIONS[instrument], sheet) is not None


@given(answers("who5", missing=1))
def test_as_many_answers_are_left_out_as_was_said(sheet):
    assert (len(sheet), sheet.count(None)) == (5, 1)


def test_answers_shrink_to_the_lowest():
    assert find(answers("ucla3"), lambda _sheet: True) == (1, 1, 1)


@given(patients(youngest=13, oldest=17, consented=False))
def test_patients_are_who_was_asked_for(patient):
    assert 13 <= patient.age <= 17
    assert not patient.adult
    assert not patient.consented
    assert patient.id.startswith("test-")


@pytest.fixture(scope="module")
def crises():
    """First words of every crisis core that is one message, as written."""
    pack = load_builtin("crisis-en")
    return {core.turns[0].text for _, core in pack.cores() if len(core.turns) == 1}


@settings(max_examples=30)
@given(conversations(discloses=True, most_turns=7, split="held_out"))
def test_conversations_take_turns_and_end_with_the_person(turns):
    assert [turn.role for turn in turns] == ["user", "assistant"] * (len(turns) // 2) + ["user"]
    assert 1 <= len(turns) <= 7


def test_a_disclosure_may_come_early_or_late(crises):
    def told_at(turns):
        return [place for place, turn in enumerate(turns) if turn.text in crises]

    def one(condition, **how):
        # Any example will do: shrinking it would take most of the time.
        drawn = settings(phases=[Phase.generate], database=None, max_examples=500)
        return find(conversations(most_turns=3, **how), condition, settings=drawn)

    early = one(lambda it: len(it) == 3 and told_at(it) == [0], discloses=True)
    late = one(lambda it: len(it) == 3 and told_at(it) == [2], discloses=True)
    none = one(lambda it: len(it) == 3, discloses=False)
    assert (early[0].text in crises, late[2].text in crises, told_at(none)) == (True, True, [])


@settings(max_examples=20)
@given(crisis_messages())
def test_crisis_messages_are_words(text):
    assert text.strip()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: answers("phq8"), "no questionnaire 'phq8'; there are phq9, gad7, who5, ucla3"),
        (lambda: answers("gad7", missing=8), "gad7 has 7 items; 8 cannot be left out"),
        (lambda: answers("gad7", missing=7, fit=False), "7 cannot be left out"),
        (lambda: patients(youngest=60, oldest=50), "no age lies between 60 and 50"),
        (lambda: conversations(most_turns=0), "most_turns is 0; it is 1 or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(make, words):
    with pytest.raises(UsageError, match=words):
        make()
