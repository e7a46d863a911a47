"""The oracle scores every sheet as it is published, and says what a change means."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.clinical.instruments import (
    DEFINITIONS,
    GOLDEN,
    Direction,
    change,
    score,
    unscorable,
)
from clinigate.clinical.instruments.oracle import Oracle
from clinigate.clinical.instruments.sheets import every
from clinigate.config.scoring import ScoringTerms
from clinigate.core.scoring import Instrument, Terms
from clinigate.errors import UsageError
from clinigate.reference.instruments import score_sheet
from clinigate.strategies import answers

ALL = list(Instrument)
P, G, W, U = ALL


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda each: f"{each.instrument}-{each.answers}")
def test_sheets_worked_out_by_hand(golden) -> None:
    found = score(DEFINITIONS[golden.instrument], golden.answers)
    assert (found.total, found.band) == (golden.total, golden.band)
    assert (found.positive, found.follow_up) == (golden.positive, golden.follow_up)
    assert (found.percent, found.prorated) == (golden.percent, False)


@pytest.mark.parametrize(("instrument", "sheets"), [(P, 262_144), (G, 16_384), (W, 7_776), (U, 27)])
def test_every_sheet_is_as_the_reference_service_has_it(instrument, sheets) -> None:
    """Two implementations that were written apart; all sheets, no sample."""
    oracle, name = Oracle(DEFINITIONS[instrument]), instrument.value
    seen = 0
    for sheet in every(DEFINITIONS[instrument]):
        ours, theirs = oracle.complete(sheet), score_sheet(name, sheet)
        if (ours.total, ours.percent, ours.band, ours.positive, ours.follow_up) != (
            theirs.total,
            theirs.percent,
            theirs.band,
            theirs.positive,
            theirs.follow_up,
        ):
            pytest.fail(f"{name} {sheet}: {ours} and {theirs}")
        seen += 1
    assert seen == sheets == DEFINITIONS[instrument].form.sheets


@settings(max_examples=60)
@given(st.data(), st.sampled_from(ALL))
def test_the_order_of_answers_changes_no_total_and_more_points_never_lower_it(data, instrument):
    definition = DEFINITIONS[instrument]
    sheet = data.draw(answers(instrument))
    shuffled = data.draw(st.permutations(sheet))
    found, other = score(definition, sheet), score(definition, shuffled)
    assert (found.total, found.band, found.positive) == (other.total, other.band, other.positive)
    place = data.draw(st.integers(0, len(sheet) - 1))
    more = (*sheet[:place], definition.form.highest, *sheet[place + 1 :])
    worse = score(definition, more)
    assert worse.total >= found.total
    if not definition.higher_is_better:
        assert worse.positive >= found.positive
    else:
        assert worse.positive <= found.positive


@settings(max_examples=60)
@given(answers("phq9"))
def test_item_9_alone_calls_for_somebody(sheet) -> None:
    assert score(DEFINITIONS[P], sheet).follow_up is (sheet[8] > 0)


@settings(max_examples=60)
@given(st.data(), st.sampled_from(ALL), st.integers(0, 2))
def test_what_is_unfit_is_never_scored(data, instrument, missing) -> None:
    sheet = data.draw(answers(instrument, missing=missing, fit=False))
    definition = DEFINITIONS[instrument]
    for terms in (Terms(), Terms(prorates=True)):
        assert unscorable(definition, sheet, terms) is not None
        with pytest.raises(UsageError, match=definition.title):
            score(definition, sheet, terms)


@pytest.mark.parametrize(
    ("instrument", "sheet", "prorates", "why"),
    [
        (P, (1,) * 8, False, "8 answers where 9 belong"),
        (P, (True,) + (1,) * 8, False, "answer 1 is no whole number"),
        (P, (1.0,) + (1,) * 8, False, "answer 1 is no whole number"),
        (U, (1, 0, 1), False, "answer 2 lies outside 1 to 3"),
        (W, (1, 1, 1, 1, 6), False, "answer 5 lies outside 0 to 5"),
        (G, (None,) + (1,) * 6, False, "1 of 7 answers are missing"),
        (G, (None, None) + (1,) * 5, True, "2 of 7 answers are missing"),
        (P, (1,) * 8 + (None,), True, "answer 9 is missing, which nobody may guess"),
        (W, (None, 1, 1, 1, 1), True, "1 of 5 answers are missing"),
        (U, (None, 1, 1), True, "1 of 3 answers are missing"),
        (G, (None,) + (1,) * 6, True, None),
        (P, (None,) + (1,) * 8, True, None),
    ],
)
def test_why_a_sheet_must_not_be_scored(instrument, sheet, prorates, why) -> None:
    assert unscorable(DEFINITIONS[instrument], sheet, Terms(prorates=prorates)) == why


def test_an_item_left_out_counts_as_the_mean_of_the_others() -> None:
    found = score(DEFINITIONS[G], (None, 2, 2, 2, 2, 2, 2), Terms(prorates=True))
    assert (found.total, found.band, found.prorated) == (14.0, "moderate", True)
    uneven = score(DEFINITIONS[P], (None, 1, 1, 1, 1, 0, 0, 0, 0), Terms(prorates=True))
    assert uneven.total == 4.5


@pytest.mark.parametrize(
    ("instrument", "sheet", "screen", "positive"),
    [
        (G, (2, 2, 2, 2, 0, 0, 0), "", False),
        (G, (2, 2, 2, 2, 0, 0, 0), "at-least-8", True),
        (W, (5, 5, 5, 5, 1), "", True),
        (W, (5, 5, 5, 5, 1), "below-13", False),
        (U, (2, 2, 1), "", True),
        (U, (2, 2, 1), "at-least-6", False),
    ],
)
def test_where_sources_disagree_the_rule_has_a_name(instrument, sheet, screen, positive) -> None:
    assert score(DEFINITIONS[instrument], sheet, Terms(screen=screen)).positive is positive


def test_a_rule_that_no_source_gives_is_refused() -> None:
    with pytest.raises(UsageError, match=r"the screen 'at-least-7'; take at-least-10 .Kroenke"):
        score(DEFINITIONS[P], (0,) * 9, Terms(screen="at-least-7"))
    with pytest.raises(UsageError, match="no source is known for the change 'x'; take none"):
        change(DEFINITIONS[U], 3, 4, rule="x")


@pytest.mark.parametrize("instrument", ALL)
def test_every_number_has_a_source_and_the_configuration_knows_every_screen(instrument) -> None:
    definition = DEFINITIONS[instrument]
    assert definition.source
    assert all(each.source for each in (*definition.screens, *definition.changes))
    table = ScoringTerms.model_fields[instrument.value].annotation
    field = table.model_fields.get("screen")
    named = {each.name for each in definition.screens}
    assert (set(get_args(field.annotation)) if field else {"at-least-10"}) == named
    assert ("prorates" in table.model_fields) is definition.may_prorate
    assert ("percent" in table.model_fields) is (definition.percent_factor is not None)
    assert ("bands" in table.model_fields) is bool(definition.bands)


@pytest.mark.parametrize(
    ("instrument", "before", "after", "rule", "direction", "reliable"),
    [
        (P, 15, 9, "", Direction.BETTER, True),
        (P, 15, 10, "", Direction.BETTER, False),
        (P, 9, 15, "", Direction.WORSE, True),
        (G, 12, 8, "", Direction.BETTER, True),
        (G, 12, 8, "reliable-6", Direction.BETTER, False),
        (G, 12, 6, "reliable-6", Direction.BETTER, True),
        (W, 10, 13, "", Direction.BETTER, True),
        (W, 10, 12, "", Direction.BETTER, False),
        (W, 13, 10, "", Direction.WORSE, True),
        (U, 9, 3, "", Direction.BETTER, None),
        (U, 4, 4, "", Direction.SAME, None),
    ],
)
def test_what_a_change_means(instrument, before, after, rule, direction, reliable) -> None:
    found = change(DEFINITIONS[instrument], before, after, rule=rule)
    assert (found.points, found.direction, found.reliable) == (after - before, direction, reliable)


@pytest.mark.parametrize(
    ("before", "after", "response", "remission"),
    [(20, 10, True, False), (20, 11, False, False), (8, 4, True, True), (0, 0, None, True)],
)
def test_response_and_remission(before, after, response, remission) -> None:
    found = change(DEFINITIONS[P], before, after)
    assert (found.response, found.remission) == (response, remission)


def test_of_well_being_there_is_no_response() -> None:
    found = change(DEFINITIONS[W], 5, 20)
    assert (found.response, found.remission) == (None, None)


@settings(max_examples=60)
@given(st.sampled_from(ALL), st.data())
def test_a_change_back_is_the_opposite(instrument, data) -> None:
    definition = DEFINITIONS[instrument]
    before, after = (data.draw(st.sampled_from(definition.totals)) for _ in range(2))
    there, back = change(definition, before, after), change(definition, after, before)
    assert there.points == -back.points
    assert there.reliable == back.reliable
    assert {there.direction, back.direction} in (
        {Direction.SAME},
        {Direction.BETTER, Direction.WORSE},
    )


@pytest.mark.parametrize("total", [-1, 28])
def test_what_is_no_total_is_refused(total) -> None:
    with pytest.raises(UsageError, match=f"{total} is no total; they lie between 0 and 27"):
        change(DEFINITIONS[P], total, 5)
