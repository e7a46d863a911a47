"""State machine: record, die, finish, seal, be interrupted, tamper, in any order."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clinigate.core import Finding, Gap, Measurement, Observation, Plan, judge_all
from clinigate.core import Kind as MeasurementKind
from clinigate.core.results import Results, Subject
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.inspection import allow_unscanned
from clinigate.evidence.recorded import read_run
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.runs import RunStore, begin_run, join_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle

SIGNER = generate_signer()
TRUST = TrustStore((TrustedKey(SIGNER.public, "CI", "machine"),))
SUBJECT = Subject("demo")


class BundleMachine(RuleBasedStateMachine):
    """The model is the list of acknowledged observations, and how the run ended."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.store = RunStore(self.root)
        self.run = begin_run(
            self.root, producer="main", subject=SUBJECT, plan=Plan(), signer=SIGNER, environ={}
        )
        allow_unscanned(self.run.recorder, ["application/octet-stream"], "drawn by the test")
        self.workers: list[tuple[Recorder, Path]] = []
        self.told: list[str] = []
        self.dead = False
        self.finished = False
        self.sealed: Bundle | None = None

    def recording(self) -> bool:
        return not self.finished and self.sealed is None

    @precondition(recording)
    @rule(message=st.text(max_size=10), raw=st.binary(max_size=10))
    def record(self, message: str, raw: bytes) -> None:
        digest = self.run.recorder.blob(raw, "application/octet-stream")
        seen = Observation("CG-1", Finding("m", message), evidence=(digest,))
        self.run.recorder.observation(seen)
        self.told.append(digest)

    @precondition(recording)
    @rule()
    def another_process_joins(self) -> None:
        spools = set((self.run.directory / "spool").iterdir())
        worker = join_run(self.run.environ(), producer="worker")
        (path,) = set((self.run.directory / "spool").iterdir()) - spools
        worker.observation(Observation("CG-2", Gap("g", "not there")))
        self.workers.append((worker, path))

    @precondition(lambda self: self.recording() and self.workers)
    @rule(torn=st.binary(max_size=5).filter(lambda b: b"\n" not in b), finishes=st.booleans())
    def another_process_ends(self, torn: bytes, finishes: bool) -> None:
        """In good order, or killed in the middle of a line."""
        worker, path = self.workers.pop()
        if finishes:
            worker.finish()
            return
        worker.close()
        self.dead = True
        with path.open("ab") as stream:
            stream.write(torn)

    @precondition(lambda self: self.recording() and not self.workers)
    @rule()
    def finish(self) -> None:
        measured = Measurement("m", MeasurementKind.RATE, 0.0, 10, events=0)
        self.run.recorder.observation(Observation("CG-1", measured))
        self.run.finish()
        self.finished = True

    @precondition(lambda self: self.sealed is None)
    @rule(allow=st.booleans())
    def seal(self, allow: bool) -> None:
        """Works when nobody writes any more; complete only when everybody finished."""
        alive = not self.finished or bool(self.workers)
        complete = self.finished and not self.dead
        if alive:
            with pytest.raises(EvidenceError, match="still writes"):
                self._seal(allow)
        elif complete or allow:
            self.sealed = self._seal(allow)
            wanted = RunStatus.COMPLETE if complete else RunStatus.INCOMPLETE
            assert self.sealed.status is wanted
        else:
            with pytest.raises(IncompleteRunError):
                self._seal(allow)

    @precondition(lambda self: self.sealed is not None)
    @rule()
    def sealing_twice_is_refused(self) -> None:
        with pytest.raises(EvidenceError, match="sealed already"):
            self._seal(True)

    @precondition(lambda self: self.sealed is not None)
    @rule()
    def an_interrupted_seal_is_completed(self) -> None:
        (self.run.directory / "ledger.tlog-proof").unlink()
        self.sealed = self._seal(True)

    @precondition(lambda self: self.sealed is not None)
    @rule(which=st.integers(0), place=st.integers(0), bit=st.integers(0, 7))
    def a_changed_bit_is_found_by_name(self, which: int, place: int, bit: int) -> None:
        name, path, whole = self._file(which)
        if whole:
            broken = bytearray(whole)
            broken[place % len(whole)] ^= 1 << bit
            path.write_bytes(broken)
            assert self._named(name)
            path.write_bytes(whole)

    @precondition(lambda self: self.sealed is not None)
    @rule(which=st.integers(0), keep=st.integers(0))
    def a_cut_or_removed_file_is_found_by_name(self, which: int, keep: int) -> None:
        name, path, whole = self._file(which)
        if whole:
            path.write_bytes(whole[: keep % len(whole)])
            assert self._named(name)
        path.unlink()
        assert self._named(name)
        path.write_bytes(whole)

    @precondition(lambda self: self.sealed is not None)
    @rule(name=st.sampled_from(["x", "y/x", "spool/x.ndjson", "blobs/x", "records-x"]))
    def an_added_file_is_found_by_name(self, name: str) -> None:
        path = self.run.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        assert self._named(name)
        path.unlink()

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        observations = read_run(self.run.directory).observations()
        assert [d for o in observations for d in o.evidence] == self.told

    @invariant()
    def a_sealed_bundle_verifies_and_the_ledger_agrees(self) -> None:
        (history,) = self.store.history()
        if self.sealed is None:
            assert history.sealed_at is None
            return
        report = verify_bundle(
            open_bundle(self.run.directory), trust=TRUST, ledger=self.store.ledger_directory
        )
        assert report.overall is LevelStatus.OK, report.problems
        assert history.status is self.sealed.status
        assert history.statement == self.sealed.statement_digest.partition(":")[2]

    def teardown(self) -> None:
        self.run.recorder.close()
        for worker, _ in self.workers:
            worker.close()
        shutil.rmtree(self.root)

    def _seal(self, allow: bool) -> Bundle:
        recorded = read_run(self.run.directory)
        results = Results(
            run=self.run.id,
            subject=SUBJECT,
            target="t",
            plan=Plan(),
            started_at=recorded.started_at,
            finished_at=recorded.finished_at,
            criteria=(),
            verdicts=judge_all((), ()),
            observations=(),
        )
        return seal(
            self.run.directory,
            signer=SIGNER,
            ledger=self.store.ledger(signer=SIGNER),
            results=results,
            controls={},
            allow_incomplete=allow,
        )

    def _file(self, which: int) -> tuple[str, Path, bytes]:
        names = open_bundle(self.run.directory).names
        name = names[which % len(names)]
        path = self.run.directory / name
        return name, path, path.read_bytes()

    def _named(self, name: str) -> bool:
        try:
            report = verify_bundle(open_bundle(self.run.directory), trust=TRUST)
        except (IntegrityError, IncompleteRunError) as error:
            return name in str(error)
        failed = report.overall is LevelStatus.FAILED
        return failed and any(name in problem for problem in report.problems)


TestBundleMachine = BundleMachine.TestCase
TestBundleMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
