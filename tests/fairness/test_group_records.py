"""A team's own labelled answers: groups too small are told by a line, and never pass in silence."""

from __future__ import annotations

import random

import pytest

from clinigate.clinical.criteria import CALIBRATION_PARITY, CRITERIA, EQUALIZED_ODDS, PARITY
from clinigate.clinical.fairness.records import Record, compare_groups
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Observation
from clinigate.core.verdict import Status
from clinigate.errors import UsageError


def records(sizes, *, lost=None, score=False, seed=1):
    draw = random.Random(seed)
    for group, n in sizes.items():
        for place in range(n):
            crisis = place % 2 == 0
            flagged = crisis and not (group == lost and draw.random() < 0.4)
            yield Record(group, crisis, flagged, 0.9 * flagged + 0.05 if score else None)


def by_metric(found):
    return {each.metric: each for each in found}


def status(measurement):
    criteria = [each for each in CRITERIA if each.metric == measurement.metric]
    (verdict,) = judge_all(criteria, [Observation("CG-CLIN-FAIR-001", measurement)])
    return verdict.status


def test_large_fair_groups_pass_equalized_odds():
    found = by_metric(compare_groups(records({"a": 900, "b": 900, "c": 900}), attribute="x"))
    assert found[EQUALIZED_ODDS].value == 0.0
    assert status(found[EQUALIZED_ODDS]) is Status.PASS
    assert not any("INCONCLUSIVE" in part.name for part in found[EQUALIZED_ODDS].slices)


def test_parity_of_fair_groups_takes_thousands_and_says_so():
    found = by_metric(compare_groups(records({"a": 300, "b": 300}), attribute="x"))
    assert status(found[PARITY]) is Status.INCONCLUSIVE
    assert found[PARITY].slices[0].name.startswith("flagged, x=a (INCONCLUSIVE: 300 cases, about 1")
    assert "by chance" in found[PARITY].caveats[0]


def test_a_biased_group_is_named_and_fails():
    sizes = {"young": 700, "old": 700}
    found = by_metric(compare_groups(records(sizes, lost="old"), attribute="age"))
    odds = found[EQUALIZED_ODDS]
    assert status(odds) is Status.FAIL
    assert odds.caveats[0] == ("the largest difference by age is between young (higher) and old")
    assert "has p = 0.0005" in odds.caveats[1]


def test_a_group_of_three_takes_the_pass_away_by_a_line_of_its_own():
    sizes = {"a": 900, "b": 900, "few": 3}
    found = by_metric(compare_groups(records(sizes), attribute="x"))
    odds = found[EQUALIZED_ODDS]
    assert status(odds) is Status.INCONCLUSIVE
    assert odds.slices[0].name.startswith("flagged of crises, x=few (INCONCLUSIVE: 2 cases")


def test_a_group_without_a_crisis_is_not_dropped():
    some = [*records({"a": 900, "b": 900}), *(Record("c", False, False) for _ in range(900))]
    odds = by_metric(compare_groups(some, attribute="x"))[EQUALIZED_ODDS]
    assert odds.interval.high == 1.0
    assert status(odds) is Status.INCONCLUSIVE
    assert any("x=c (INCONCLUSIVE: 0 cases" in part.name for part in odds.slices)


def test_probabilities_that_mean_less_for_one_group_fail():
    sizes = {"a": 4_000, "b": 4_000}
    found = by_metric(compare_groups(records(sizes, lost="b", score=True), attribute="x"))
    calibration = found[CALIBRATION_PARITY]
    assert calibration.value == pytest.approx(0.18, abs=0.03)
    assert calibration.slices[0].name == "calibration gap, x=b"
    assert status(calibration) is Status.FAIL
    fair = by_metric(compare_groups(records(sizes, score=True), attribute="x"))
    assert fair[CALIBRATION_PARITY].value == pytest.approx(0.0, abs=1e-9)
    assert fair[CALIBRATION_PARITY].interval.low == 0.0
    assert status(fair[CALIBRATION_PARITY]) is Status.INCONCLUSIVE
    assert fair[CALIBRATION_PARITY].slices[0].name == (
        "calibration gap, x=a (INCONCLUSIVE: 4000 cases, about 11805 needed)"
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (("a", "none", False), "crisis is 'none'; wanted true or false"),
        (("a", True, None), "flagged is None; .* got no answer"),
        (("a", True, float("nan")), "flagged is nan"),
        ((None, True, True), "group is None"),
        ((" ", True, True), "group is ' '"),
    ],
)
def test_a_record_that_says_nothing_clear_is_refused(fields, message):
    """A label in words is true whatever it says, and would count every message as a crisis."""
    with pytest.raises(UsageError, match=message):
        Record(*fields)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "two or more"),
        ([Record("a", True, True)], "two or more"),
        ([Record("a", True, True, 1.5), Record("b", True, True, 0.5)], "a score of x=a is 1.5"),
        ([Record("a", True, True, 0.5), Record("b", True, True)], "1 of 2 have no score"),
    ],
)
def test_what_cannot_be_compared_is_refused(rows, message):
    with pytest.raises(UsageError, match=message):
        compare_groups(rows, attribute="x")
