"""From sealed bundles on disk to a decision: whole ones open, whatever is broken shuts by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinigate.core.canonical import canonical_bytes
from clinigate.core.judgement import judge_all
from clinigate.core.plan import Plan
from clinigate.core.results import Results
from clinigate.core.verdict import Status
from clinigate.errors import EvidenceError
from clinigate.evidence.bundle import export_zip
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.gate.entries import Effect, Outcome
from clinigate.gate.record_files import read_record, sign_record
from clinigate.gate.records import NamedSigner, Record, RecordSubject, Waiver
from clinigate.gate.run import run_gate

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
CI_KEY, OFFICER_KEY, STRANGER_KEY, DEVELOPER_KEY = (generate_signer() for _ in range(4))
TRUST = TrustStore(
    (
        TrustedKey(CI_KEY.public, "CI", "machine"),
        TrustedKey(OFFICER_KEY.public, "Ada Officer", "compliance-officer"),
        TrustedKey(DEVELOPER_KEY.public, "Cy Developer", "developer"),
    )
)


class Runs:
    """Real runs under one `.clinigate` directory."""

    def __init__(self, world, root):
        self.world = world
        self.root = root
        self.now = START

    def clock(self):
        self.now += timedelta(seconds=1)
        return self.now

    def begin(self, statuses):
        run = begin_run(
            self.root,
            producer="pytest",
            subject=self.world.SUBJECT,
            plan=Plan(),
            clock=self.clock,
            signer=CI_KEY,
            environ={},
        )
        for criterion in self.world.BASE:
            status = statuses.get(criterion.id, Status.PASS)
            run.recorder.observation(self.world.seen(criterion, status))
        return run

    def seal(self, run, **arguments):
        recorded = read_run(run.directory)
        results = Results(
            run=run.id,
            subject=self.world.SUBJECT,
            target="demo",
            plan=Plan(),
            started_at=recorded.started_at,
            finished_at=recorded.finished_at,
            criteria=self.world.BASE,
            verdicts=judge_all(self.world.BASE, recorded.observations()),
            observations=recorded.observations(),
        )
        ledger = RunStore(self.root).ledger(clock=self.clock, signer=CI_KEY)
        given = {"signer": CI_KEY, "controls": {}, **arguments}
        return seal(run.directory, ledger=ledger, results=results, clock=self.clock, **given)

    def sealed(self, statuses=(), status=RunStatus.COMPLETE, **arguments):
        run = self.begin(dict(statuses))
        run.finish(status)
        return self.seal(run, **arguments)

    def gate(self, *paths, policy=None, trust=TRUST, records=()):
        return run_gate(
            [(f"job-{number}", path) for number, path in enumerate(paths, 1)],
            policy or self.world.policy(),
            trust=trust,
            now=self.now,
            base_criteria=self.world.BASE,
            records=records,
            ledger_of=lambda path: self.root / "ledger" if path.is_dir() else None,
        )


@pytest.fixture
def runs(world, tmp_path):
    return Runs(world, tmp_path / ".clinigate")


def test_a_sealed_run_opens_from_its_directory_and_from_its_zip(runs, tmp_path):
    bundle = runs.sealed()
    packed = export_zip(bundle, tmp_path / "bundle.zip")
    for paths in ((bundle.path,), (packed,), (bundle.path, packed)):
        decision = runs.gate(*paths)
        assert decision.outcome is Outcome.OPENED, decision.reasons
        assert decision.statements == (bundle.statement_digest,) * len(paths)


def test_a_failing_run_shuts(runs):
    decision = runs.gate(runs.sealed({"emotion.accuracy": Status.FAIL}).path)
    assert decision.outcome is Outcome.SHUT
    assert decision.reasons[0].startswith("emotion.accuracy is FAIL")


@pytest.mark.parametrize("name", ["results.json", "statement.dsse.json", "environment.json"])
def test_an_edited_file_is_named(runs, name):
    path = runs.sealed().path / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    decision = runs.gate(path.parent)
    assert decision.outcome is Outcome.INTEGRITY
    assert "job-1" in decision.reasons[0]
    assert name in decision.reasons[0]


def test_a_foreign_key_is_no_signature(runs):
    decision = runs.gate(runs.sealed(signer=STRANGER_KEY).path)
    assert decision.outcome is Outcome.INTEGRITY


def test_without_a_trust_file_nobodys_signature_counts(runs):
    decision = runs.gate(runs.sealed().path, trust=None)
    assert decision.outcome is Outcome.SHUT
    assert "has 0 signature(s) that count" in decision.reasons[0]


def test_an_unsigned_run_says_unsigned(runs, world):
    path = runs.sealed(signer=None).path
    assert "is UNSIGNED" in runs.gate(path).reasons[0]
    assert runs.gate(path, policy=world.policy(require_signed=False)).opens


def test_a_run_that_never_finished(runs):
    run = runs.begin({})
    assert runs.gate(run.directory).outcome is Outcome.UNFINISHED
    run.recorder.close()
    decision = runs.gate(runs.seal(run, allow_incomplete=True).path)
    assert decision.outcome is Outcome.UNFINISHED
    assert decision.reasons == (
        "bundle 'job-1' is INCOMPLETE: the run was started and never finished",
    )


def test_an_aborted_run_is_unfinished(runs):
    decision = runs.gate(runs.sealed(status=RunStatus.ABORTED).path)
    assert decision.outcome is Outcome.UNFINISHED
    assert "it was aborted" in decision.reasons[0]


def test_no_bundle_at_a_path_is_an_error(runs, tmp_path):
    with pytest.raises(EvidenceError):
        runs.gate(tmp_path / "nothing")


def test_an_old_pass_does_not_open_for_another_image(runs, world):
    bundle = runs.sealed()
    other = world.policy(subject_digests={"image": "sha256:" + "99" * 32})
    assert runs.gate(bundle.path, policy=other).outcome is Outcome.SHUT


def test_a_signed_waiver_lets_a_failing_run_through(runs, tmp_path):
    bundle = runs.sealed({"latency.p99": Status.FAIL})
    officer = NamedSigner("Ada Officer", "compliance-officer", OFFICER_KEY.keyid)
    developer = NamedSigner("Cy Developer", "developer", DEVELOPER_KEY.keyid)
    waiver = Record(
        subject=RecordSubject.of_run(bundle.statement_digest),
        signers=(developer, officer),
        reason="the host is replaced next week",
        issued=timestamp(runs.now),
        expires=timestamp(runs.now + timedelta(days=7)),
        terms=Waiver("Cy Developer", officer.name, "a nurse reads along", criterion="latency.p99"),
    )
    path = tmp_path / "waiver.dsse.json"
    path.write_bytes(canonical_bytes(sign_record(waiver, [DEVELOPER_KEY, OFFICER_KEY])))
    decision = runs.gate(bundle.path, records=[read_record(path, TRUST)])
    assert decision.opens
    waived = next(each for each in decision.criteria if each.effect is Effect.WAIVED)
    assert waived.verdict.status is Status.FAIL
    next_run = runs.sealed({"latency.p99": Status.FAIL}).path
    assert not runs.gate(next_run, records=[read_record(path, TRUST)]).opens
