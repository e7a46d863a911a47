"""A small evidence root with every kind of file and of record, for campaigns that spoil it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clinigate.config.retention import RetentionTable
from clinigate.core import Criterion, Finding, Kind, Measurement, Observation, Plan, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.results import Results, Subject
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.envelope import Signer
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import Run, RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.witnessing import Witness, Witnessed, witness_log
from clinigate.gate.record_files import sign_record
from clinigate.gate.record_terms import Terms
from clinigate.gate.records import (
    Approval,
    Attestation,
    Decision,
    Meaning,
    NamedSigner,
    Record,
    RecordSubject,
    SignOff,
    Waiver,
)
from clinigate.pipeline.people import add_record
from clinigate.pipeline.transfer import export_bundle

CRITERION = Criterion("m.rate", "m.rate", Relation.BELOW, 0.5, controls=("164.312(b)",))
SUBJECT = Subject("campaign", "1.0", {"image": "sha256:" + "ab" * 32})
DOCUMENT = "sha256:" + "cd" * 32
NOW = datetime(2026, 8, 21, 10, 0, tzinfo=UTC)


class Clock:
    """Goes on by a second with each look."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class World:
    """An evidence root, who signs in it, and who witnesses it."""

    folder: Path
    machine: LocalSigner = field(default_factory=generate_signer)
    officer: LocalSigner = field(default_factory=generate_signer)
    witness: LocalSigner = field(default_factory=generate_signer)
    clock: Clock = field(default_factory=Clock)
    table: RetentionTable = field(default_factory=RetentionTable)

    @property
    def root(self) -> Path:
        return self.folder / ".clinigate"

    @property
    def trust(self) -> TrustStore:
        return TrustStore(
            (
                TrustedKey(self.machine.public, "CI", "machine"),
                TrustedKey(self.officer.public, "Ada", "officer"),
                TrustedKey(self.witness.public, "Wit", "witness"),
            )
        )

    def recorded(self, *, signer: Signer | None = None) -> Run:
        """Begin a run, measure, find something, and finish."""
        run = begin_run(
            self.root,
            producer="campaign",
            subject=SUBJECT,
            plan=Plan(),
            clock=self.clock,
            signer=signer or self.machine,
            environ={},
        )
        blob = run.recorder.blob(b"what the service replied", "text/plain")
        measured = Measurement("m.rate", Kind.RATE, 0.01, 200, events=2)
        found = Finding("m.rate", "expected help, got silence", case_id="c1")
        run.recorder.observation(Observation("CG-1", measured, ("164.312(b)",)))
        run.recorder.observation(Observation("CG-1", found, evidence=(blob,)))
        run.finish()
        return run

    def seal(self, run: Run, *, signed: bool = True) -> Bundle:
        recorded = read_run(run.directory)
        observations = recorded.observations()
        results = Results(
            run=run.id,
            subject=SUBJECT,
            target="campaign",
            plan=Plan(),
            started_at=recorded.started_at,
            finished_at=recorded.finished_at,
            criteria=(CRITERION,),
            verdicts=judge_all((CRITERION,), observations),
            observations=observations,
        )
        ledger = RunStore(self.root).ledger(clock=self.clock, signer=self.machine)
        return seal(
            run.directory,
            signer=self.machine if signed else None,
            ledger=ledger,
            results=results,
            controls={"campaign": DOCUMENT},
            clock=self.clock,
        )

    def look(self) -> Witnessed:
        """Let the witness look at the log."""
        who = Witness("example.org/wit", self.witness, self.folder / "state", self.trust)
        return witness_log(self.root, who, clock=self.clock)

    def export(self, bundle: Bundle, place: Path) -> str:
        arguments = {"root": self.root, "table": self.table, "clock": self.clock}
        return export_bundle(bundle, str(place), force=True, **arguments)  # type: ignore[arg-type]

    def add_records(self, bundle: Bundle) -> None:
        """File a record of every kind: those of the run with it, the others beside all runs."""
        now = self.clock()
        until = timestamp(now + timedelta(days=60))
        of_run = RecordSubject.of_run(bundle.statement_digest)
        of_build, of_system = RecordSubject.of_build(SUBJECT), RecordSubject.of_system(SUBJECT)
        kinds: tuple[tuple[RecordSubject, Terms, str | None], ...] = (
            (of_run, SignOff("Ada", timestamp(now), Meaning.REVIEW), None),
            (of_run, Approval("production"), until),
            (of_build, Waiver("Bob", "Ada", "two clinicians watch", criterion="m.rate"), until),
            (of_system, Attestation("164.312(d)", DOCUMENT, until), None),
            (of_system, Decision("164.312(e)(2)(i)", DOCUMENT, until, "a private line"), None),
        )
        for subject, terms, expires in kinds:
            signer = NamedSigner("Ada", "officer", self.officer.keyid)
            record = Record(subject, (signer,), "so agreed", timestamp(now), terms, expires)
            own = subject is of_run
            add_record(
                sign_record(record, [self.officer]),
                self.trust,
                root=self.root,
                folder=(bundle.path if own else self.root) / "records",
                run=bundle.run if own else None,
                clock=self.clock,
                signer=self.machine,
            )
