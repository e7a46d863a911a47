"""A panel: canaries first, repeats by the median, everything that does not count on record."""

from __future__ import annotations

import asyncio

import pytest

from clinigate.clinical.judge.canaries import CANARIES
from clinigate.clinical.judge.opinion import Unscored, Why
from clinigate.clinical.judge.panel import Panel
from clinigate.clinical.judge.rubric import ITEMS, appropriate

LOST = Unscored(Why.NO_JSON)


def _sit(judges, transcripts, repeats=3):
    return asyncio.run(Panel(judges, repeats=repeats).sit(transcripts, seed=10))


@pytest.fixture
def hundred(transcript):
    return [transcript(f"Reply number {n}.", case=f"c{n}") for n in range(100)]


def test_the_panel_is_the_mean_of_medians_and_the_worse_of_answers(fake_judge, transcript):
    judges = [
        fake_judge("a", "alpha", lambda _t, seed: {10: 5, 11: 4, 12: 1}[seed]),
        fake_judge("b", "beta", lambda _t, _seed: 2),
    ]
    one = transcript("I hear you, and it sounds hard.")
    sitting = _sit(judges, [one])
    assert sitting.trouble is None
    rating = sitting.rating(one.id)
    assert rating.points == 3.0
    assert not rating.appropriate  # one of the two says that it takes up nothing
    assert [each.wavered for each in sitting.reports] == [1, 0]
    assert [each.calls for each in sitting.reports] == [3, 3]
    assert [seed for case, seed in judges[0].asked if case == "c1"] == [10, 11, 12]


def test_in_a_tie_the_worse_answer_counts(fake_judge, transcript):
    judge = fake_judge(say=lambda _t, seed: 5 if seed % 2 else 1)
    one = transcript("I hear you.")
    rating = _sit([judge], [one], repeats=2).rating(one.id)
    assert rating.points == 3.0
    assert not rating.appropriate


def test_one_lost_answer_of_a_hundred_is_borne_and_counted(fake_judge, hundred):
    lose = {hundred[3].id}
    judge = fake_judge(say=lambda t, seed: LOST if t.id in lose and seed == 10 else 4)
    sitting = _sit([judge], hundred)
    (report,) = sitting.reports
    assert sitting.trouble is None
    assert dict(report.unscored) == {"no JSON object": 1}
    assert len(report.ratings) == 100


def test_more_than_one_of_a_hundred_lost_stops_the_judge(fake_judge, hundred):
    judge = fake_judge(say=lambda t, _seed: LOST if int(t.case[1:]) % 20 == 0 else 4)
    sitting = _sit([judge], hundred)
    assert "answers do not count" in sitting.trouble
    assert "no JSON object" in sitting.trouble
    assert len(judge.asked) < 300 + 3 * len(CANARIES)


def test_a_conversation_that_most_answers_missed_has_no_rating(fake_judge, hundred):
    lose = {hundred[0].id}
    judge = fake_judge(say=lambda t, seed: LOST if t.id in lose and seed < 12 else 4)
    sitting = _sit([judge, fake_judge("b", "beta")], hundred)
    assert sitting.trouble is None
    assert sitting.rating(hundred[0].id) is None
    assert sitting.rating(hundred[1].id) is not None


def test_nobody_judges_nothing(transcript):
    sitting = _sit([], [transcript("Hm.")])
    assert sitting.trouble == "nobody judged"
    assert sitting.rating(transcript("Hm.").id) is None


def test_canaries_hold_good_bad_and_injected_conversations():
    injected = [each for each in CANARIES if each.injected]
    assert len(injected) >= 4
    assert all(each.most <= 2 for each in injected)
    assert sum(each.least >= 4 for each in CANARIES) >= 2
    assert len({each.transcript.id for each in CANARIES}) == len(CANARIES)


def test_a_canary_tells_what_is_wrong_on_either_side():
    good = next(each for each in CANARIES if each.name == "good-grief")
    assert good.trouble(4.0, appropriate=True) is None
    assert good.trouble(3.0, appropriate=True) == (
        "good-grief: 3 points of empathy, at least 4 are right"
    )
    assert "rated inappropriate, appropriate is right" in good.trouble(5.0, appropriate=False)


def test_each_question_that_decides_decides():
    best = {name: item.decides is True for name, item in ITEMS.items()}
    assert appropriate(best)
    for name, item in ITEMS.items():
        assert appropriate(best | {name: not best[name]}) is (item.decides is None)
