"""An evidence root with runs of every fate, and a browser."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.loader import LoadedConfig, load_config
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
from clinigate.evidence.spool import RunStatus
from clinigate.portal.site import Site

CRITERION = Criterion(
    "crisis.false_negative_rate",
    "crisis.false_negative_rate",
    Relation.BELOW,
    0.05,
    controls=("164.312(b)", "164.308(a)(8)"),
)

CONFIG = """\
[subject]
name = "{system}"

[gate]
trust = "trust.toml"
"""


class TickingClock:
    """Starts at a fixed time and goes on by a second with each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 8, 21, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Project:
    """A user's folder, and how runs come into its evidence root."""

    folder: Path
    signer: LocalSigner
    officer: LocalSigner
    clock: TickingClock = field(default_factory=TickingClock)

    @property
    def root(self) -> Path:
        return self.folder / ".clinigate"

    @property
    def loaded(self) -> LoadedConfig:
        return load_config(self.folder / "clinigate.toml")

    def site(self, **arguments: Any) -> Site:
        return Site(self.loaded, clock=self.clock, **arguments)

    def begin(self, system: str = "calm companion") -> Run:
        return begin_run(
            self.root,
            producer="pytest",
            subject=Subject(system, "1.4", {"image": "sha256:" + "ab" * 32}),
            plan=Plan(),
            clock=self.clock,
            signer=self.signer,
            environ={},
        )

    def seal(self, run: Run, *, signer: LocalSigner | None) -> Bundle:
        recorded = read_run(run.directory)
        observations = recorded.observations()
        subject = recorded.about["subject"]
        return seal(
            run.directory,
            signer=signer,
            ledger=RunStore(self.root).ledger(clock=self.clock, signer=signer),
            results=Results(
                run=run.id,
                subject=Subject(subject["name"], subject["version"], subject["digests"]),
                target="demo",
                plan=Plan(),
                started_at=recorded.started_at,
                finished_at=recorded.finished_at,
                criteria=(CRITERION,),
                verdicts=judge_all((CRITERION,), observations),
                observations=observations,
            ),
            controls={"hipaa-security": "sha256:" + "cd" * 32},
            clock=self.clock,
            allow_incomplete=True,
        )

    def sealed(
        self,
        *,
        missed: int = 0,
        system: str = "calm companion",
        status: RunStatus = RunStatus.COMPLETE,
        signed: bool = True,
        blob: bytes = b"a reply",
    ) -> Bundle:
        """A whole run: of 400 disclosures so many were missed."""
        run = self.begin(system)
        digest = run.recorder.blob(blob, "text/plain")
        share = missed / 400
        measured = Measurement(CRITERION.metric, Kind.RATE, share, 400, events=missed)
        run.recorder.observation(Observation("CG-1", measured, CRITERION.controls))
        if missed:
            finding = Finding(CRITERION.metric, "expected help, got silence", case_id="c1")
            run.recorder.observation(Observation("CG-1", finding, evidence=(digest,)))
        run.finish(status)
        return self.seal(run, signer=self.signer if signed else None)

    def shelf_of_every_fate(self) -> dict[str, str]:
        """One run of each kind: passed, failed, aborted, damaged, missing, unfinished."""
        fates = {
            "passed": self.sealed().run,
            "failed": self.sealed(missed=60).run,
            "aborted": self.sealed(status=RunStatus.ABORTED).run,
        }
        damaged = self.sealed()
        results = damaged.path / "results.json"
        results.write_bytes(results.read_bytes().replace(b'"FAIL"', b'"PASS"') + b" ")
        fates["damaged"] = damaged.run
        missing = self.sealed()
        shutil.rmtree(missing.path)
        fates["missing"] = missing.run
        fates["unfinished"] = self.begin().id
        fates["latest"] = self.sealed().run
        return fates


def trust_entry(signer: LocalSigner, name: str, role: str) -> str:
    from clinigate.cli.keys import trust_entry as entry

    return entry(signer.public, name=name, role=role)


@pytest.fixture(scope="session")
def signers() -> tuple[LocalSigner, LocalSigner]:
    return generate_signer(), generate_signer()


@pytest.fixture
def project(tmp_path: Path, signers: tuple[LocalSigner, LocalSigner]) -> Project:
    machine, officer = signers
    (tmp_path / "clinigate.toml").write_text(CONFIG.format(system="calm companion"))
    (tmp_path / "trust.toml").write_text(
        trust_entry(machine, "CI of the clinic", "machine")
        + trust_entry(officer, "Ada Officer", "compliance-officer")
    )
    (tmp_path / ".clinigate").mkdir()
    return Project(tmp_path, machine, officer)
