"""Where there is more than one right way, a system is judged by the one that it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinigate.clinical.instruments.comparing import same_band
from clinigate.core.plan import Plan, Profile
from clinigate.core.scoring import Instrument, Terms
from clinigate.core.verdict import Status

PHQ9, GAD7, WHO5, UCLA3 = Instrument
FULL, PR = Plan(), Plan(profile=Profile.PR)
GOOD = {"scoring": Status.PASS, "refusals": Status.PASS}


@pytest.mark.parametrize(
    ("instrument", "terms"),
    [
        (WHO5, Terms(percent=True)),
        (WHO5, Terms(screen="below-13")),
        (UCLA3, Terms(screen="at-least-6")),
        (GAD7, Terms(prorates=True, screen="at-least-8")),
    ],
)
def test_a_system_is_judged_on_its_terms(instrument, terms, service, examined) -> None:
    assert examined(service(terms=terms), instrument, FULL).status() == GOOD


def test_what_is_prorated_must_be_prorated_rightly(service, examined) -> None:
    def first_is_zero(sheet, scored):
        return replace(scored, total=sum(filter(None, sheet))) if None in sheet else scored

    seen = examined(service(first_is_zero, terms=Terms(prorates=True)), GAD7, PR)
    assert seen.status()["refusals"] is Status.FAIL
    assert "it is prorated by the target's terms: total 10.5, 9 given" in seen.findings[0].message


@pytest.mark.parametrize(
    "fill",
    [
        lambda others: max(others),
        lambda others: others[0],
        lambda others: others[-1],
        lambda _others: 3,
    ],
)
def test_an_item_left_out_is_not_made_up_in_another_way(fill, service, examined) -> None:
    """By the highest answer, by the first, by the last one given: none of them is the mean."""

    def made_up(sheet, scored):
        if None not in sheet or not scored.answered:
            return scored
        given = [each for each in sheet if each is not None]
        return replace(scored, total=sum(given) + fill(given), positive=True, band=None)

    terms = Terms(prorates=True)
    plain = service(made_up, terms=terms, scored_fields=frozenset({"positive"}))
    assert examined(plain, GAD7, PR).status()["refusals"] is Status.FAIL


def test_item_9_calls_for_somebody_though_another_item_was_left_out(service, examined) -> None:
    def calls_for_complete_ones(sheet, scored):
        return replace(scored, follow_up=False) if None in sheet and scored.answered else scored

    seen = examined(service(calls_for_complete_ones, terms=Terms(prorates=True)), PHQ9, PR)
    assert seen.status()["refusals"] is Status.FAIL
    assert "somebody must look at once, and nobody does" in seen.findings[0].message
    assert examined(service(terms=Terms(prorates=True)), PHQ9, PR).status()["refusals"] is (
        Status.PASS
    )


def test_bands_of_other_names_are_known_by_their_order(service, examined) -> None:
    names = ("none", "Mild!", "MODERATE", "high")
    lowest = (0, 5, 10, 15)

    def named(_sheet, scored):
        if not scored.answered:
            return scored
        return replace(scored, band=names[sum(scored.total >= each for each in lowest) - 1])

    assert examined(service(named), GAD7, PR).status()["scoring"] is Status.FAIL
    terms = Terms(bands=("None", "mild", "moderate", "High"))
    assert examined(service(named, terms=terms), GAD7, FULL).status() == GOOD


@pytest.mark.parametrize(
    ("instrument", "terms", "words"),
    [
        (WHO5, Terms(screen="below-29"), "no source is known for the screen 'below-29'"),
        (WHO5, Terms(prorates=True), "WHO-5 has no rule for items left out"),
        (GAD7, Terms(percent=True), "GAD-7 has no scale of 0 to 100"),
        (GAD7, Terms(bands=("low", "high")), "2 names; GAD-7 has 4 bands"),
        (GAD7, Terms(bands=("a", "b", "c", "B.")), "'b' and 'B.' are one name"),
    ],
)
def test_terms_that_no_source_gives_are_an_error(
    instrument, terms, words, service, examined
) -> None:
    seen = examined(service(terms=terms), instrument, PR)
    assert set(seen.status().values()) == {Status.ERROR}
    assert all(words in each.reason for each in seen.verdicts.values())


def test_names_of_signs_alone_are_told_apart() -> None:
    assert same_band("++", "++")
    assert not same_band("+", "++")
    assert not same_band("", "-")
