"""An evidence root with runs of every fate, and a browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.keys import trust_entry
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
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import Run, RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import load_trust
from clinigate.gate.record_files import sign_record
from clinigate.gate.record_terms import Attestation, Meaning, SignOff, Terms, Waiver
from clinigate.gate.records import NamedSigner, Record, RecordSubject
from clinigate.pipeline.people import add_record
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
name = "calm companion"

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

    def sign(
        self,
        terms: Terms,
        *,
        subject: RecordSubject,
        run: str | None = None,
        expires: timedelta | None = None,
        reason: str = "seen and agreed with",
        also: bool = False,
    ) -> Path:
        """File a record of the officer's; `also`: the machine's holder signs beside her."""
        issued = self.clock()
        ends = None if expires is None else timestamp(issued + expires)
        if isinstance(terms, SignOff):
            terms = replace(terms, signed_at=timestamp(issued))
        named = [(self.officer, "Ada Officer", "compliance-officer")]
        named += [(self.signer, "CI of the clinic", "machine")] if also else []
        people = tuple(NamedSigner(name, role, key.keyid) for key, name, role in named)
        record = Record(subject, people, reason, timestamp(issued), terms, ends)
        folder = self.root if run is None else self.root / "runs" / run
        return add_record(
            sign_record(record, [key for key, _, _ in named]),
            load_trust(self.folder / "trust.toml"),
            root=self.root,
            folder=folder / "records",
            run=run,
            clock=self.clock,
            signer=self.signer,
        )

    def people(self, run: str) -> None:
        """A sign-off of a run, and standing records that end sooner and later."""
        bundle = open_bundle(self.root / "runs" / run)
        subject = Subject("calm companion", "1.4", {"image": "sha256:" + "ab" * 32})
        build, system = RecordSubject.of_build(subject), RecordSubject.of_system(subject)
        review = SignOff("Ada Officer", "2026-08-21T10:00:00.000000Z", Meaning.REVIEW)
        self.sign(review, subject=RecordSubject.of_run(bundle.statement_digest), run=run)
        waiver = Waiver(
            requester="CI of the clinic",
            approver="Ada Officer",
            compensating_measure="two nurses read along",
            criterion=CRITERION.id,
        )
        reason = "the fix is in review"
        self.sign(waiver, subject=build, expires=timedelta(days=12), reason=reason, also=True)
        for control, days in (("164.308(a)(2)", 200), ("164.308(a)(5)(i)", 1)):
            until = timestamp(self.clock() + timedelta(days=days))
            self.sign(Attestation(control, f"sha256:{'12' * 32}", until), subject=system)


@pytest.fixture(scope="session")
def signers() -> tuple[LocalSigner, LocalSigner]:
    return generate_signer(), generate_signer()


def make_project(folder: Path, signers: tuple[LocalSigner, LocalSigner]) -> Project:
    machine, officer = signers
    (folder / "clinigate.toml").write_text(CONFIG)
    (folder / "trust.toml").write_text(
        trust_entry(machine.public, name="CI of the clinic", role="machine")
        + trust_entry(officer.public, name="Ada Officer", role="compliance-officer")
    )
    (folder / ".clinigate").mkdir()
    return Project(folder, machine, officer)


@pytest.fixture
def project(tmp_path: Path, signers: tuple[LocalSigner, LocalSigner]) -> Project:
    return make_project(tmp_path, signers)


@pytest.fixture(scope="module")
def shelf(
    tmp_path_factory: pytest.TempPathFactory, signers: tuple[LocalSigner, LocalSigner]
) -> tuple[Project, dict[str, str]]:
    """An evidence root that no test changes, with a run of every fate and what people signed."""
    mine = make_project(tmp_path_factory.mktemp("shelf"), signers)
    fates = mine.shelf_of_every_fate()
    mine.people(fates["passed"])
    return mine, fates


@pytest.fixture(scope="module")
def serving() -> Iterator[Callable[..., str]]:
    """Start `clinigate serve` as its user does, and return its address."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, *arguments: str, **environ: str) -> str:
        command = [sys.executable, "-m", "clinigate", "serve", "--port", "0", *arguments]
        # A pipe that nobody empties would hold the server up.
        with (folder / "serve.log").open("w") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **environ},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        started.append(process)
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("portal: "), (folder / "serve.log").read_text()
        return said.split()[1]

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        with process:
            assert process.wait(timeout=30) == 0, "Ctrl-C is how it is ended"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CLINIGATE_CHROMIUM") or shutil.which("chromium")
    if found is None:
        missing = "no Chromium: install it, or name it in CLINIGATE_CHROMIUM"
        if os.environ.get("CLINIGATE_REQUIRE_ALL") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()
