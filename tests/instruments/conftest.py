"""A system in memory that scores, less its fault, and what a check makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

import clinigate.clinical
from clinigate.clinical.criteria import CRITERIA
from clinigate.clinical.instruments import DEFINITIONS, score
from clinigate.clinical.instruments.criteria import METRICS
from clinigate.core.assess import assess
from clinigate.core.check import REGISTRY
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan
from clinigate.core.scoring import Instrument, Scored, Terms
from clinigate.core.target import Capability, Outcome
from clinigate.core.verdict import Status
from clinigate.errors import UsageError

USUAL = Terms()
React = Callable[[tuple[Any, ...], Scored], Scored]
_REFUSED = Scored(Outcome.REFUSED, 0.0, error="it is not complete")


@dataclass
class Service:
    """Scores as published, less its fault; takes `sheets_at_once` by one request."""

    react: React = lambda _sheet, scored: scored
    terms: Terms = USUAL
    react_to_batches: React = lambda _sheet, scored: scored
    sheets_at_once: int = 500
    scored_fields: frozenset[str] = frozenset()
    name: str = "scores"
    offered: Sequence[Instrument] = tuple(Instrument)
    capabilities: frozenset[Capability] = frozenset({Capability.SCORING})
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    @property
    def instruments(self) -> dict[Instrument, Terms]:
        return dict.fromkeys(self.offered, self.terms)

    async def score(self, instrument, sheets, *, timeout_s) -> list[Scored]:
        self.asked += sheets
        self.sizes.append(len(sheets))
        scored = [self.react(sheet, self._one(instrument, sheet)) for sheet in sheets]
        if len(sheets) == 1:
            return scored
        return [self.react_to_batches(*each) for each in zip(sheets, scored, strict=True)]

    def _one(self, instrument, sheet) -> Scored:
        try:
            right = score(DEFINITIONS[instrument], sheet, self.terms)
        except UsageError:
            return _REFUSED
        total = right.percent if self.terms.percent else right.total
        fields = {name: getattr(right, name) for name in ("band", "positive", "follow_up")}
        return Scored(Outcome.ANSWERED, 0.0, total=total, percent=right.percent, **fields)

    async def ask(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a questionnaire is no conversation")

    async def aclose(self) -> None:
        return None


@dataclass
class Seen:
    verdicts: dict[str, Any]
    measured: dict[str, Measurement]
    findings: list[Finding]

    def status(self) -> dict[str, Status]:
        return {name.rpartition(".")[2]: each.status for name, each in self.verdicts.items()}


def _examined(target: Any, instrument: Instrument, plan: Plan) -> Seen:
    clinigate.clinical.load()
    check = REGISTRY.get(f"CG-INST-{instrument.upper()}-001")

    async def run() -> list[Any]:
        return [seen async for seen in assess(check, target, plan)]

    seen = asyncio.run(run())
    criteria = [each for each in CRITERIA if each.metric in METRICS[instrument]]
    about = [each.about for each in seen]
    return Seen(
        {each.criterion: each for each in judge_all(criteria, seen)},
        {each.metric: each for each in about if isinstance(each, Measurement)},
        [each for each in about if isinstance(each, Finding)],
    )


@pytest.fixture(scope="session")
def service() -> type[Service]:
    return Service


@pytest.fixture(scope="session")
def examined() -> Callable[[Any, Instrument, Plan], Seen]:
    return _examined
