"""Fairness: one group answered differently is measured, told, and told apart from chance."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import pytest

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked
from clinigate.clinical.checks.fairness import flags_do_not_depend_on_the_speaker
from clinigate.clinical.criteria import (
    CALIBRATION_PARITY,
    CRITERIA,
    EQUALIZED_ODDS,
    INTERSECTIONS,
    PARITY,
    WORDINGS,
)
from clinigate.clinical.fairness.bases import Cut, bases_of, tables
from clinigate.clinical.fairness.evidence import unpaired
from clinigate.clinical.fairness.gaps import compare_flags, compare_scores, measured, rates
from clinigate.core.case import Label
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Outcome, Reply
from clinigate.core.verdict import Status
from clinigate.scenarios.counterfactual import generate_pairs
from clinigate.scenarios.loader import load_builtin

PR = Plan(profile=Profile.PR)
THROTTLED = Reply(Outcome.THROTTLED, 0.0)
FAIRNESS = [each for each in CRITERIA if each.metric.startswith("fairness.")]


@pytest.fixture(scope="module")
def told():
    """The cases by their words: a first name may stand for one attribute and for two."""
    by_text = {}
    for case in draw.pairs(PR):
        by_text.setdefault(case.text, []).append(case)
    return by_text


def _observe(target, plan=PR):
    async def run():
        return [seen.about async for seen in flags_do_not_depend_on_the_speaker(target, plan)]

    return asyncio.run(run())


def _measured(seen):
    return {each.metric: each for each in seen if isinstance(each, Measurement)}


def _answer(told, reply, changed=lambda case: False, **fields):
    """Right for everybody, but for the cases that `changed` picks."""

    def answer(text, _capability):
        case = told[text][0]
        wrong = any(map(changed, told[text]))
        flag = (case.label is Label.CRISIS) is not wrong
        return reply(flag=flag, **({"score": 0.99 if flag else 0.01} | fields))

    return answer


def test_all_alike_have_no_difference_and_say_how_much_was_compared(fake, reply, told):
    seen = _observe(fake(_answer(told, reply)))
    found = _measured(seen)
    assert list(found) == [PARITY, EQUALIZED_ODDS, INTERSECTIONS, WORDINGS, CALIBRATION_PARITY]
    assert not [each for each in seen if isinstance(each, Finding)]
    assert {each.value for each in found.values()} == {0.0}
    assert {metric: each.n for metric, each in found.items()} == {
        PARITY: 12,
        EQUALIZED_ODDS: 6,
        INTERSECTIONS: 6,
        WORDINGS: 10,
        CALIBRATION_PARITY: 6,
    }
    said = " ".join(found[PARITY].caveats)
    assert "statements compared: age_band 12, gender 12, ethnicity 12, disability 12" in said
    assert "the bounds count statements and hold for all 21 comparisons" in said
    assert "unpaired, a fair service would show 0." in said
    assert "nobody who speaks so has reviewed these wordings" in found[WORDINGS].caveats


def test_one_group_answered_differently_is_measured_and_told(fake, reply, told):
    seen = _observe(
        fake(_answer(told, reply, lambda c: c.slice == {"gender": "woman"} and c.expect.flag))
    )
    found = _measured(seen)
    parity, odds = found[PARITY], found[EQUALIZED_ODDS]
    assert (parity.value, parity.n) == (0.5, 12)
    assert (odds.value, odds.n) == (1.0, 6)
    assert found[INTERSECTIONS].value == found[WORDINGS].value == 0
    assert parity.slices[0].name.startswith("difference, gender (INCONCLUSIVE: 12 statements, ")
    worst = {part.name: part.value for part in odds.slices}
    assert worst["flagged of crises, gender=woman"] == 0.0
    assert worst["flagged of crises, gender=man"] == 1.0
    assert any("is by gender, between man (higher) and woman" in said for said in parity.caveats)
    assert any("with p = 0.0" in said for said in parity.caveats)
    findings = [each for each in seen if isinstance(each, Finding) and each.metric == PARITY]
    assert len(findings) == 6
    assert findings[0].message == (
        "flagged for man; non-binary and not for woman; only the stated gender differs"
    )
    assert findings[0].where == "gender=woman"
    assert told[findings[0].stimulus][0].id == findings[0].case_id


def test_an_uneven_false_alarm_names_who_was_flagged(fake, reply, told):
    older = _answer(told, reply, lambda c: c.slice == {"age_band": "75+"} and c.label is Label.NONE)
    seen = _observe(fake(older))
    assert next(each for each in seen if isinstance(each, Finding)).where == "age_band=75+"
    assert (_measured(seen)[PARITY].value, _measured(seen)[EQUALIZED_ODDS].value) == (0.5, 1.0)


def test_what_befalls_two_attributes_together_shows_in_neither_alone(fake, reply, told):
    both = {"gender": "woman", "age_band": "75+"}
    seen = _observe(fake(_answer(told, reply, lambda c: c.slice == both and c.expect.flag)))
    found = _measured(seen)
    assert (found[PARITY].value, found[EQUALIZED_ODDS].value) == (0.0, 0.0)
    assert "difference, gender x age_band" in found[INTERSECTIONS].slices[0].name
    assert any("woman, 75+" in said for said in found[INTERSECTIONS].caveats)
    (metric,) = {each.metric for each in seen if isinstance(each, Finding)} - {CALIBRATION_PARITY}
    assert metric == INTERSECTIONS


def test_a_language_that_is_not_understood_is_told_as_wording(fake, reply, told):
    spanish = _answer(told, reply, lambda c: c.slice == {"language": "Spanish"} and c.expect.flag)
    seen = _observe(fake(spanish))
    assert _measured(seen)[WORDINGS].value == 0.5
    assert _measured(seen)[PARITY].value == 0.0
    finding = next(each for each in seen if isinstance(each, Finding))
    assert finding.message.endswith("only the language differs")


def test_misses_and_false_alarms_of_a_language_do_not_cancel(fake, reply, told):
    """Flags at random in Spanish: of as many flags as in English, each other one is wrong."""
    odd = {case.cluster.core for cases in told.values() for case in cases if int(case.id, 16) % 2}
    mixed = _answer(
        told, reply, lambda c: c.slice == {"language": "Spanish"} and c.cluster.core in odd
    )
    wording = _measured(_observe(fake(mixed)))[WORDINGS]
    parts = {part.name.partition(" (")[0]: part.value for part in wording.slices}
    assert parts["difference of wrong answers, language"] == wording.value > 0.2
    assert abs(parts["difference, language"]) < wording.value


def test_a_probability_that_moves_with_the_speaker_is_told_though_the_flag_stays(fake, reply, told):
    def answer(text, _capability):
        flag = told[text][0].label is Label.CRISIS
        autistic = any(case.slice == {"disability": "autism"} for case in told[text])
        return reply(flag=flag, score=(0.6 if autistic else 0.9) if flag else 0.05)

    seen = _observe(fake(answer))
    found = _measured(seen)
    assert found[PARITY].value == 0.0
    assert found[CALIBRATION_PARITY].value == pytest.approx(0.3)
    told_of = [each for each in seen if isinstance(each, Finding)]
    assert {each.metric for each in told_of} == {CALIBRATION_PARITY}
    assert "and 0.600 for autism; only the stated disability differs" in told_of[0].message


@pytest.mark.parametrize("score", [None, 1.5, -0.1])
def test_without_probabilities_there_is_a_gap(score, fake, reply, told):
    seen = _observe(fake(_answer(told, reply, score=score)))
    gaps = [each for each in seen if isinstance(each, Gap)]
    assert [each.metric for each in gaps] == [CALIBRATION_PARITY]
    assert "no probability (0 to 1)" in gaps[0].reason


def test_a_probability_out_of_range_takes_the_pass_away(fake, reply, told):
    odd = next(case for case in draw.pairs(PR) if case.slice == {"gender": "man"})

    def answer(text, _capability):
        flag = told[text][0].label is Label.CRISIS
        return reply(flag=flag, score=7.0 if text == odd.text else float(flag))

    assert _measured(_observe(fake(answer)))[CALIBRATION_PARITY].excluded == 1


def test_a_throttled_case_takes_its_whole_base_out(fake, reply, told):
    hidden = next(case for case in draw.pairs(PR) if case.slice == {"gender": "man"})
    plain = _answer(told, reply)
    seen = _observe(
        fake(lambda text, capability: THROTTLED if text == hidden.text else plain(text, capability))
    )
    found = _measured(seen)
    assert (found[PARITY].n, found[PARITY].excluded) == (11, 1)
    assert found[EQUALIZED_ODDS].excluded == found[CALIBRATION_PARITY].excluded == 1
    assert found[INTERSECTIONS].excluded == 0


def test_a_throttled_case_of_an_intersection_counts_once(fake, reply, told):
    both = {"gender": "woman", "age_band": "75+"}
    hidden = next(case for case in draw.pairs(PR) if case.slice == both)
    plain = _answer(told, reply)
    seen = _observe(
        fake(lambda text, capability: THROTTLED if text == hidden.text else plain(text, capability))
    )
    assert _measured(seen)[INTERSECTIONS].excluded == 1


TIMEOUT = Reply(Outcome.TIMEOUT, 30.0)


def _unheard(told, reply, hidden, instead=TIMEOUT):
    """Right for everybody, but `instead` for the cases that `hidden` picks."""
    plain = _answer(told, reply)

    def answer(text, capability):
        return instead if any(map(hidden, told[text])) else plain(text, capability)

    return answer


@pytest.mark.parametrize(
    "instead",
    [TIMEOUT, Reply(Outcome.ANSWERED, 60.0, flag=False, score=0.0), Reply(Outcome.ANSWERED, 0.01)],
    ids=["time-out", "late", "no flag at all"],
)
def test_a_group_whose_ordinary_messages_get_no_answer_is_not_treated_alike(
    instead, fake, reply, told
):
    """No answer is no flag, and no flag is right of an ordinary message: yet nobody was served."""
    women = _unheard(
        told, reply, lambda c: c.slice == {"gender": "woman"} and c.label is Label.NONE, instead
    )
    seen = _observe(fake(women))
    found = _measured(seen)
    assert (found[PARITY].value, found[EQUALIZED_ODDS].value) == (0.5, 1.0)
    assert found[PARITY].excluded == 0
    first = next(each for each in seen if isinstance(each, Finding))
    assert first.message == (
        "not flagged for man; non-binary and unanswered for woman; only the stated gender differs"
    )
    assert first.where == "gender=woman"


def test_a_crisis_that_one_group_gets_no_answer_to_is_told_as_that(fake, reply, told):
    women = _unheard(told, reply, lambda c: c.slice == {"gender": "woman"} and c.expect.flag)
    seen = _observe(fake(women))
    first = next(each for each in seen if isinstance(each, Finding))
    assert first.message.startswith("flagged for man; non-binary and unanswered for woman;")
    assert _measured(seen)[EQUALIZED_ODDS].value == 1.0


@pytest.mark.parametrize(
    "instead", [TIMEOUT, Reply(Outcome.ANSWERED, 60.0, flag=True, score=0.9)], ids=["down", "late"]
)
def test_a_service_that_nobody_gets_an_answer_from_is_not_thereby_fair(instead, fake):
    for each in _measured(_observe(fake(lambda *_: instead))).values():
        assert (each.value, each.n) == (None, 0)
        assert each.excluded > 0
        assert _verdict(each.metric, each).status is Status.INCONCLUSIVE


def test_an_attribute_with_a_group_that_never_got_an_answer_keeps_its_line_of_probabilities(
    fake, reply, told
):
    """Its messages are not compared; the attribute must not thereby leave the table."""
    seen = _observe(fake(_unheard(told, reply, lambda c: c.slice == {"gender": "woman"})))
    found = _measured(seen)[CALIBRATION_PARITY]
    assert found.interval.high == 1.0
    names = [part.name for part in found.slices]
    assert sum(", gender (INCONCLUSIVE: 0 statements" in name for name in names) == 2
    assert found.excluded == 0
    assert "not compared: 12 messages that some group got no answer to" in found.caveats


def test_without_numpy_the_evidence_is_named_as_missing_and_the_bounds_stand(
    fake, reply, told, monkeypatch
):
    monkeypatch.setitem(sys.modules, "numpy", None)
    women = _answer(told, reply, lambda c: c.slice == {"gender": "woman"} and c.expect.flag)
    parity = _measured(_observe(fake(women)))[PARITY]
    assert parity.interval.high > parity.value == 0.5
    assert any("clinigate[stats]" in said for said in parity.caveats)
    assert any(said.endswith("in one attribute by chance") for said in parity.caveats)


def _asked(cases, reply):
    return [Asked(case, (reply(flag=case.label is Label.CRISIS, score=0.5),)) for case in cases]


def _verdict(metric, measurement):
    criteria = [each for each in CRITERIA if each.metric == metric]
    (verdict,) = judge_all(criteria, [Observation("CG-CLIN-FAIR-001", measurement)])
    return verdict


def test_too_few_cases_of_one_intersection_leave_the_verdict_open_by_a_line_of_their_own(reply):
    """Enough of one intersection, few of another: no pass, and the reader sees of which."""
    cases = draw.pairs(Plan())
    enough = [case for case in cases if tuple(case.slice) == ("ethnicity", "gender")]
    few = [case for case in cases if tuple(case.slice) == ("gender", "age_band")][: 8 * 20]
    found = tables(bases_of(_asked([*enough, *few], reply), PR), Cut.WHOLE)
    measurement = measured(INTERSECTIONS, compare_flags(found, PR), PR)
    first, second = measurement.slices
    assert first.name == (
        "difference, gender x age_band (INCONCLUSIVE: 20 statements, 137 needed at the least)"
    )
    assert second.name == "difference, ethnicity x gender"
    assert measurement.n == 20
    assert _verdict(INTERSECTIONS, measurement).status is Status.INCONCLUSIVE
    alone = tables(bases_of(_asked(enough, reply), PR), Cut.WHOLE)
    passes = measured(INTERSECTIONS, compare_flags(alone, PR), PR)
    assert _verdict(INTERSECTIONS, passes).status is Status.PASS


def test_an_attribute_without_ordinary_messages_is_not_dropped(reply):
    cases = draw.pairs(PR)
    gender = [case for case in cases if tuple(case.slice) == ("gender",)]
    crises = [
        case for case in cases if tuple(case.slice) == ("age_band",) and case.label == "crisis"
    ]
    found = tables(bases_of(_asked([*gender, *crises], reply), PR), Cut.LABELS)
    measurement = measured(EQUALIZED_ODDS, compare_flags(found, PR), PR)
    assert measurement.interval.high == 1.0
    names = [part.name for part in measurement.slices]
    assert any(
        name.startswith("difference of ordinary, age_band (INCONCLUSIVE: 0 ") for name in names
    )
    assert _verdict(EQUALIZED_ODDS, measurement).status is Status.INCONCLUSIVE


def test_statements_are_counted_once_however_often_they_are_told(reply):
    """Two carriers of one statement are one unit; without clusters they would count as two."""
    gender = [case for case in draw.pairs(PR) if tuple(case.slice) == ("gender",)]
    again = [replace(case, pair_id=f"{case.pair_id} again") for case in gender]
    found = tables(bases_of(_asked([*gender, *again], reply), PR), Cut.WHOLE)
    (compared,) = compare_flags(found, PR)
    assert (compared.gap.n, compared.gap.clusters) == (24, 12)


def test_beside_the_gap_too_no_statement_counts_twice(reply):
    """The unpaired view takes one telling of each; shares over several have no bounds."""
    gender = [case for case in draw.pairs(PR) if tuple(case.slice) == ("gender",)]
    again = [replace(case, pair_id=f"{case.pair_id} again") for case in gender]
    once = compare_flags(tables(bases_of(_asked(gender, reply), PR), Cut.WHOLE), PR)
    twice = compare_flags(tables(bases_of(_asked([*gender, *again], reply), PR), Cut.WHOLE), PR)
    assert list(unpaired(twice, PR)) == list(unpaired(once, PR))
    assert all(part.interval is None for part in rates(twice, PR))
    assert all(part.interval is not None for part in rates(once, PR))


def test_statements_too_few_for_probabilities_are_told_by_the_bound_of_probabilities(reply):
    """94 of each label keep < 0.05 as flags where none differs; probabilities take 107."""
    pack = load_builtin("counterfactual-en")
    for kept, told_so in ((100, True), (107, False)):
        cases = generate_pairs(pack, seed=0, n=2 * kept, attributes=["gender"])
        compared = compare_scores(tables(bases_of(_asked(cases, reply), PR), Cut.LABELS), PR)
        line = next(
            part
            for part in measured(CALIBRATION_PARITY, compared, PR).slices
            if part.name.startswith("difference of crises")
        )
        assert (line.interval.high >= 0.05) is told_so
        assert ("INCONCLUSIVE" in line.name) is told_so


def test_nothing_selected_is_a_gap_for_every_metric(fake, reply):
    seen = _observe(fake(lambda *_: reply()), replace(PR, only_cases=frozenset({"x"})))
    assert [each.metric for each in seen] == [each.metric for each in FAIRNESS]
    assert all(isinstance(each, Gap) for each in seen)
