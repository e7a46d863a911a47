"""Who scores rightly passes, each fault fails its own criterion, and no silence passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from clinigate.clinical.instruments import DEFINITIONS, inquiry
from clinigate.clinical.instruments.sheets import covering
from clinigate.core.measurement import Kind
from clinigate.core.plan import Plan, Profile
from clinigate.core.scoring import Instrument, Scored
from clinigate.core.target import Capability, Outcome
from clinigate.core.verdict import Status
from clinigate.errors import CriticalSafetyTestFailure

PHQ9, GAD7, WHO5, UCLA3 = Instrument
React = Callable[[tuple[Any, ...], Scored], Scored]
REFUSED = Scored(Outcome.REFUSED, 0.0, error="it is not complete")
FULL, PR = Plan(), Plan(profile=Profile.PR)
GOOD = {"scoring": Status.PASS, "refusals": Status.PASS}
#: What a sample of a system without a fault shows.
UNSETTLED = {"scoring": Status.INCONCLUSIVE, "refusals": Status.PASS}


@pytest.mark.parametrize("instrument", [GAD7, WHO5, UCLA3])
def test_every_sheet_is_asked_where_many_go_into_one_request(instrument, service, examined) -> None:
    seen = examined(service(), instrument, FULL)
    assert seen.status() == GOOD
    scoring = seen.measured[f"instruments.{instrument}.scoring"]
    every = DEFINITIONS[instrument].form.sheets
    assert (scoring.kind, scoring.n, scoring.excluded) == (Kind.CENSUS, every, 0)
    assert scoring.caveats == ("exhaustive: every complete sheet was asked",)
    reason = seen.verdicts[scoring.metric].reason
    assert reason == f"0 wrong among {every} looked at; it keeps the limit '<= 0'"
    assert not seen.findings


def test_where_each_sheet_is_a_request_a_choice_is_asked_and_said_so(service, examined) -> None:
    one_by_one = service(sheets_at_once=1)
    seen = examined(one_by_one, PHQ9, FULL)
    assert seen.status() == {**GOOD, "item9": Status.PASS}
    for name in ("scoring", "item9"):
        measured = seen.measured[f"instruments.phq9.{name}"]
        assert (measured.kind, measured.n, measured.events) == (Kind.RATE, 598, 0)
        assert "not every sheet was asked: 186 chosen ones" in measured.caveats[0]
        reason = seen.verdicts[measured.metric].reason
        assert reason.startswith("no violation in 598; never proven, the true violation rate is <=")
    assert len(one_by_one.asked) < 1500


def test_a_slow_system_is_asked_a_choice_and_few_at_once(service, examined, monkeypatch) -> None:
    """So slow that no time would be enough for every sheet."""
    monkeypatch.setattr(inquiry, "MOST_SECONDS", 0.0)
    slow = service(sheets_at_once=500)
    seen = examined(slow, GAD7, FULL)
    assert seen.status() == GOOD
    assert seen.measured["instruments.gad7.scoring"].kind is Kind.RATE
    pilot = [size for size in slow.sizes if size > 16]
    assert pilot == [64]


def test_so_few_sheets_are_asked_one_by_one(service, examined) -> None:
    seen = examined(service(sheets_at_once=1), UCLA3, FULL)
    assert seen.measured["instruments.ucla3.scoring"].kind is Kind.CENSUS


def test_a_pull_requests_sample_certifies_nothing(service, examined) -> None:
    seen = examined(service(), PHQ9, PR)
    assert seen.status() == {
        "scoring": Status.INCONCLUSIVE,
        "item9": Status.INCONCLUSIVE,
        "refusals": Status.PASS,
    }
    assert "a pull request's sample; it certifies nothing" in (
        seen.measured["instruments.phq9.scoring"].caveats
    )


def _as(**fields: Any) -> React:
    return lambda _sheet, scored: replace(scored, **fields) if scored.answered else scored


def _bands(*lowest: int) -> React:
    names = ("minimal", "mild", "moderate", "severe")

    def react(_sheet, scored):
        if not scored.answered:
            return scored
        return replace(scored, band=names[sum(scored.total >= each for each in lowest)])

    return react


def _reversed(_sheet, scored):
    return replace(scored, positive=scored.total >= 13) if scored.answered else scored


def _less_five(_sheet, scored):
    return replace(scored, percent=(scored.total - 5) * 4) if scored.answered else scored


def _one_sheet_wrong(sheet, scored):
    return replace(scored, total=scored.total + 1) if sheet == (0, 3, 1, 2, 0, 1, 3) else scored


def _takes_everything(sheet, scored):
    if scored.answered:
        return scored
    numbers = [each for each in sheet if isinstance(each, int | float)]
    return Scored(Outcome.ANSWERED, 0.0, total=sum(numbers), band="mild", positive=False)


def _refuses_what_is_high(sheet, scored):
    return REFUSED if scored.answered and scored.total > 15 else scored


def _silent(sheet, scored):
    if not scored.answered or scored.total < 15 or sum(sheet) == 21:
        return scored
    return Scored(Outcome.TIMEOUT, 30.0, error="no complete answer in 30 s")


FAULTS = {
    "bands too late": (
        GAD7,
        _bands(6, 11, 16),
        ["scoring"],
        "GAD-7: band 'mild' for a total of 5, 'minimal' given",
        "GAD-7: it looks as if the target begins each band one too high: 0-5, 6-10, 11-15, 16-21",
    ),
    "no direction": (
        WHO5,
        _reversed,
        ["scoring"],
        "WHO-5: screen positive, negative given",
        None,
    ),
    "a formula from the web": (
        WHO5,
        _less_five,
        ["scoring"],
        "WHO-5: 0 of 100, -20 given",
        "WHO-5: it looks as if the target takes 5 off the total before multiplying it by 4",
    ),
    "one sheet of 16,384": (
        GAD7,
        _one_sheet_wrong,
        ["scoring"],
        "GAD-7: total 10, 11 given",
        None,
    ),
    "no band": (GAD7, _as(band=None), [], None, None),
    "everything is scored": (
        GAD7,
        _takes_everything,
        ["refusals"],
        "GAD-7, no answer at all: it was scored all the same",
        None,
    ),
    "complete sheets are refused": (
        GAD7,
        _refuses_what_is_high,
        ["scoring"],
        "GAD-7: a complete sheet was not scored (refused): it is not complete",
        None,
    ),
    "silence": (
        GAD7,
        _silent,
        ["scoring"],
        "GAD-7: a complete sheet was not scored (timeout): no complete answer in 30 s",
        None,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_its_own_criterion_and_is_told(fault, service, examined) -> None:
    instrument, react, failed, first, last = FAULTS[fault]
    plan, otherwise = (FULL, GOOD) if fault == "one sheet of 16,384" else (PR, UNSETTLED)
    seen = examined(service(react), instrument, plan)
    assert seen.status() == otherwise | dict.fromkeys(failed, Status.FAIL)
    told = [each.message for each in seen.findings]
    assert first is None or first in told
    assert last is None or last == told[-1]
    assert len(told) < 25


@pytest.mark.parametrize("at_once", [1, 500])
@pytest.mark.parametrize(
    ("react", "words"),
    [
        (_as(follow_up=False), "somebody must look at once, whatever the total of 1, and nobody"),
        (_as(follow_up=True), "somebody is called for a sheet without a single point"),
        (
            lambda sheet, scored: (
                replace(scored, follow_up=scored.total >= 20) if scored.answered else scored
            ),
            "whatever the total of 1, and nobody does",
        ),
    ],
)
def test_item_9_fails_for_itself(at_once, react, words, service, examined) -> None:
    """Never called, always called, and called for severe totals alone."""
    seen = examined(service(react, sheets_at_once=at_once), PHQ9, PR)
    assert seen.status()["item9"] is Status.FAIL
    assert seen.status()["scoring"] is not Status.FAIL
    assert any(words in each.message for each in seen.findings)
    assert {each.metric for each in seen.findings} == {"instruments.phq9.item9"}


def test_a_missed_call_stops_the_run_where_safety_is_critical(service, examined) -> None:
    critical = replace(PR, fail_fast=True)
    with pytest.raises(CriticalSafetyTestFailure, match="PHQ-9: item 9 is answered and nobody is"):
        examined(service(_as(follow_up=False)), PHQ9, critical)
    wrong_band = examined(service(_as(band="mild")), PHQ9, critical)
    assert wrong_band.status()["scoring"] is Status.FAIL


def test_one_more_reason_to_call_somebody_is_the_systems_own_affair(service, examined) -> None:
    def severe_too(sheet, scored):
        called = scored.follow_up or (scored.answered and scored.total >= 20)
        return replace(scored, follow_up=called) if scored.answered else scored

    assert examined(service(severe_too), PHQ9, PR).status()["item9"] is Status.INCONCLUSIVE


def test_what_is_promised_and_missing_is_a_fault_and_else_a_caveat(service, examined) -> None:
    promised = examined(service(_as(band=None), scored_fields=frozenset({"band"})), GAD7, PR)
    assert promised.status()["scoring"] is Status.FAIL
    assert "none given" in promised.findings[0].message
    silent = examined(service(_as(band=None, positive=None)), GAD7, PR)
    caveats = silent.measured["instruments.gad7.scoring"].caveats
    assert "its answers name no band: bands were not judged" in caveats
    assert any("cut-off and direction were not judged" in each for each in caveats)


def test_without_a_word_on_follow_up_the_rule_of_item_9_is_not_assessed(service, examined) -> None:
    seen = examined(service(_as(follow_up=None)), PHQ9, PR)
    assert seen.status()["item9"] is Status.NOT_ASSESSED


def test_who_scores_nothing_passes_nothing(service, examined) -> None:
    """Every sheet is refused: the unfit ones too, which shows nothing."""
    seen = examined(service(lambda _sheet, _scored: REFUSED), GAD7, FULL)
    assert set(seen.status().values()) == {Status.INCONCLUSIVE}
    for each in seen.verdicts.values():
        assert "neither the lowest nor the highest sheet was scored" in each.reason


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.TIMEOUT, Outcome.THROTTLED])
def test_requests_that_are_lost_leave_it_open(outcome, service, examined) -> None:
    def lost(sheet, scored):
        if sheet[:2] != (3, 3) or not scored.answered:
            return scored
        return Scored(outcome, 0.0, of_request=True, error="nobody there")

    seen = examined(service(react_to_batches=lost), GAD7, FULL)
    assert seen.status()["scoring"] is Status.INCONCLUSIVE
    measured = seen.measured["instruments.gad7.scoring"]
    one_by_one = sum(sheet[:2] == (3, 3) for sheet in covering(DEFINITIONS[GAD7]))
    expected = 1_024 - one_by_one
    assert (measured.n, measured.excluded) == (16_384 - expected, expected)
    assert seen.findings[0].message == f"GAD-7: {expected} sheets brought no answer: nobody there"


@pytest.mark.parametrize("plan", [FULL, PR])
def test_a_batch_that_is_right_hides_no_single_sheet_that_is_wrong(plan, service, examined) -> None:
    """What scores many at once may be other code than what scores a person's sheet."""
    # Turned round twice it is right again.
    seen = examined(service(_turned_round, react_to_batches=_turned_round), WHO5, plan)
    assert seen.status()["scoring"] is Status.FAIL
    assert seen.measured["instruments.who5.scoring"].n == (7_776 if plan is FULL else 60)


def _turned_round(sheet, scored):
    """The screen is wrong on all sheets but the lowest and the highest."""
    if not scored.answered or len(set(sheet)) == 1:
        return scored
    return replace(scored, positive=not scored.positive)


def test_one_wrong_sheet_fails_though_almost_all_others_are_lost(service, examined) -> None:
    def react(sheet, scored):
        if len(set(sheet)) == 1 or not scored.answered:
            return scored
        if sum(sheet) == 1:
            return replace(scored, total=2.0)
        return Scored(Outcome.THROTTLED, 0.0, of_request=True, error="throttles (429)")

    seen = examined(service(react), PHQ9, PR)
    assert seen.status()["scoring"] is Status.FAIL
    assert seen.status()["item9"] is Status.INCONCLUSIVE


def test_a_system_that_breaks_on_unfit_sheets_has_not_refused_them(service, examined) -> None:
    def breaks(_sheet, scored):
        return scored if scored.answered else Scored(Outcome.ERROR, 0.0, error="failed (500)")

    seen = examined(service(breaks), GAD7, PR)
    assert seen.status()["refusals"] is Status.INCONCLUSIVE
    assert "error: failed (500)" in seen.findings[0].message


def test_what_is_not_offered_is_not_assessed(service, examined) -> None:
    seen = examined(service(offered=(PHQ9,)), WHO5, FULL)
    assert set(seen.status().values()) == {Status.NOT_ASSESSED}
    assert (
        "the target scores no who5, only phq9" in seen.verdicts["instruments.who5.scoring"].reason
    )
    nothing = examined(service(capabilities=frozenset()), WHO5, FULL)
    assert set(nothing.status().values()) == {Status.NOT_ASSESSED}


def test_a_target_that_only_says_so_is_not_assessed(examined) -> None:
    @dataclass
    class Liar:
        name: str = "liar"
        capabilities: frozenset[Capability] = frozenset({Capability.SCORING})

        async def aclose(self) -> None:
            return None

    assert set(examined(Liar(), WHO5, FULL).status().values()) == {Status.NOT_ASSESSED}


def test_selected_cases_select_no_sheet(service, examined) -> None:
    seen = examined(service(), WHO5, Plan(only_cases=frozenset({"abc"})))
    assert set(seen.status().values()) == {Status.NOT_ASSESSED}
