"""The append-only log of all runs: what makes an abandoned or failed run stay visible.

::

    ledger/records.ndjson   one line, one leaf
    ledger/checkpoint       the signed tree head, replaced after each append by a signer
    ledger/lock             one writer at a time

The chain of hashes shows edits but no truncation: three records cut from the end leave a perfect
chain. The signed checkpoint shows it, as long as the checkpoint is not rolled back as well; against
that helps only a copy elsewhere (in git, with an officer), which `verify` takes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.core.canonical import sha256_hex
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.chain import Chain, LedgerRecord
from clinigate.evidence.checkpoint import (
    Checkpoint,
    Proof,
    note_key_id,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from clinigate.evidence.envelope import Signer
from clinigate.evidence.files import (
    append_bytes,
    lock_file,
    naming,
    read_bytes,
    sync_directory,
    write_atomic,
)
from clinigate.evidence.merkle import inclusion_proof
from clinigate.evidence.times import Clock, system_clock, timestamp

__all__ = ["Ledger", "LedgerView", "read_ledger"]

#: Type, run and body of a record that is to be appended.
_Entry = tuple[str, str | None, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class LedgerView:
    """A ledger as it was found, without touching it.

    Attributes:
        chain: its records, checked one by one and against the checkpoint.
        torn: bytes of a record that was never acknowledged, at the end of the file.
        checkpoint: the tree head beside it, None when there is none; its signatures are unchecked.
    """

    chain: Chain
    torn: bytes
    checkpoint: Checkpoint | None


def read_ledger(directory: Path) -> LedgerView:
    """Read a ledger without changing it; a missing one is empty.

    Raises:
        IntegrityError: a record was edited, or the file is behind its checkpoint.
        EvidenceError: it cannot be read.
    """
    chain = Chain(f"{directory.name}/records.ndjson")
    # The head first: it is written last, so that what another process adds between the two looks
    # makes the log longer than its head, and never a head longer than the log.
    checkpoint = _read_checkpoint(directory)
    data = read_bytes(directory / "records.ndjson") or b""
    whole = chain.extend(data)
    if checkpoint is not None:
        try:
            chain.check(checkpoint)
        except IntegrityError as error:
            raise IntegrityError(f"{directory.name}/checkpoint: {error}") from error
    return LedgerView(chain, data[whole:], checkpoint)


class Ledger:
    """The one writer of a ledger."""

    def __init__(
        self,
        directory: Path,
        *,
        clock: Clock = system_clock,
        signer: Signer | None = None,
        wait_s: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare to write; the ledger is created by the first append.

        Args:
            directory: where it lives.
            clock: source of the records' times.
            signer: who signs checkpoints; None leaves the last signed one as it is.
            wait_s: how long to wait for another writer, in seconds.
            sleep: how to wait.
        """
        self.directory = directory
        self._clock = clock
        self._signer = signer
        self._wait_s = wait_s
        self._sleep = sleep

    def append(self, kind: str, *, run: str | None, body: Mapping[str, Any]) -> LedgerRecord:
        """Append a record and return it once it is on the disk and under the checkpoint.

        Before it come, where they apply: `ledger-created`, `tail-repaired` (a torn record of a
        crashed writer, cut off), `signer-changed` (the checkpoint was not of this signer's key).

        Raises:
            IntegrityError: the ledger on disk was edited, cut or rolled back; nothing is written.
            EvidenceError: another process writes for too long, or the disk refuses.
        """
        with naming(self.directory, "written"):
            self.directory.mkdir(parents=True, exist_ok=True)
            with lock_file(self.directory / "lock", wait_s=self._wait_s, sleep=self._sleep):
                # 1. What is there must be sound: nothing is built, and signed, on a forgery.
                view = read_ledger(self.directory)
                changed = self._signer_changed(view.checkpoint)
                # 2. Records about the ledger itself, then the caller's, all onto the disk.
                record = self._append_records(view, changed, (kind, run, body))
                # 3. The tree head comes last: a crash before it leaves an older, true one.
                self._write_checkpoint(view.chain)
        return record

    def prove(self, record: LedgerRecord) -> Proof:
        """Return the proof that a record is in the ledger as it stands now.

        Raises:
            IntegrityError: the ledger on disk was edited, cut or rolled back.
            EvidenceError: the record is not in it.
        """
        view = read_ledger(self.directory)
        self._signer_changed(view.checkpoint)  # never sign a head on top of a forged one
        chain = view.chain
        if record not in chain.records:
            raise EvidenceError(f"{chain.name}: record {record.seq} is not in this ledger")
        signers = [] if self._signer is None else [self._signer]
        head = sign_checkpoint(str(chain.origin), len(chain.leaves), chain.root(), signers)
        return Proof(
            record.seq, tuple(inclusion_proof(chain.leaves, record.seq)), record.line, head
        )

    def _append_records(
        self, view: LedgerView, changed: Mapping[str, Any] | None, asked: _Entry
    ) -> LedgerRecord:
        path = self.directory / "records.ndjson"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            if view.torn:
                os.ftruncate(fd, os.fstat(fd).st_size - len(view.torn))
            for entry in (*self._preamble(view, changed), asked):
                line = view.chain.next_line(timestamp(self._clock()), *entry)
                # What could not be read back is never written.
                view.chain.extend(line + b"\n")
                append_bytes(fd, line + b"\n", view.chain.name)
            os.fsync(fd)
        finally:
            os.close(fd)
        sync_directory(self.directory)
        return view.chain.records[-1]

    @staticmethod
    def _preamble(view: LedgerView, changed: Mapping[str, Any] | None) -> list[_Entry]:
        records: list[_Entry] = []
        if not view.chain.records:
            origin = f"clinigate.dev/ledger/{os.urandom(8).hex()}"
            records.append(("ledger-created", None, {"origin": origin}))
        if view.torn:
            about = {"bytes": len(view.torn), "sha256": sha256_hex(view.torn)}
            records.append(("tail-repaired", None, about))
        if changed is not None:
            records.append(("signer-changed", None, changed))
        return records

    def _signer_changed(self, checkpoint: Checkpoint | None) -> Mapping[str, Any] | None:
        """What to record when the checkpoint on disk is not of this signer's key.

        Raises:
            IntegrityError: it claims to be, and is not.
        """
        if self._signer is None:
            return None
        if checkpoint is None:
            return {"from": [], "to": self._signer.keyid}
        # cryptography is needed here only, where a signer has loaded it already.
        from clinigate.evidence.signing import PublicKey

        own = PublicKey.from_spki(self._signer.public_key)
        try:
            if verify_checkpoint(checkpoint, {own.keyid: own}):
                return None
        except IntegrityError as error:
            raise IntegrityError(f"{self.directory.name}/checkpoint: {error}") from error
        seen = sorted(line.key_id.hex() for line in checkpoint.signatures)
        own_id = note_key_id(checkpoint.origin, self._signer.public_key).hex()
        return {"from": seen, "to": self._signer.keyid, "noteKeyId": own_id}

    def _write_checkpoint(self, chain: Chain) -> None:
        if self._signer is not None:
            size = len(chain.leaves)
            head = sign_checkpoint(str(chain.origin), size, chain.root(), [self._signer])
            write_atomic(self.directory / "checkpoint", head.to_bytes())


def _read_checkpoint(directory: Path) -> Checkpoint | None:
    data = read_bytes(directory / "checkpoint")
    try:
        return None if data is None else parse_checkpoint(data)
    except IntegrityError as error:
        raise IntegrityError(f"{directory.name}/checkpoint: {error}") from error
