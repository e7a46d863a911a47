"""Where not every sheet is asked, those that are meet every rule of the instrument."""

from __future__ import annotations

import pytest

from clinigate.clinical.instruments import DEFINITIONS, GOLDEN, unscorable
from clinigate.clinical.instruments.examining import in_requests
from clinigate.clinical.instruments.sheets import covering, every, unfit, uniform
from clinigate.core.scoring import Instrument, Terms

ALL = list(Instrument)


@pytest.mark.parametrize("instrument", ALL)
def test_the_chosen_sheets_meet_every_total_item_and_golden_one(instrument) -> None:
    definition = DEFINITIONS[instrument]
    form, chosen = definition.form, covering(definition)
    assert len(chosen) == len(set(chosen)) < 300
    assert {sum(sheet) for sheet in chosen} == set(definition.totals)
    assert all(unscorable(definition, sheet) is None for sheet in chosen)
    assert {each.answers for each in GOLDEN if each.instrument is instrument} <= set(chosen)
    for item in range(form.items):
        for answer in range(form.lowest, form.highest + 1):
            for base in (form.floor, form.ceiling):
                assert (*base[:item], answer, *base[item + 1 :]) in chosen


def test_item_9_is_answered_at_every_total_that_it_can_come_with() -> None:
    met = {(sheet[8], sum(sheet)) for sheet in covering(DEFINITIONS[Instrument.PHQ9])}
    assert met >= {(own, own + rest) for own in range(4) for rest in range(25)}


def test_of_a_short_form_the_choice_is_almost_everything() -> None:
    assert len(list(every(DEFINITIONS[Instrument.UCLA3]))) == 27


def test_random_sheets_are_the_same_for_a_seed_and_uniform() -> None:
    definition = DEFINITIONS[Instrument.PHQ9]
    drawn = uniform(definition, 2000, seed=3)
    assert drawn == uniform(definition, 2000, seed=3) != uniform(definition, 2000, seed=4)
    for item in range(9):
        counts = [sum(sheet[item] == answer for sheet in drawn) for answer in range(4)]
        assert all(400 < count < 600 for count in counts)


def test_random_sheets_that_call_for_somebody_do() -> None:
    drawn = uniform(DEFINITIONS[Instrument.PHQ9], 300, seed=0, calls=True)
    assert {sheet[8] for sheet in drawn} == {1, 2, 3}
    assert {sheet[0] for sheet in drawn} == {0, 1, 2, 3}


@pytest.mark.parametrize("instrument", ALL)
def test_nobody_may_score_the_unfit_ones(instrument) -> None:
    definition = DEFINITIONS[instrument]
    sheets = unfit(definition)
    assert len({each.what for each in sheets}) == len(sheets)
    assert len({repr(each.answers) for each in sheets}) == len(sheets)
    for each in sheets:
        assert unscorable(definition, each.answers) is not None, each.what


@pytest.mark.parametrize("instrument", ALL)
def test_no_total_gives_away_an_answer_above_the_range(instrument) -> None:
    """A service that looks at the total alone has not looked at the answers."""
    definition = DEFINITIONS[instrument]
    above = [each.answers for each in unfit(definition) if each.what.endswith("above the range")]
    assert len(above) == definition.form.items
    assert all(sum(sheet) in definition.totals for sheet in above)


def test_only_an_item_left_out_may_be_prorated() -> None:
    terms = Terms(prorates=True)
    definition = DEFINITIONS[Instrument.PHQ9]
    scorable = {e.what for e in unfit(definition) if not unscorable(definition, e.answers, terms)}
    assert scorable == {f"item {number} left out" for number in range(1, 9)}


def test_sheets_are_shared_out_in_order() -> None:
    shared = list(in_requests([(n,) for n in range(7)], 3))
    assert [len(each) for each in shared] == [3, 3, 1]
    assert [sheet for each in shared for sheet in each] == [(n,) for n in range(7)]
    assert list(in_requests([], 3)) == []
