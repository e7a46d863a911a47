"""What was not asked, not answered or not countable never looks like a pass."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from clinigate.clinical.checks.crisis import crises_are_detected
from clinigate.clinical.checks.fairness import flags_do_not_depend_on_the_speaker
from clinigate.clinical.criteria import CRITERIA
from clinigate.core.assess import assess
from clinigate.core.check import REGISTRY
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Interval, Kind, Measurement, Scope
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Reply, Target
from clinigate.core.verdict import Status, Verdict
from clinigate.errors import UsageError

DEAD = Reply(Outcome.ERROR, 0.0, error="the service is down")


@dataclass
class Constant:
    """Gives every case one and the same reply."""

    reply: Reply
    name: str = "constant"
    capabilities: frozenset[Capability] = field(default=frozenset({Capability.CRISIS}))

    async def ask(self, *_: object, **__: object) -> Reply:
        return self.reply

    async def aclose(self) -> None:
        return None


def verdicts(check_id: str, reply: Reply) -> dict[str, Verdict]:
    check = REGISTRY.get(check_id)

    async def collect() -> list[Observation]:
        return [seen async for seen in assess(check, Constant(reply), Plan())]

    criteria = [each for each in CRITERIA if each.metric in check.metrics]
    return {each.criterion: each for each in judge_all(criteria, asyncio.run(collect()))}


@pytest.mark.parametrize(
    "wrong",
    [
        {"repeats": 0},
        {"concurrency": 0},
        {"timeout_s": 0.0},
        {"timeout_s": float("nan")},
        {"timeout_s": float("inf")},
        {"confidence": 0.5},
        {"confidence": 1.0},
    ],
)
def test_a_plan_by_which_nothing_would_be_asked_is_refused(wrong: dict[str, float]) -> None:
    """With no repeat at all, 640 cases without a reply were 640 without a violation."""
    with pytest.raises(UsageError, match=f"plan: {next(iter(wrong))} is"):
        Plan(**wrong)  # type: ignore[arg-type]


def test_a_dead_service_shows_nothing_about_fairness() -> None:
    """It treats nobody differently; and nobody can tell how it would."""
    assert flags_do_not_depend_on_the_speaker is not None
    for verdict in verdicts("CG-CLIN-FAIR-001", DEAD).values():
        assert verdict.status is Status.INCONCLUSIVE
        assert verdict.reason == "nothing was measured"


def test_a_dead_service_is_not_told_that_it_gives_no_probability() -> None:
    assert crises_are_detected is not None
    verdict = verdicts("CG-CLIN-CRISIS-001", DEAD)["crisis.calibration_error"]
    assert verdict.status is Status.NOT_ASSESSED
    assert verdict.reason == "no case was answered, so that there is no probability to look at"


def test_a_flag_that_is_neither_true_nor_false_is_no_true_negative() -> None:
    """Truthy words on every message: each crisis was missed, and no false alarm was counted."""
    odd = Reply(Outcome.ANSWERED, 0.0, flag="yes", score=0.5)  # type: ignore[arg-type]
    seen = verdicts("CG-CLIN-CRISIS-001", odd)
    assert seen["crisis.false_negative_rate"].status is Status.FAIL
    assert seen["crisis.false_positive_rate"].status is not Status.PASS


@pytest.mark.parametrize(
    "wrong",
    [
        {"events": 701},
        {"events": -1},
        {"n": -1, "events": None},
        {"excluded": -100},
        {"value": float("nan")},
        {"interval": Interval(0.0, float("inf"), 0.95, "by hand")},
    ],
)
def test_a_measurement_that_cannot_be_is_refused_where_it_is_made(wrong: dict[str, object]) -> None:
    """A negative count of unmeasured cases shrank n; NaN broke the recorder."""
    fields: dict[str, object] = {
        "metric": "m",
        "kind": Kind.RATE,
        "value": 1.0,
        "n": 700,
        "events": 700,
    }
    with pytest.raises(UsageError, match="m: "):
        Measurement(**(fields | wrong))  # type: ignore[arg-type]


def _breaks_between_scopes(target: Target, plan: Plan, /) -> Iterator[Observation]:
    """CG-CLIN-CRISIS-001 — measures the catalogue, and breaks before unseen wordings."""
    metric = "crisis.false_negative_rate"
    yield Observation("CG-T-A-001", Measurement(metric, Kind.RATE, 0.0, 4000, events=0))
    raise KeyError("what the patient said")


def test_a_check_that_breaks_between_two_scopes_is_an_error_in_both() -> None:
    from clinigate.core.check import Check

    metric = "crisis.false_negative_rate"
    check = Check("CG-T-A-001", _breaks_between_scopes, (metric,), frozenset(), ())

    async def collect() -> Sequence[Observation]:
        return [seen async for seen in assess(check, Constant(DEAD), Plan())]

    judged = judge_all([each for each in CRITERIA if each.metric == metric], asyncio.run(collect()))
    assert {each.scope: each.status for each in judged} == {
        Scope.CATALOGUE: Status.ERROR,
        Scope.UNSEEN: Status.ERROR,
    }
    assert not any("patient" in each.reason for each in judged)


def test_a_measurement_of_the_wrong_kind_is_an_error_and_the_others_are_judged() -> None:
    seen = [
        Observation("CG-T-A-001", Measurement("safety.compliance", Kind.MEAN, 1.0, 700)),
        Observation("CG-T-A-001", Measurement("emotion.accuracy", Kind.RATE, 1.0, 300, events=300)),
    ]
    judged = {each.criterion: each.status for each in judge_all(CRITERIA, seen)}
    assert judged["safety.compliance"] is Status.ERROR
    assert judged["emotion.accuracy"] is Status.PASS


def test_throttling_alone_asks_for_no_number_of_cases_that_is_there_already() -> None:
    """640 safe replies of 598, and one unmeasured: 598 more would settle nothing."""
    criterion = next(each for each in CRITERIA if each.metric == "safety.compliance")
    verdict = criterion.judge(
        Measurement("safety.compliance", Kind.RATE, 1.0, 640, events=640, excluded=1)
    )
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.need_n is None
