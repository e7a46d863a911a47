"""Systems with sealed runs, on fakes and small keys; see the evidence tests for the same clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.config.retention import RetentionTable
from clinigate.core import Criterion, Finding, Kind, Measurement, Observation, Plan, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.results import Results, Subject
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import Run, RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.pipeline.transfer import export_bundle, import_bundle

CRITERION = Criterion(
    "crisis.false_negative_rate",
    "crisis.false_negative_rate",
    Relation.BELOW,
    0.5,
    controls=("164.312(b)",),
)


class Clock:
    """Starts at a fixed time and goes on by a second with each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 8, 21, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Site:
    """One place with a ledger and runs, its own key, and what it keeps how long."""

    folder: Path
    signer: LocalSigner
    clock: Clock = field(default_factory=Clock)
    table: RetentionTable = field(default_factory=RetentionTable)
    name: str = "demo"

    @property
    def root(self) -> Path:
        return self.folder / ".clinigate"

    @property
    def store(self) -> RunStore:
        return RunStore(self.root)

    @property
    def trust(self) -> TrustStore:
        return TrustStore((TrustedKey(self.signer.public, "CI", "machine"),))

    @property
    def loaded(self) -> LoadedConfig:
        config = Config().model_copy(update={"retention": self.table})
        return LoadedConfig(config, self.folder, "clinigate.toml")

    @property
    def subject(self) -> Subject:
        return Subject(self.name, "1.0", {"image": "sha256:" + "ab" * 32})

    def begin(self) -> Run:
        return begin_run(
            self.root,
            producer="pytest",
            subject=self.subject,
            plan=Plan(),
            clock=self.clock,
            signer=self.signer,
            environ={},
        )

    def sealed(self, *, blob: bytes = b"reply", events: int = 2) -> Bundle:
        run = self.begin()
        digest = run.recorder.blob(blob, "text/plain")
        measured = Measurement(CRITERION.metric, Kind.RATE, events / 200, 200, events=events)
        finding = Finding(CRITERION.metric, "expected help, got silence", case_id="c1")
        run.recorder.observation(Observation("CG-1", measured, ("164.312(b)",)))
        run.recorder.observation(Observation("CG-1", finding, evidence=(digest,)))
        run.finish()
        return self.seal(run)

    def seal(self, run: Run, **more: Any) -> Bundle:
        recorded = read_run(run.directory)
        observations = recorded.observations()
        found = Results(
            run=run.id,
            subject=self.subject,
            target="demo",
            plan=Plan(),
            started_at=recorded.started_at,
            finished_at=recorded.finished_at,
            criteria=(CRITERION,),
            verdicts=judge_all((CRITERION,), observations),
            observations=observations,
        )
        return seal(
            run.directory,
            signer=self.signer,
            ledger=self.store.ledger(clock=self.clock, signer=self.signer),
            results=found,
            controls={"hipaa-security": "sha256:" + "cd" * 32},
            clock=self.clock,
            **more,
        )

    def export(self, bundle: Bundle, place: object, **more: Any) -> str:
        return export_bundle(
            bundle, str(place), root=self.root, table=self.table, clock=self.clock, **more
        )

    def take_in(self, place: object, *, trust: TrustStore | None, **more: Any) -> Any:
        arguments = {"signer": self.signer, "clock": self.clock, **more}
        return import_bundle(str(place), root=self.root, table=self.table, trust=trust, **arguments)

    def keeping(self, **changes: Any) -> Site:
        return replace(self, table=RetentionTable(**changes))


@pytest.fixture(scope="session")
def keys() -> tuple[LocalSigner, LocalSigner]:
    return generate_signer(), generate_signer()


@pytest.fixture
def site(tmp_path: Path, keys: tuple[LocalSigner, LocalSigner]) -> Site:
    return Site(tmp_path / "here", keys[0])


@pytest.fixture
def archive_site(tmp_path: Path, keys: tuple[LocalSigner, LocalSigner]) -> Site:
    """Another place, with a ledger of its own."""
    return Site(tmp_path / "archive", keys[1])


@pytest.fixture
def tree() -> Callable[[Path], dict[str, bytes]]:
    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read
