"""Answers of earlier runs: of the same build and question alone, failures too, and always told."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinigate.clinical.certainty import price_of
from clinigate.clinical.instruments.criteria import METRICS
from clinigate.core.case import Turn
from clinigate.core.check import Check
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.scoring import Instrument
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import EvidenceError, UsageError
from clinigate.pipeline.evaluation import Evaluation
from clinigate.pipeline.reply_cache import CachingTarget, ReplyStore, caching
from clinigate.pipeline.setup import Overrides, prepare, share_of

HELLO = (Turn("user", "hello"),)
DAY = datetime(2026, 11, 22, tzinfo=UTC)


class Counting:
    """Answers in turn what it was given, and counts."""

    name = "counting"
    capabilities = frozenset({Capability.CRISIS})

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes) or [Outcome.ANSWERED] * 99
        self.asked = 0

    async def ask(self, turns, *, capability, timeout_s, seed=None):
        self.asked += 1
        return Reply(self.outcomes.pop(0), 0.5, flag=True, raw={"from": "the wire"})

    async def aclose(self):
        return None


@pytest.fixture
def store(tmp_path):
    opened = ReplyStore(tmp_path / "cache" / "one.sqlite", "this build")
    yield opened
    opened.close()


def ask(target, turns=HELLO, *, capability=Capability.CRISIS, timeout_s=30.0, seed=0):
    return asyncio.run(target.ask(turns, capability=capability, timeout_s=timeout_s, seed=seed))


def test_the_same_question_is_asked_once(store):
    target = CachingTarget(itself := Counting(), store)
    first, second = ask(target), ask(target)
    assert itself.asked == 1
    assert replace(first, raw={}) == second


@pytest.mark.parametrize(
    "other",
    [
        {"turns": (Turn("user", "hello!"),)},
        {"capability": Capability.CHAT},
        {"timeout_s": 10.0},
        {"seed": 1},
    ],
)
def test_another_question_is_asked(store, other):
    target = CachingTarget(itself := Counting(), store)
    ask(target)
    ask(target, **other)
    assert itself.asked == 2


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.TIMEOUT, Outcome.EMPTY])
def test_a_failure_gets_no_second_chance(store, outcome):
    target = CachingTarget(Counting(outcome, Outcome.ANSWERED), store)
    assert [ask(target).outcome, ask(target).outcome] == [outcome, outcome]


def test_what_was_throttled_is_asked_again(store):
    target = CachingTarget(Counting(Outcome.THROTTLED, Outcome.ANSWERED), store)
    assert [ask(target).outcome, ask(target).outcome] == [Outcome.THROTTLED, Outcome.ANSWERED]


def test_the_policy_tells_how_many_answers_are_of_which_day(store):
    days = iter([DAY, DAY + timedelta(days=1)])
    target = CachingTarget(Counting(), store, clock=lambda: next(days))
    ask(target, seed=2), ask(target, seed=1)
    assert target.policy() is None
    target.begin()
    ask(target, seed=1), ask(target, seed=2)
    said = target.policy()
    assert "2 of 2 answers were given earlier, the oldest at 2026-11-22T00:00:00" in said
    assert "failures like answers, throttled ones never" in said


def test_only_its_owner_reads_the_file(store, tmp_path):
    path = tmp_path / "cache" / "one.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_entry_is_an_error_and_no_answer(store, tmp_path):
    target = CachingTarget(Counting(), store)
    ask(target)
    with sqlite3.connect(tmp_path / "cache" / "one.sqlite") as file:
        file.execute('UPDATE replies SET reply = \'{"outcome": "answered"}\'')
    with pytest.raises(EvidenceError, match="delete the file, or leave --reply-cache out"):
        ask(target)


@pytest.mark.parametrize(
    "edit",
    [
        "reply = replace(reply, 'true', 'false')",
        "kept_at = '2030-01-01T00:00:00Z'",
        "kept_at = NULL",
        "digest = NULL",
        "digest = X'00'",
    ],
)
def test_an_entry_that_was_edited_is_an_error_and_no_answer(store, tmp_path, edit):
    """It was given as the target's answer: a miss edited into a flag went unseen."""
    target = CachingTarget(Counting(), store)
    ask(target)
    with sqlite3.connect(tmp_path / "cache" / "one.sqlite") as file:
        assert file.execute(f"UPDATE replies SET {edit}").rowcount == 1
    with pytest.raises(EvidenceError, match="was changed, or is of another build; delete the file"):
        ask(target)


def test_an_entry_from_another_builds_file_is_an_error_and_no_answer(store, tmp_path):
    """The file of a good build, copied over that of a bad one, answered for it."""
    ask(CachingTarget(Counting(), store))
    other = ReplyStore(tmp_path / "cache" / "one.sqlite", "another build")
    with pytest.raises(EvidenceError, match="of another build"):
        ask(CachingTarget(itself := Counting(), other))
    other.close()
    assert itself.asked == 0


def test_a_file_that_is_no_cache_is_refused(tmp_path):
    path = tmp_path / "one.sqlite"
    path.write_text("something else entirely, and long enough to be looked at as a database")
    with pytest.raises(EvidenceError, match=r"reply cache .*one\.sqlite"):
        ReplyStore(path, "this build")


def prepared(loaded, **fields):
    return prepare(loaded(), Overrides(reply_cache=True, **fields))


def test_a_build_without_a_name_has_no_cache(loaded):
    setup = prepared(loaded)
    nameless = replace(setup, subject=replace(setup.subject, version="unversioned"))
    with pytest.raises(UsageError, match="which build gave an answer"):
        caching(nameless, Counting())


def test_another_build_is_asked_itself(loaded):
    setup, itself = prepared(loaded), Counting()
    later = replace(setup, subject=replace(setup.subject, version="3"))
    for each in (setup, setup, later):
        target = caching(each, itself)
        ask(target)
        asyncio.run(target.aclose())
    assert itself.asked == 2


async def _measuring(target, plan):
    """CG-TEST-CACHE-001 — asks once."""
    reply = await target.ask(HELLO, capability=Capability.CRISIS, timeout_s=1, seed=plan.seed)
    yield Observation(
        "CG-TEST-CACHE-001",
        Measurement("crisis.false_positive_rate", Kind.RATE, 1.0, 1, events=int(reply.answered)),
    )


CHECK = Check("CG-TEST-CACHE-001", _measuring, ("crisis.false_positive_rate",), frozenset(), ())


def caveats_of(setup):
    evaluation = Evaluation(setup, Counting())
    recorded = []
    evaluation.run(CHECK, recorded.append)
    evaluation.close()
    return recorded[0].about.caveats


def test_each_measurement_tells_that_answers_are_of_earlier_runs(loaded):
    setup = prepared(loaded)
    assert caveats_of(setup) == ()
    assert "1 of 1 answers were given earlier" in caveats_of(setup)[0]


def test_each_measurement_of_a_sample_tells_what_it_cost(loaded):
    (said,) = caveats_of(prepare(loaded(), Overrides(sample=0.25)))
    assert said == (
        "a sample of 0.25 of the cases: without a fault in 1 the rate of faults is at most 0.95, "
        "and in 4 times as many it would be 0.53; one fault in 2 shows in only half of such samples"
    )


def test_what_no_sample_makes_less_has_no_price():
    """Every sheet of a questionnaire was said to be "a sample of 0.1 of the cases"."""
    scored = METRICS[Instrument.PHQ9][0]
    for about in (
        Measurement(scored, Kind.CENSUS, 0.0, 262_144, events=0),
        Measurement(scored, Kind.RATE, 0.0, 598, events=0),
    ):
        assert price_of(about, share=0.1, confidence=0.95) is None


def test_where_nothing_was_measured_the_price_is_no_bound():
    nothing = Measurement("crisis.false_negative_rate", Kind.RATE, None, 0, excluded=9)
    said = price_of(nothing, share=0.1, confidence=0.95)
    assert said == "a sample of 0.1 of the cases"


def test_bounds_of_a_mean_lie_further_off_by_the_root_of_the_share():
    mean = Measurement("therapy.empathy", Kind.MEAN, 4.0, 20, unit="points")
    said = price_of(mean, share=0.25, confidence=0.95)
    assert "bounds lie about 2.0 times as far off as with all of them" in said


@pytest.mark.parametrize(("text", "share"), [("10%", 0.1), ("0.1", 0.1), ("100%", 1.0), ("1", 1)])
def test_a_share_is_a_percentage_or_a_number(text, share):
    assert share_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["0", "-5%", "120%", "many", "", "nan", "inf%"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(UsageError, match="--sample is"):
        share_of(text)
