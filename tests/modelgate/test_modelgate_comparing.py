"""A release against its baseline: what is lost fails, what is hidden is never a pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.case import Severity
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Observation
from clinigate.core.statistics.drift import sketch
from clinigate.core.verdict import Status
from clinigate.modelgate.answers import Answer, Answers, Question
from clinigate.modelgate.check import unsteadiness
from clinigate.modelgate.comparing import RELATIVE, compare, latency_ratio
from clinigate.modelgate.steadiness import Sentinel
from clinigate.quality.model_criteria import (
    DETECTION_LOSS,
    LATENCY_RATIO,
    LENGTH_DRIFT,
    MODEL_CRITERIA,
    NEW_MISSES,
    PROVEN_LOSSES,
    SAFETY_LOSS,
    SCORE_DRIFT,
    UNSTEADINESS,
    WORDING_DRIFT,
)

N = 900
TEXT = "Thank you for telling me. Please call 988 at any time, and stay with somebody."


def rows(question: Question, **changed: Any) -> tuple[Answer, ...]:
    severities = (Severity.C2, Severity.C4, Severity.EMERGENCY)
    return tuple(
        replace(
            Answer(
                f"{question}{i}",
                f"core{i}",
                severities[i % 3],
                right=True,
                score=0.5 + i / (2 * N),
                length=200 + i,
            ),
            **changed,
        )
        for i in range(N)
    )


def answered(**changed: Any) -> Answers:
    by = {question: rows(question, **changed) for question in Question}
    sketches = {
        row.case: sketch(f"{TEXT} {i % 7}") for i, row in enumerate(by[Question.CARE][:150])
    }
    return Answers(by, sketches, {row.case: 0.1 for row in by[Question.DETECTION][:100]})


def without(answers: Answers, question: Question, wrong: dict[int, bool | None]) -> Answers:
    changed = tuple(
        replace(row, right=wrong.get(i, row.right)) for i, row in enumerate(answers.by[question])
    )
    return replace(answers, by={**answers.by, question: changed})


def statuses(before: Answers, now: Answers) -> dict[str, Status]:
    seen = [*compare(before, now, confidence=0.95, seed=0, words="baseline: 1")]
    asked = len(answered().seconds)
    seen.append(
        latency_ratio(before.seconds, now.seconds, asked=asked, delay_s=0.0, confidence=0.95)
    )
    criteria = [criterion for criterion in MODEL_CRITERIA if criterion.metric in RELATIVE]
    verdicts = judge_all(criteria, [Observation("CG-MODEL-RELEASE-001", each) for each in seen])
    return {verdict.criterion: verdict.status for verdict in verdicts}


def differing(before: Answers, now: Answers) -> dict[str, Status]:
    return {name: status for name, status in statuses(before, now).items() if status != Status.PASS}


def test_a_release_that_answers_alike_passes_all() -> None:
    assert differing(answered(), answered()) == {}


def test_one_grave_crisis_newly_missed_fails_and_one_that_is_not_grave_does_not() -> None:
    clean = answered()
    grave = without(clean, Question.DETECTION, {1: False})
    assert differing(clean, grave) == {NEW_MISSES: Status.FAIL}
    mild = without(clean, Question.DETECTION, {0: False})
    assert differing(clean, mild) == {}
    unsafe = without(clean, Question.SAFETY, {2: False})
    assert differing(clean, unsafe) == {NEW_MISSES: Status.FAIL}


def test_a_new_miss_is_named_by_its_case() -> None:
    clean = answered()
    grave = without(clean, Question.DETECTION, {1: False})
    seen = compare(clean, grave, confidence=0.95, seed=0, words="")
    lost, missed = (each for each in seen if isinstance(each, Finding))
    assert (lost.metric, lost.case_id) == (DETECTION_LOSS, "detection1")
    assert (missed.metric, missed.case_id, missed.where) == (NEW_MISSES, "detection1", "C4")


def test_what_the_baseline_missed_already_is_no_new_miss() -> None:
    """A gain elsewhere buys no miss back, and a miss of both is none of this release."""
    missed = without(answered(), Question.DETECTION, {1: False})
    assert differing(missed, missed) == {}
    swapped = without(answered(), Question.DETECTION, {1: True, 4: False})
    assert differing(missed, swapped) == {NEW_MISSES: Status.FAIL}


def test_a_loss_beyond_the_margin_fails_and_is_proven() -> None:
    clean = answered()
    worse = without(clean, Question.DETECTION, dict.fromkeys(range(0, 90, 3), False))
    assert differing(clean, worse) == {
        DETECTION_LOSS: Status.FAIL,
        PROVEN_LOSSES: Status.FAIL,
    }
    assert differing(worse, clean) == {}


def test_a_small_proven_loss_is_told_though_it_is_within_the_margin() -> None:
    clean = answered()
    worse = without(clean, Question.EMOTION, dict.fromkeys(range(8), False))
    assert differing(clean, worse) == {PROVEN_LOSSES: Status.FAIL}


def test_what_a_rate_limit_hid_is_never_a_pass() -> None:
    clean = answered()
    hidden = without(clean, Question.SAFETY, {0: None})
    assert differing(clean, hidden) == {
        SAFETY_LOSS: Status.INCONCLUSIVE,
        PROVEN_LOSSES: Status.INCONCLUSIVE,
    }
    grave = without(clean, Question.SAFETY, {1: None})
    assert statuses(clean, grave)[NEW_MISSES] is Status.INCONCLUSIVE
    assert statuses(grave, clean)[NEW_MISSES] is Status.INCONCLUSIVE
    all_of_them = without(clean, Question.DETECTION, dict.fromkeys(range(N)))
    assert statuses(clean, all_of_them)[NEW_MISSES] is Status.INCONCLUSIVE
    assert statuses(clean, all_of_them)[DETECTION_LOSS] is Status.INCONCLUSIVE


def test_what_only_one_was_asked_is_not_assessed() -> None:
    clean = answered()
    silent = replace(
        clean,
        by={
            question: asked
            for question, asked in clean.by.items()
            if question in (Question.DETECTION, Question.ORDINARY)
        },
        sketches={},
    )
    for before, now in ((clean, silent), (silent, clean)):
        found = statuses(before, now)
        assert found[SAFETY_LOSS] is Status.NOT_ASSESSED
        assert found[LENGTH_DRIFT] is Status.NOT_ASSESSED
        assert found[WORDING_DRIFT] is Status.NOT_ASSESSED
        assert found[DETECTION_LOSS] is Status.PASS


def test_scores_that_sink_are_drift_though_every_answer_is_right() -> None:
    clean = answered()
    now = replace(
        clean,
        by={
            question: tuple(replace(row, score=(row.score or 0) * 0.8) for row in asked)
            for question, asked in clean.by.items()
        },
    )
    assert differing(clean, now) == {SCORE_DRIFT: Status.FAIL}


def test_replies_of_another_length_or_wording_are_drift() -> None:
    clean = answered()
    longer = replace(
        clean,
        by={
            question: tuple(replace(row, length=(row.length or 0) * 3) for row in asked)
            for question, asked in clean.by.items()
        },
    )
    assert differing(clean, longer) == {LENGTH_DRIFT: Status.FAIL}
    other = replace(clean, sketches={case: sketch("no words in common") for case in clean.sketches})
    assert differing(clean, other) == {WORDING_DRIFT: Status.FAIL}


def changed(answers: Answers, wrong: range, **fields: Any) -> Answers:
    by = {
        question: tuple(
            replace(row, **fields) if i in wrong else row for i, row in enumerate(asked)
        )
        for question, asked in answers.by.items()
    }
    gone = {row.case for asked in by.values() for row in asked if row.length is None}
    kept = {case: each for case, each in answers.sketches.items() if case not in gone}
    return replace(answers, by=by, sketches=kept)


def test_scores_that_a_release_no_longer_gives_are_no_pass() -> None:
    """Those that are left are distributed as before; of the others nobody can tell."""
    clean = answered()
    silent = changed(clean, range(0, N, 2), score=None)
    assert differing(clean, silent) == {SCORE_DRIFT: Status.INCONCLUSIVE}
    assert differing(silent, clean) == {}


def test_replies_that_a_release_no_longer_gives_may_be_of_any_length_and_wording() -> None:
    clean = answered()
    half = changed(clean, range(0, N, 2), length=None)
    assert differing(clean, half) == {
        LENGTH_DRIFT: Status.INCONCLUSIVE,
        WORDING_DRIFT: Status.INCONCLUSIVE,
    }
    assert statuses(half, clean)[LENGTH_DRIFT] is Status.INCONCLUSIVE
    assert differing(clean, changed(clean, range(2), length=None)) == {}


def test_times_that_a_rate_limit_hid_are_no_pass() -> None:
    clean = answered()
    few = replace(clean, seconds=dict(list(clean.seconds.items())[:30]))
    assert differing(clean, few) == {LATENCY_RATIO: Status.INCONCLUSIVE}


def test_more_confidence_makes_no_loss_harder_to_prove() -> None:
    clean = answered()
    worse = without(clean, Question.EMOTION, dict.fromkeys(range(8), False))
    for confidence in (0.95, 0.999):
        seen = compare(clean, worse, confidence=confidence, seed=0, words="")
        (proven,) = (
            each for each in seen if isinstance(each, Measurement) and each.metric == PROVEN_LOSSES
        )
        assert proven.events == 1


def test_slower_fails_unless_this_host_was_busy() -> None:
    before = {f"c{i}": 0.1 for i in range(60)}
    now = dict.fromkeys(before, 0.3)
    (criterion,) = (each for each in MODEL_CRITERIA if each.metric == LATENCY_RATIO)

    def judged(delay_s: float) -> Status:
        found = latency_ratio(before, now, asked=60, delay_s=delay_s, confidence=0.95)
        assert isinstance(found, Measurement)
        return criterion.judge(found).status

    assert judged(0.0) is Status.FAIL
    assert judged(0.2) is Status.INCONCLUSIVE
    assert statuses(replace(answered(), seconds={}), answered())[LATENCY_RATIO] is (
        Status.NOT_ASSESSED
    )


# Steadiness

(STEADY,) = (each for each in MODEL_CRITERIA if each.metric == UNSTEADINESS)


def steady(sentinels: list[tuple[bool | None, bool | None]]) -> Status:
    asked = [Sentinel(f"c{i}", f"core{i}", *each) for i, each in enumerate(sentinels)]
    seen = [Observation("X", each) for each in unsteadiness(asked, 0.95)]
    return judge_all([STEADY], seen)[0].status


@pytest.mark.parametrize(
    ("sentinels", "status"),
    [
        ([(True, True)] * 60, Status.PASS),
        ([(True, True)] * 58, Status.INCONCLUSIVE),
        ([(True, False)] * 60, Status.FAIL),
        ([(True, True)] * 115 + [(False, False)] * 5, Status.PASS),  # by chance, then as later
        ([(False, False)] * 120, Status.INCONCLUSIVE),  # the first answer is never given again
        ([(True, True)] * 59 + [(None, True)], Status.INCONCLUSIVE),
        ([(None, None)] * 60, Status.INCONCLUSIVE),
        ([], Status.NOT_ASSESSED),
    ],
)
def test_a_service_that_drifts_with_its_calls_fails(
    sentinels: list[tuple[bool | None, bool | None]], status: Status
) -> None:
    assert steady(sentinels) is status


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40), st.integers(1, 9)
)
@settings(max_examples=25)
def test_nothing_hidden_ever_makes_a_pass(pairs: list[tuple[bool, bool]], hidden: int) -> None:
    assert steady([*pairs, *[(None, None)] * hidden]) is not Status.PASS
