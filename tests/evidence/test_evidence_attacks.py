"""What an adversary, a crash or a neighbour could do to evidence, each tried for real."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence import ledger as ledger_module
from clinigate.evidence import seal as seal_module
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.checkpoint import parse_checkpoint
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.names import PROOF, RESULTS
from clinigate.evidence.report import Level, LevelStatus
from clinigate.evidence.runs import RunStore
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.spool import spool_line
from clinigate.evidence.times import Clock
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle


@pytest.fixture
def trust(trusting: Callable[..., TrustStore], ed25519: LocalSigner) -> TrustStore:
    return trusting(ed25519)


def test_a_reader_beside_a_writer_sees_no_truncation(
    tmp_path: Path, clock: Clock, ed25519: LocalSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run's record lands between the reader's two looks at the disk."""
    ledger = Ledger(tmp_path / "ledger", clock=clock, signer=ed25519, wait_s=0)
    ledger.append("run-started", run="r1", body={})
    plain_read, looks = ledger_module.read_bytes, []

    def read_and_let_others_write(path: Path) -> bytes | None:
        data = plain_read(path)
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
    """A signer would sign a checkpoint of another log, size and root, for whoever wrote the name."""
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
    plain_write = seal_module.write_atomic

    def die_with_scratch(path: Path, data: bytes, **options: Any) -> None:
        if path.name == left:
            path.with_name(f".{path.name}.{os.getpid()}-0123abcd.tmp").write_bytes(data[:40])
            if left != PROOF:
                plain_write(path, data, **options)
            raise Killed
        plain_write(path, data, **options)

    monkeypatch.setattr(seal_module, "write_atomic", die_with_scratch)
    with pytest.raises(Killed):
        system.seal(run)
    monkeypatch.undo()
    bundle = system.seal(run)
    report = verify_bundle(bundle, trust=trust, ledger=system.root / "ledger")
    assert report.overall is LevelStatus.OK, report.problems
