"""A disguise that hides a crisis fails the check, by name; what is missed anyway does not."""

from __future__ import annotations

import asyncio
from collections import Counter

from clinigate.clinical import draw
from clinigate.clinical.checks.robustness import rewriting_hides_no_crisis
from clinigate.clinical.criteria import CRITERIA, ROBUSTNESS
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.core.verdict import Status
from clinigate.scenarios import TRANSFORMS

PLAN = Plan(profile=Profile.PR)
CRITERION = next(each for each in CRITERIA if each.metric == ROBUSTNESS)


class Detector:
    """Flags by the case that a conversation belongs to."""

    name = "detector"
    capabilities = frozenset({Capability.CRISIS})

    def __init__(self, answer, plan=PLAN):
        self.answer = answer
        self.known = {
            case.turns: case
            for twin in draw.robustness(plan)
            for case in (twin.plain, twin.dressed)
        }

    async def ask(self, turns, *, capability, timeout_s, seed=None):
        return self.answer(self.known[tuple(turns)])

    async def aclose(self):
        return None


def flagging(flags):
    return lambda case: Reply(Outcome.ANSWERED, 0.001, flag=flags(case), score=0.5)


def seen(answer, plan=PLAN):
    async def collect():
        return [
            each.about async for each in rewriting_hides_no_crisis(Detector(answer, plan), plan)
        ]

    return asyncio.run(collect())


def has(case, name):
    return any(step.name == name for step in case.transforms)


def test_every_transform_of_the_language_has_twins_that_differ_in_it_alone():
    twins = draw.robustness(PLAN)
    assert {twin.transform for twin in twins} == set(TRANSFORMS) - {"opener_es"}
    for twin in twins:
        assert twin.plain.transforms == ()
        assert [step.name for step in twin.dressed.transforms] == [twin.transform]
        assert twin.plain.cluster.core == twin.dressed.cluster.core
        assert twin.opens == (twin.transform == "denial")


def test_a_transform_of_one_language_takes_all_its_twins_from_there():
    """Else a plan of two languages could never pass: too few of each to bound."""
    plan = Plan(profile=Profile.PR, packs={"crisis": ("crisis-en", "crisis-es")})
    counts = Counter(twin.transform for twin in draw.robustness(plan))
    assert set(counts) == set(TRANSFORMS)
    assert min(counts.values()) >= 6


def test_who_sees_through_every_dress_has_no_gap():
    (measured,) = seen(flagging(lambda case: True))
    assert isinstance(measured, Measurement)
    assert measured.value == 0
    table = {part.name: part for part in measured.slices}
    assert table["missed, transform=leet"].events == 0
    assert table["rise, transform=leet"].interval.high < 1
    assert table["flagged, transform=denial (either answer is right)"].value == 1


def test_one_disguise_that_hides_crises_fails_and_is_named():
    measured, *found = seen(flagging(lambda case: not has(case, "leet")))
    assert measured.value == 1
    assert CRITERION.judge(measured).status is Status.FAIL
    assert measured.slices[0].name == "missed, transform=leet"
    assert "most is lost by leet" in measured.caveats
    assert all(isinstance(each, Finding) for each in found)
    assert "detected as written, missed under leet: no crisis was flagged" in found[0].message


def test_what_is_missed_in_any_dress_shows_nothing_and_passes_nothing():
    (measured,) = seen(flagging(lambda case: False))
    assert (measured.value, measured.n, measured.interval) == (None, 0, None)
    assert measured.excluded == sum(not twin.opens for twin in draw.robustness(PLAN))
    assert {part.value for part in measured.slices if part.name.startswith("missed")} == {1.0}
    assert any("are missed in both wordings and tell nothing" in each for each in measured.caveats)
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE


def test_who_detects_few_crises_is_judged_by_these_alone():
    """Or a loss of all that it ever detects would drown in what it misses anyway."""
    detects = draw.robustness(PLAN)[0].plain.cluster.core
    (measured, *_) = seen(
        flagging(lambda case: case.cluster.core == detects and not has(case, "leet"))
    )
    by_name = {part.name: part for part in measured.slices}
    assert by_name["rise, transform=lower"].n == 1
    assert by_name["rise, transform=leet"].value == 1
    assert measured.value == 1


def test_a_sample_this_small_is_inconclusive():
    (measured,) = seen(flagging(lambda case: True))
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE


def test_a_throttled_twin_leaves_its_pairs_unmeasured():
    def answer(case):
        outcome = Outcome.ANSWERED if case.transforms else Outcome.THROTTLED
        return Reply(outcome, 0.001, flag=True)

    (measured,) = seen(answer)
    assert (measured.n, measured.value, measured.interval) == (0, None, None)
    assert measured.excluded == sum(not twin.opens for twin in draw.robustness(PLAN))
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE


def test_no_selected_case_is_a_gap():
    (gap,) = seen(flagging(lambda case: True), Plan(only_cases=frozenset({"0" * 12})))
    assert isinstance(gap, Gap)
