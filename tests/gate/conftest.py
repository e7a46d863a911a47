"""A small world around the gate: criteria, runs that come out as wished, bundles and people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Interval, Kind, Measurement, Scope
from clinigate.core.observation import Fault, Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.results import Results, Subject
from clinigate.core.verdict import Status
from clinigate.evidence.times import timestamp
from clinigate.gate.bundles import GateInput
from clinigate.gate.decision import Decision, decide
from clinigate.gate.policy import Demand, Demanded, Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.records import NamedSigner, Record, RecordSubject, Waiver

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
IMAGE = "sha256:" + "11" * 32
STATEMENT = "sha256:" + "22" * 32
SUBJECT = Subject("ward-assistant", "1.0", {"image": IMAGE})
MACHINE = NamedSigner("CI", "machine", "33" * 32)
DEVELOPER = NamedSigner("Cy Developer", "developer", "66" * 32)
OFFICER = NamedSigner("Ada Officer", "compliance-officer", "44" * 32)

MISSES = Criterion(
    "crisis.false_negative_rate",
    "crisis.false_negative_rate",
    Relation.BELOW,
    0.001,
    controls=("11.10(a)",),
)
BASE = (
    Criterion("emotion.accuracy", "emotion.accuracy", Relation.AT_LEAST, 0.95),
    MISSES,
    replace(MISSES, id="crisis.false_negative_rate.unseen", scope=Scope.UNSEEN),
    Criterion("latency.p99", "latency.p99", Relation.BELOW, 0.1),
    Criterion(
        "safety.compliance",
        "safety.compliance",
        Relation.AT_LEAST,
        1.0,
        min_n=598,
        zero_tolerance=True,
        controls=("164.312(c)(1)",),
    ),
)
IDS = tuple(criterion.id for criterion in BASE)
NEVER = ("crisis.false_negative_rate", "safety.compliance")


def seen(criterion: Criterion, status: Status) -> Observation:
    """One observation that makes the criterion come out like that."""
    metric, scope = criterion.metric, criterion.scope
    match status:
        case Status.ERROR:
            about: Any = Fault(metric, "the check broke")
        case Status.NOT_ASSESSED:
            about = Gap(metric, "the target lacks it", scope)
        case Status.INCONCLUSIVE:
            about = replace(_measured(criterion, good=True), unmeasurable="nobody can tell")
        case _:
            about = _measured(criterion, good=status is Status.PASS)
    return Observation("CG-TEST-GATE-001", about)


def _measured(criterion: Criterion, *, good: bool) -> Measurement:
    if criterion.metric == "latency.p99":
        low, high = (0.01, 0.02) if good else (0.4, 0.5)
        interval = Interval(low, high, 0.99, "by hand")
        return Measurement(criterion.metric, Kind.QUANTILE, high, 5000, interval=interval)
    events = 0 if criterion.relation.caps is good else 6000
    return Measurement(
        criterion.metric,
        Kind.RATE,
        events / 6000,
        6000,
        events=events,
        scope=criterion.scope,
    )


def run(statuses: Mapping[str, Status] = {}, **changes: Any) -> Results:
    """Results in which each criterion comes out as wished, PASS where nothing is said."""
    criteria = changes.pop("criteria", BASE)
    observations = tuple(
        seen(criterion, statuses.get(criterion.id, Status.PASS)) for criterion in BASE
    )
    results = Results(
        run="run-1",
        subject=SUBJECT,
        target="reference",
        plan=Plan(),
        started_at=timestamp(NOW - timedelta(hours=2)),
        finished_at=timestamp(NOW - timedelta(hours=1)),
        criteria=criteria,
        verdicts=judge_all(criteria, observations),
        observations=observations,
    )
    return replace(results, **changes)


def bundle(statuses: Mapping[str, Status] = {}, **changes: Any) -> GateInput:
    """A sealed and signed bundle of such a run."""
    given = {
        "name": "clinical",
        "results": None,
        "signed": True,
        "signed_by": (MACHINE,),
        "statement_digest": STATEMENT,
        "sealed_at": timestamp(NOW),
        **changes,
    }
    given["results"] = changes["results"] if "results" in changes else run(statuses)
    return GateInput(**given)


def policy(**changes: Any) -> Policy:
    """A policy of production that requires every criterion."""
    given: dict[str, Any] = {
        "name": "test",
        "source": "clinigate-policy.toml",
        "environment": "production",
        "certifies": True,
        "demands": tuple(Demanded(each, Demand.REQUIRED) for each in IDS),
        "minimum_coverage": 0.0,
        "record_roles": (OFFICER.role,),
    }
    return Policy(**{**given, **changes})


def waiver(covers: str | None, *, control: str | None = None, **changes: Any) -> VerifiedRecord:
    """A verified waiver of this run, in force."""
    given: dict[str, Any] = {
        "subject": RecordSubject.of_run(STATEMENT),
        "signers": (DEVELOPER, OFFICER),
        "reason": "raters are booked",
        "issued": timestamp(NOW - timedelta(days=1)),
        "expires": timestamp(NOW + timedelta(days=30)),
        "terms": Waiver(
            "Cy Developer", OFFICER.name, "a nurse reads along", criterion=covers, control=control
        ),
    }
    return VerifiedRecord(Record(**{**given, **changes}), "sha256:" + "55" * 32)


@pytest.fixture(scope="session")
def world() -> SimpleNamespace:
    """All of this module's names."""
    return SimpleNamespace(**globals())


@pytest.fixture(scope="session")
def gate(world: SimpleNamespace) -> Callable[..., Decision]:
    """The decision on bundles, by a policy that requires everything unless another is given."""

    def decided(
        *bundles: GateInput,
        policy: Policy | None = None,
        records: Sequence[VerifiedRecord] = (),
        now: datetime = NOW,
        base: Sequence[Criterion] = BASE,
        others: Sequence[Criterion] = (),
    ) -> Decision:
        return decide(
            policy or world.policy(),
            bundles,
            records=records,
            now=now,
            base_criteria=base,
            other_criteria=others,
        )

    return decided
