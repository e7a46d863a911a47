"""What an adversary, a crash or a neighbour could do to evidence, each tried for real."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError, UsageError
from clinigate.evidence import ledger as ledger_module
from clinigate.evidence import seal as seal_module
from clinigate.evidence.bundle import Bundle, export_zip, open_bundle
from clinigate.evidence.files import read_bytes, write_atomic
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.names import PROOF, RESULTS, blob_path
from clinigate.evidence.recorded import read_run
from clinigate.evidence.report import Level, LevelStatus
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.times import Clock
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.examine import examine
from clinigate.pipeline.publish import report_of, write_report
from clinigate.pipeline.reading import last_failed


@pytest.fixture
def trust(trusting: Callable[..., TrustStore], ed25519: LocalSigner) -> TrustStore:
    return trusting(ed25519)


def test_a_reader_beside_a_writer_sees_no_truncation(
    tmp_path: Path, clock: Clock, ed25519: LocalSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run's record lands between the reader's two looks at the disk."""
    ledger = Ledger(tmp_path / "ledger", clock=clock, signer=ed25519, wait_s=0)
    ledger.append("run-started", run="r1", body={})
    looks: list[str] = []

    def read_and_let_others_write(path: Path) -> bytes | None:
        data = read_bytes(path)
        looks.append(path.name)
        if len(looks) == 1:
            ledger.append("run-started", run="r2", body={})
        return data

    monkeypatch.setattr(ledger_module, "read_bytes", read_and_let_others_write)
    view = read_ledger(ledger.directory)
    assert {"records.ndjson", "checkpoint"} <= set(looks)
    assert view.checkpoint is not None
    assert view.checkpoint.size <= len(view.chain.records)


@pytest.mark.parametrize("origin", ["a b", "a\n5\nAAAA", "", "a+b", "a\u2028b"])
def test_a_log_name_that_would_change_what_its_head_says_is_refused(
    tmp_path: Path, clock: Clock, ed25519: LocalSigner, origin: str
) -> None:
    """The signer would state the head of another log, for whoever wrote the name."""
    directory = tmp_path / "ledger"
    directory.mkdir()
    record = {"body": {"origin": origin}, "prev": "0" * 64, "run": None, "seq": 0}
    record |= {"ts": "2026-08-21T10:00:00.000000Z", "type": "ledger-created"}
    (directory / "records.ndjson").write_bytes(canonical_bytes(record) + b"\n")
    with pytest.raises(IntegrityError, match="line 1: the first record does not name the log"):
        Ledger(directory, clock=clock, signer=ed25519, wait_s=0).append("x", run="r", body={})
    assert not (directory / "checkpoint").exists()


class Killed(BaseException):
    """As `kill -9`: no handler of ours may run, but the test must go on."""


@pytest.mark.parametrize("left", ["statement.dsse.json", PROOF])
def test_a_seal_that_is_killed_between_any_two_steps_can_be_completed(
    system: Any, trust: TrustStore, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The half-written file that it leaves must not spoil the bundle that it becomes."""
    run = system.record()
    run.finish()

    def die_with_scratch(path: Path, data: bytes, **options: Any) -> None:
        if path.name == left:
            path.with_name(f".{path.name}.{os.getpid()}-0123abcd.tmp").write_bytes(data[:40])
            if left != PROOF:
                write_atomic(path, data, **options)
            raise Killed
        write_atomic(path, data, **options)

    monkeypatch.setattr(seal_module, "write_atomic", die_with_scratch)
    with pytest.raises(Killed):
        system.seal(run)
    monkeypatch.undo()
    bundle = system.seal(run)
    report = verify_bundle(bundle, trust=trust, ledger=system.root / "ledger")
    assert report.overall is LevelStatus.OK, report.problems


def test_a_run_that_never_finished_cannot_be_stated_complete(
    system: Any, trust: TrustStore, reseal: Callable[..., Bundle], ed25519: LocalSigner
) -> None:
    """Whoever holds the machine's key seals an abandoned run, and calls it what it is not."""
    run = system.record()
    run.recorder.close()
    bundle = reseal(system.seal(run, allow_incomplete=True), ed25519, status="COMPLETE")
    meaning = verify_bundle(bundle, trust=trust).level(Level.MEANING)
    assert meaning.status is LevelStatus.FAILED
    assert any(
        "status is COMPLETE, the spools say INCOMPLETE" in each for each in meaning.sentences
    )


def test_results_of_another_subject_than_was_recorded_are_found(
    system: Any, trust: TrustStore, reseal: Callable[..., Bundle], ed25519: LocalSigner
) -> None:
    """An old pass, relabelled for the new image in statement and results alike."""
    bundle = system.sealed()
    path = bundle.path / RESULTS
    results = json.loads(path.read_bytes())
    results["subject"]["digests"]["image"] = "sha256:" + "0f" * 32
    path.write_bytes(canonical_bytes(results))
    forged = reseal(bundle, ed25519, subject=results["subject"])
    meaning = verify_bundle(forged, trust=trust).level(Level.MEANING)
    assert meaning.status is LevelStatus.FAILED
    assert any("subject is not as in the spools" in each for each in meaning.sentences)


@pytest.mark.parametrize("as_zip", [False, True])
def test_what_is_read_after_verifying_is_what_was_verified(
    system: Any, trust: TrustStore, as_zip: bool, tmp_path: Path
) -> None:
    """Results exchanged between the verification and the judgement reach nobody."""
    bundle = system.sealed()
    if as_zip:
        bundle = open_bundle(export_zip(bundle, tmp_path / "b.zip"))
    assert verify_bundle(bundle, trust=trust).overall is LevelStatus.OK
    if as_zip:
        other = bundle.path.with_name("other.zip")
        with zipfile.ZipFile(bundle.path) as old, zipfile.ZipFile(other, "w") as new:
            for info in old.infolist():
                data = old.read(info).replace(b"0.01", b"0.00")
                new.writestr(info, data)
        bundle = replace(bundle, source=open_bundle(other).source)
    else:
        path = bundle.path / RESULTS
        path.write_bytes(path.read_bytes().replace(b"0.01", b"0.00"))
    with pytest.raises(IntegrityError, match=r"results\.json: was changed"):
        bundle.results()


def test_a_log_whose_head_was_taken_away_or_replaced_is_told(
    system: Any, trust: TrustStore, foreign: LocalSigner
) -> None:
    """The bundle's own proof still holds; nobody vouches for what the log says since."""
    bundle = system.sealed()
    directory = system.root / "ledger"
    head = (directory / "checkpoint").read_bytes()

    def level() -> Any:
        return verify_bundle(bundle, trust=trust, ledger=directory).level(Level.LEDGER)

    assert "key that counts" not in " ".join(level().sentences)
    (directory / "checkpoint").unlink()
    assert "missing: the log has no signed head" in " ".join(level().sentences)
    (directory / "checkpoint").write_bytes(head)
    Ledger(directory, signer=foreign).append("run-started", run="r", body={})
    assert "signed by no key that counts" in " ".join(level().sentences)


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "text/x-log"])
def test_a_reply_that_is_json_under_another_name_can_be_sealed(
    system: Any, trust: TrustStore, media_type: str
) -> None:
    """What the last look would find, the recorder took out: else nothing could seal the run."""
    run = system.record()
    reply = b'{"token": "abcdefgh", "email": "none given", "n": 1}'
    digest = run.recorder.blob(reply, media_type)
    run.finish()
    bundle = system.seal(run)
    stored = bundle.read_json(blob_path(digest))
    assert stored["n"] == 1
    assert stored["token"].startswith("[SECRET:")
    assert verify_bundle(bundle, trust=trust).overall is LevelStatus.OK


def test_a_run_that_was_killed_while_its_home_was_made_stands_in_nobodys_way(
    tmp_path: Path,
) -> None:
    """Whoever reads all runs, as `--clinigate-rerun-failed`, passes over it."""
    home = tmp_path / "runs" / "20260821T100000000000Z-0a1b2c3d"
    home.mkdir(parents=True)
    with pytest.raises(IncompleteRunError, match="died before its first record"):
        read_run(home)
    with pytest.raises(UsageError, match="no run here"):
        last_failed(tmp_path)
    with pytest.raises(EvidenceError, match="no run here"):
        read_run(tmp_path / "runs")


def test_a_report_that_cannot_be_written_is_one_sentence(
    system: Any, trust: TrustStore, tmp_path: Path
) -> None:
    """A file stands where its folder should be."""
    report = report_of(examine(system.sealed().path, trust=trust), None)
    (tmp_path / "exports").write_text("x")
    with pytest.raises(EvidenceError, match="exports: cannot be created"):
        write_report(report, tmp_path / "exports" / "report.html")
