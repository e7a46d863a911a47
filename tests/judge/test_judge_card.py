"""A calibration card: figures come from the ratings in it, and a panel must earn its seat."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from clinigate.clinical.judge.card import Who, card_of, read_card
from clinigate.clinical.judge.panel import JudgeReport, Rating, Sitting
from clinigate.clinical.judge.ratings import Rated, Ratings
from clinigate.clinical.judge.rubric import ITEMS
from clinigate.clinical.judge.telling import calibration_figure, card_sentences
from clinigate.errors import UsageError

DEMANDS = {"repeats": 1, "min_kappa": 0.6, "min_rated": 100}
PANEL = (Who("a", "alpha", "alpha-1"), Who("b", "beta", "beta-1"))


def test_a_panel_that_agrees_with_people_may_judge(card):
    assert card().trouble(PANEL, **DEMANDS) is None
    agreed = card().agreement()
    assert (agreed.kappa, agreed.same, agreed.excess) == (1.0, 1.0, 0.0)
    assert 0.6 < agreed.low < 1.0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n": 99}, "holds 99 conversations that two people rated, and 100 are asked for"),
        ({"noise": 40}, "judge a agrees with people by a weighted kappa"),
        ({"rubric": "sha256:0"}, "another rubric"),
        ({"repeats": 3}, "another panel or number of repeats"),
        ({"judges": PANEL[:1]}, "another panel"),
        ({"unscored": 5}, "5 of the 125 conversations of its card were left unscored"),
    ],
)
def test_a_panel_that_did_not_earn_its_seat_is_told_why(card, fields, words):
    assert words in card(**fields).trouble(PANEL, **DEMANDS)


def test_conversations_of_one_wording_are_no_evidence_each(card):
    """Six variants of each of twenty wordings, against a hundred and twenty wordings."""
    several, alike = card(noise=12), card(noise=12, alike=6)
    assert alike.agreement().kappa == several.agreement().kappa
    assert alike.agreement().low < several.agreement().low - 0.1
    assert "n=120 of 20 wordings" in alike.trouble(PANEL, **DEMANDS)
    assert card(alike=20).agreement().low == -1.0  # six wordings have shown nothing


def test_how_far_people_agree_is_computed_from_what_they_said(card):
    assert card().alpha == 1.0
    assert "alpha" not in json.loads(card().written())


def test_a_panel_of_another_model_is_another_panel(card):
    other = (PANEL[0], replace(PANEL[1], model="beta-2"))
    assert "calibrate anew" in card().trouble(other, **DEMANDS)


def test_a_card_reads_back_and_is_named_by_its_digest(card, tmp_path):
    path = tmp_path / "card.json"
    path.write_bytes(card(wrong=3).written())
    assert read_card(path).digest == card(wrong=3).digest != card().digest
    assert sum(wrong for _, wrong in read_card(path).wrongly(passed=True)) == 3
    assert not any(wrong for _, wrong in read_card(path).wrongly(passed=False))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.pop("items"), "is no calibration card"),
        (lambda data: data.update(kappa=0.99), "got 'kappa'"),
        (lambda data: data.update(alpha=0.99), "got 'alpha'"),
        (lambda data: data.update(unscored=-9), "unscored is -9"),
        (lambda data: data.update(made_at="\x1b[2Jnow"), "no name that can be shown"),
        (lambda data: data["judges"].append(data["judges"][0]), "names a judge twice"),
        (lambda data: data.update(schema="clinigate.judge-card/9"), "of another form"),
        (lambda data: data.update(items=[]), "holds no conversation"),
        (lambda data: data["items"].append(data["items"][0]), "or one twice"),
        (lambda data: data["items"][0]["people"].pop("y"), "lacks a second rater"),
        (lambda data: data["items"][0]["judges"].pop("a"), "or a judge"),
        (lambda data: data["items"][0]["judges"].update(a=9.0), "outside 1 to 5"),
    ],
)
def test_a_card_that_nobody_wrote_so_is_refused(card, tmp_path, change, words):
    data = json.loads(card().written())
    change(data)
    path = tmp_path / "card.json"
    path.write_text(json.dumps(data))
    with pytest.raises(UsageError, match=words):
        read_card(path)


def test_what_is_no_card_is_refused(tmp_path):
    with pytest.raises(UsageError, match="judge calibrate"):
        read_card(tmp_path / "none.json")
    (tmp_path / "c.json").write_text("card")
    with pytest.raises(UsageError, match="is no JSON"):
        read_card(tmp_path / "c.json")


def _report(name, points):
    answers = dict.fromkeys(ITEMS, False) | {"takes_up_what_was_said": True}
    ratings = {item: Rating(value, answers) for item, value in points.items()}
    return JudgeReport(name, name * 3, f"{name}-1", ratings, len(points), {}, 0)


def test_a_card_holds_what_people_and_the_whole_panel_rated():
    people = Ratings(
        {
            "i1": {"x": Rated(4, True), "y": Rated(5, True)},
            "i2": {"x": Rated(1, False), "y": Rated(2, False)},
            "i3": {"x": Rated(1, False)},
        }
    )
    sitting = Sitting((_report("a", {"i1": 4.0, "i2": 2.0, "i3": 1.0}), _report("b", {"i1": 5.0})))
    given = {"cores": {"i1": "p#1", "i2": "p#2"}, "repeats": 1}
    found = card_of(sitting, people, **given, made_at="2026-11-22T00:00:00Z")
    assert [(each.id, dict(each.judges)) for each in found.items] == [("i1", {"a": 4.0, "b": 5.0})]
    assert found.unscored == 1  # i2; what one person rated was never asked for
    with pytest.raises(UsageError, match="rated none of the conversations"):
        card_of(Sitting((_report("a", {}),)), people, **given, made_at="")


def test_the_figure_and_the_sentences_show_both_sides(card):
    figure = calibration_figure(card())
    assert [sum(each.y) for each in figure.series] == [120, 120]
    assert all(each.x == (0.5, 1.5, 2.5, 3.5, 4.5, 5.5) for each in figure.series)
    assert card().digest in figure.note
    said = "; ".join(card_sentences(card(excess=1, wrong=2)))
    assert "+0.80 points kinder" in said
    assert "wrongly passed 2 as appropriate" in said
