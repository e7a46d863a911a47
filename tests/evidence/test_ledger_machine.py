"""State machine: append, crash in mid-write, reopen, edit, cut, in any order."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from clinigate.errors import IntegrityError
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.signing import generate_signer

SIGNER = generate_signer()
ABOUT_ITSELF = {"ledger-created", "signer-changed", "tail-repaired"}


def fixed_clock() -> datetime:
    return datetime(2026, 8, 21, tzinfo=UTC)


class LedgerMachine(RuleBasedStateMachine):
    """The model is the list of what was acknowledged."""

    @initialize()
    def create(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.acknowledged: list[str] = []
        self.reopen()

    @rule()
    def reopen(self) -> None:
        self.ledger = Ledger(self.root, clock=fixed_clock, signer=SIGNER, wait_s=0)

    @rule(word=st.text(max_size=8))
    def append(self, word: str) -> None:
        self.ledger.append("run-started", run="r", body={"word": word})
        self.acknowledged.append(word)

    @rule(share=st.floats(0, 1))
    def crash_in_mid_write(self, share: float) -> None:
        """The next record's first bytes reach the disk, and the process is gone."""
        chain = read_ledger(self.root).chain
        if not chain.records:
            return
        line = chain.next_line("2026-08-21T00:00:00.000000Z", "run-started", "r", {"word": "x"})
        with (self.root / "records.ndjson").open("ab") as stream:
            stream.write(line[: int(share * len(line))])
        self.reopen()

    @rule(place=st.integers(0), bit=st.integers(0, 7))
    def edit_is_refused(self, place: int, bit: int) -> None:
        path, whole, sealed = self._acknowledged_bytes()
        if sealed:
            at = place % sealed
            edited = bytearray(whole)
            edited[at] ^= 1 << bit
            self._refused(path, whole, bytes(edited))

    @rule(place=st.integers(0))
    def cut_is_refused(self, place: int) -> None:
        path, whole, sealed = self._acknowledged_bytes()
        if sealed:
            self._refused(path, whole, whole[: place % sealed])

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        records = read_ledger(self.root).chain.records
        words = [r.body["word"] for r in records if r.type not in ABOUT_ITSELF]
        assert words == self.acknowledged

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def _acknowledged_bytes(self) -> tuple[Path, bytes, int]:
        path = self.root / "records.ndjson"
        whole = path.read_bytes() if path.exists() else b""
        return path, whole, whole.rfind(b"\n") + 1

    def _refused(self, path: Path, whole: bytes, broken: bytes) -> None:
        path.write_bytes(broken)
        with pytest.raises(IntegrityError):
            self.ledger.append("run-started", run="r", body={"word": "lost"})
        assert path.read_bytes() == broken
        path.write_bytes(whole)


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
