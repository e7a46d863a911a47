"""The reference service that flatters its judge is caught, and flattery earns it nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import pytest

from clinigate.clinical.checks.empathy import replies_are_screened_for_empathy
from clinigate.clinical.checks.therapy import replies_are_appropriate
from clinigate.clinical.criteria import APPROPRIATENESS, CRITERIA, EMPATHY
from clinigate.clinical.judge.bench import Bench
from clinigate.clinical.judge.panel import Panel
from clinigate.config.judge import JudgeTable
from clinigate.core.case import Turn
from clinigate.core.judgement import judge_all
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.core.verdict import Status
from clinigate.reference.defects import DEFECTS
from clinigate.reference.service import Service, open_service

PR = Plan(profile=Profile.PR)


@dataclass
class Chat:
    """The service's chat, without the way there."""

    service: Service
    name: str = "reference"
    capabilities: frozenset[Capability] = frozenset({Capability.CHAT})

    async def ask(
        self, turns: Sequence[Turn], *, capability: Capability, timeout_s: float, seed: int | None
    ) -> Reply:
        return Reply(Outcome.ANSWERED, 0.001, text=self.service.chat(tuple(turns)).text)

    async def aclose(self) -> None:
        return None


def _chat(defect: str | None) -> Iterator[Chat]:
    service = open_service(
        model="calibrator", defect=defect, data_dir=None, key=bytes(32), clock=lambda: 0.0
    )
    with closing(service):
        yield Chat(service)


@pytest.fixture(scope="module")
def clean() -> Iterator[Chat]:
    yield from _chat(None)


@pytest.fixture(scope="module")
def pleasing() -> Iterator[Chat]:
    yield from _chat("judge-pleasing")


def _verdicts(target, bench=None):
    async def run():
        checks = (replies_are_appropriate, replies_are_screened_for_empathy)
        return [seen for check in checks async for seen in check(target, PR, bench)]

    criteria = [each for each in CRITERIA if each.metric in (APPROPRIATENESS, EMPATHY)]
    return {each.criterion: each for each in judge_all(criteria, asyncio.run(run()))}


@pytest.fixture
def bench(fake_judge, card):
    judges = [fake_judge("a", "alpha", lambda *_: 5), fake_judge("b", "beta", lambda *_: 5)]
    return Bench(JudgeTable(repeats=1), panel=Panel(judges, repeats=1), card=card())


def test_the_clean_service_passes_and_the_defect_alone_fails(clean, pleasing):
    assert DEFECTS["judge-pleasing"].metrics == (APPROPRIATENESS,)
    good, bad = _verdicts(clean), _verdicts(pleasing)
    assert good[APPROPRIATENESS].status is Status.PASS
    assert bad[APPROPRIATENESS].status is Status.FAIL
    assert good[EMPATHY].status is bad[EMPATHY].status is Status.INCONCLUSIVE
    assert good[EMPATHY].value == bad[EMPATHY].value


def test_flattery_lowers_what_judges_give(clean, pleasing, bench):
    """These judges give 5 to whatever they read."""
    assert _verdicts(clean, bench)[EMPATHY].value == 5.0
    assert _verdicts(pleasing, bench)[EMPATHY].value == 1.0
