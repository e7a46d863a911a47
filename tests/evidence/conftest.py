"""Fakes for evidence: a clock that ticks, keys that are made once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.results import Results, Subject
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.envelope import sign_envelope
from clinigate.evidence.ledger import Ledger
from clinigate.evidence.names import PAYLOAD_TYPE
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import Run, RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import Algorithm, LocalSigner, generate_signer
from clinigate.evidence.trust import TrustedKey, TrustStore


class TickingClock:
    """Starts at a fixed time and goes on by a second with each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 8, 21, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture(scope="session")
def ed25519() -> LocalSigner:
    return generate_signer(Algorithm.ED25519)


@pytest.fixture(scope="session")
def p256() -> LocalSigner:
    return generate_signer(Algorithm.P256)


@pytest.fixture(scope="session", params=list(Algorithm))
def signer(request: pytest.FixtureRequest) -> LocalSigner:
    return generate_signer(request.param)


@pytest.fixture(scope="session")
def foreign() -> LocalSigner:
    return generate_signer()


@pytest.fixture(scope="session")
def trusting() -> Callable[..., TrustStore]:
    def build(*signers: LocalSigner) -> TrustStore:
        return TrustStore(tuple(TrustedKey(s.public, "CI", "machine") for s in signers))

    return build


SUBJECT = Subject("demo", "1.0", {"image": "sha256:" + "ab" * 32})
CRITERION = Criterion(
    "crisis.false_negative_rate",
    "crisis.false_negative_rate",
    Relation.BELOW,
    0.5,
    controls=("164.312(b)",),
)


@dataclass
class System:
    """A `.clinigate` directory, and how its runs are made."""

    root: Path
    clock: TickingClock
    signer: LocalSigner | None
    criterion: Criterion = CRITERION

    @property
    def ledger(self) -> Ledger:
        return RunStore(self.root).ledger(clock=self.clock, signer=self.signer)

    def begin(self) -> Run:
        return begin_run(
            self.root,
            producer="pytest",
            subject=SUBJECT,
            plan=Plan(),
            clock=self.clock,
            signer=self.signer,
            environ={},
        )

    def record(self, *, blobs: int = 2) -> Run:
        """A run that measured, found something, kept raw evidence and finished."""
        run = self.begin()
        digests = [run.recorder.blob(f"reply {n}".encode(), "text/plain") for n in range(blobs)]
        measured = Measurement(CRITERION.metric, Kind.RATE, 0.01, 200, events=2)
        finding = Finding(CRITERION.metric, "expected help, got silence", case_id="c1")
        run.recorder.observation(Observation("CG-1", measured, ("164.312(b)",)))
        run.recorder.observation(Observation("CG-1", finding, evidence=tuple(digests)))
        return run

    def results(self, run: Run, **changes: Any) -> Results:
        """What a pipeline makes of a run: its observations, judged."""
        recorded = read_run(run.directory)
        observations = recorded.observations()
        found = Results(
            run=run.id,
            subject=SUBJECT,
            target="demo",
            plan=Plan(),
            started_at=recorded.started_at,
            finished_at=recorded.finished_at,
            criteria=(self.criterion,),
            verdicts=judge_all((self.criterion,), observations),
            observations=observations,
        )
        return replace(found, **changes)

    def seal(self, run: Run, **arguments: Any) -> Bundle:
        if "results" not in arguments:
            arguments["results"] = self.results(run)
        arguments.setdefault("signer", self.signer)
        arguments.setdefault("ledger", self.ledger)
        arguments.setdefault("controls", {"hipaa-security": "sha256:" + "cd" * 32})
        return seal(run.directory, clock=self.clock, **arguments)

    def sealed(self, *, blobs: int = 2) -> Bundle:
        run = self.record(blobs=blobs)
        run.finish()
        return self.seal(run)


@pytest.fixture
def system(tmp_path: Path, clock: TickingClock, ed25519: LocalSigner) -> System:
    return System(tmp_path / ".clinigate", clock, ed25519)


@pytest.fixture
def reseal() -> Callable[..., Bundle]:
    """What someone can do who has the machine's key and edits the statement."""

    def reseal(bundle: Bundle, signer: LocalSigner, **changes: Any) -> Bundle:
        payload = json.loads(bundle.envelope.payload)
        payload["predicate"].update(changes)
        for subject in payload["subject"]:
            path = bundle.path / subject["name"]
            if path.is_file():
                subject["digest"]["sha256"] = sha256_hex(path.read_bytes())
        envelope = sign_envelope(canonical_bytes(payload), PAYLOAD_TYPE, [signer])
        (bundle.path / bundle.statement_name).write_bytes(canonical_bytes(envelope))
        return open_bundle(bundle.path)

    return reseal
