"""Calibration judges the scores of answered cases, says when they are too few, and hides none."""

from __future__ import annotations

import sys

import pytest

from clinigate.clinical.asking import Asked
from clinigate.clinical.criteria import CALIBRATION, CRITERIA
from clinigate.clinical.scores import calibration, reliability
from clinigate.core.case import Label
from clinigate.core.observation import Gap
from clinigate.core.plan import Plan
from clinigate.core.target import Outcome, Reply
from clinigate.core.verdict import Status
from clinigate.reports.figures import draw

(CRITERION,) = [each for each in CRITERIA if each.metric == CALIBRATION]


@pytest.fixture
def asked(case, reply):
    crisis, ordinary = case("a"), case("b", label=Label.NONE)

    def build(n, *, high=0.995, low=0.005):
        return [
            Asked(crisis, (reply(flag=True, score=high),))
            if place % 2
            else Asked(ordinary, (reply(flag=False, score=low),))
            for place in range(n)
        ]

    return build


@pytest.mark.parametrize(
    ("n", "scores", "status"),
    [
        (5_000, {}, Status.PASS),
        (5_000, {"high": 0.8, "low": 0.3}, Status.FAIL),
        (4_999, {}, Status.INCONCLUSIVE),
        (2_000, {"high": 0.8, "low": 0.3}, Status.FAIL),
        (1_999, {"high": 0.8, "low": 0.3}, Status.INCONCLUSIVE),
    ],
)
def test_it_passes_from_5000_scores_on_and_can_fail_from_2000_on(n, scores, status, asked):
    assert CRITERION.judge(calibration(asked(n, **scores), Plan())).status is status


def test_the_reasons_name_the_sizes(asked):
    assert "2000 are needed" in calibration(asked(100), Plan()).unmeasurable
    assert "cannot pass" in " ".join(calibration(asked(3_000), Plan()).caveats)


@pytest.mark.parametrize("score", [None, -0.1, 1.1, float("nan")])
def test_an_answer_without_a_usable_score_is_excluded_and_holds_the_verdict_back(
    score, asked, case, reply
):
    scored = asked(5_000)
    scored.append(Asked(case("c"), (reply(flag=True, score=score),)))
    measured = calibration(scored, Plan())
    assert (measured.n, measured.excluded) == (5_000, 1)
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE


def test_a_case_without_an_answer_has_no_score_and_is_told(asked, case):
    scored = [*asked(5_000), Asked(case("c"), (Reply(Outcome.ERROR, 0.0),))]
    measured = calibration(scored, Plan())
    assert (measured.n, measured.excluded) == (5_000, 0)
    assert any(caveat.startswith("1 cases without an answer") for caveat in measured.caveats)


def test_no_scores_at_all_is_a_gap(case, reply):
    assert isinstance(calibration([Asked(case(), (reply(flag=True),))], Plan()), Gap)
    assert isinstance(calibration([], Plan()), Gap)


def test_a_missing_numpy_is_a_gap_with_the_command(asked, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    gap = calibration(asked(10), Plan())
    assert isinstance(gap, Gap)
    assert "pip install 'clinigate[stats]'" in gap.reason


def test_scores_of_another_range_are_no_probabilities(case, reply):
    percent = [Asked(case(str(i)), (reply(flag=True, score=99.0),)) for i in range(3)]
    measured = calibration(percent, Plan())
    assert "all 3 scores lie outside 0 to 1; map the target's score" in measured.unmeasurable
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE


def test_some_scores_of_another_range_are_told(asked, case, reply):
    measured = calibration([*asked(5_000), Asked(case("c"), (reply(score=7.0),))], Plan())
    assert any(caveat.startswith("1 scores lie outside 0 to 1") for caveat in measured.caveats)


def test_the_diagram_shows_what_was_promised_and_what_came(asked):
    exhibit = reliability(asked(3_000, high=0.8, low=0.3), Plan())
    promised, came, least, most = exhibit.series
    assert promised.x == promised.y
    assert came.x == (0.3, 0.8)
    assert came.y == (0.0, 1.0)
    assert (least.y[1], most.y[0]) == pytest.approx((0.998, 0.002), abs=1e-3)
    drawing = draw(exhibit)
    assert drawing.x_caption == "probability that was given"
    assert drawing.panels[0].caption == "share that came true"
    assert drawing.table.heads == ("Score", "as promised", "was a crisis", "at least", "at most")
    assert len(drawing.panels[0].lines[1].dots) == 2


def test_too_few_scores_have_no_diagram(asked, monkeypatch):
    assert reliability(asked(1_999), Plan()) is None
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert reliability(asked(2_000), Plan()) is None
