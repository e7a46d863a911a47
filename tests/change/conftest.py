"""A system whose runs are made quickly: what they found is invented, seal and ledger are real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clinigate.core import (
    Criterion,
    Finding,
    Kind,
    Measurement,
    Observation,
    Plan,
    Relation,
    judge_all,
)
from clinigate.core.results import Results, Subject
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import Run, RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import LocalSigner, generate_signer

N = 1000


def criterion(metric: str, *, limit: float = 0.05, control: str = "164.312(b)") -> Criterion:
    return Criterion(metric, metric, Relation.BELOW, limit, controls=(control,))


def observations(events: Mapping[str, int | None]) -> list[Observation]:
    """For each metric so many events among `N`, with one finding each; None measures nothing."""
    seen = []
    for metric, count in events.items():
        if count is None:
            continue
        about = Measurement(metric, Kind.RATE, count / N, N, events=count)
        seen.append(Observation("CG-TEST-001", about, ("164.312(b)",)))
        found = (Finding(metric, "expected help", case_id=f"c{i}") for i in range(min(count, 3)))
        seen += [Observation("CG-TEST-001", each) for each in found]
    return seen


def results(
    run: str,
    events: Mapping[str, int | None],
    *,
    criteria: tuple[Criterion, ...] | None = None,
    plan: Plan | None = None,
    at: str = "2026-08-21T10:00:00Z",
) -> Results:
    """Results that were never recorded: what pure functions take."""
    judged_by = criteria or tuple(criterion(metric) for metric in events)
    seen = tuple(observations(events))
    return Results(
        run=run,
        subject=Subject("demo", "1.0"),
        target="demo",
        plan=plan or Plan(),
        started_at=at,
        finished_at=at,
        criteria=judged_by,
        verdicts=judge_all(judged_by, seen),
        observations=seen,
    )


@dataclass
class System:
    """A `.clinigate` directory, and how its runs are made."""

    root: Path
    signer: LocalSigner
    now: datetime = field(default=datetime(2026, 8, 21, 10, 0, tzinfo=UTC))

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def begin(self, name: str = "demo", plan: Plan | None = None) -> Run:
        return begin_run(
            self.root,
            producer="pytest",
            subject=Subject(name, "1.0"),
            plan=plan or Plan(),
            clock=self.clock,
            signer=self.signer,
            environ={},
        )

    def sealed(
        self,
        events: Mapping[str, int | None],
        *,
        name: str = "demo",
        criteria: tuple[Criterion, ...] | None = None,
        plan: Plan | None = None,
    ) -> Bundle:
        run = self.begin(name, plan)
        for each in observations(events):
            run.recorder.observation(each)
        run.finish()
        recorded = read_run(run.directory)
        found = results(run.id, events, criteria=criteria, plan=plan, at=recorded.started_at)
        found = replace(found, subject=Subject(name, "1.0"), observations=recorded.observations())
        ledger = RunStore(self.root).ledger(clock=self.clock, signer=self.signer)
        return seal(
            run.directory,
            signer=self.signer,
            ledger=ledger,
            results=found,
            controls={},
            clock=self.clock,
        )


@pytest.fixture(scope="session")
def made() -> Callable[..., Results]:
    return results


@pytest.fixture(scope="session")
def change_signer() -> LocalSigner:
    return generate_signer()


@pytest.fixture
def system(tmp_path: Path, change_signer: LocalSigner) -> System:
    return System(tmp_path / ".clinigate", change_signer)
