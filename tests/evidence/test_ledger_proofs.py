"""What one takes along from the log proves what it says, and holds in no other case."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.checkpoint import Checkpoint, parse_proof, sign_checkpoint
from clinigate.evidence.history import read_history
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.ledger_check import check_ledger
from clinigate.evidence.ledger_proofs import (
    Growth,
    grown_from,
    parse_growth,
    prove_growth,
    prove_seal,
)
from clinigate.evidence.merkle import consistency_proof, leaf_hash, root
from clinigate.evidence.seal_proof import leads
from clinigate.evidence.spool import RunStatus

LEAVES = [leaf_hash(str(number).encode()) for number in range(24)]


def _head(size: int) -> Checkpoint:
    return Checkpoint("example.org/log", size, root(LEAVES[:size]))


def test_a_seal_is_proven_under_the_head_of_today(system: Any) -> None:
    bundle = system.sealed()
    for _ in range(3):
        system.sealed()
    proof = prove_seal(read_ledger(system.root / "ledger"), bundle.run)
    assert leads(proof)
    assert parse_proof(proof.to_bytes()) == proof
    assert proof.checkpoint.size > parse_proof(bundle.read("ledger.tlog-proof")).checkpoint.size


def test_what_was_never_sealed_or_never_began_is_told(system: Any) -> None:
    run = system.begin()
    view = read_ledger(system.root / "ledger")
    with pytest.raises(EvidenceError, match="never sealed"):
        prove_seal(view, run.id)
    with pytest.raises(EvidenceError, match="no run 'x' ever began"):
        prove_seal(view, "x")


def test_a_log_without_a_head_proves_nothing(system: Any) -> None:
    bundle = system.sealed()
    (system.root / "ledger" / "checkpoint").unlink()
    view = read_ledger(system.root / "ledger")
    with pytest.raises(EvidenceError, match="no signed head"):
        prove_seal(view, bundle.run)


@given(data=st.data())
def test_growth_is_shown_between_any_two_sizes_and_no_others(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 24))
    old = data.draw(st.integers(1, size))
    growth = Growth(old, tuple(consistency_proof(LEAVES[:size], old)), _head(size))
    assert parse_growth(growth.to_bytes()) == growth
    assert grown_from(growth, _head(old))
    for other in {1, old - 1, old + 1, size} - {0, old}:
        assert not grown_from(growth, _head(other))
    forged = Checkpoint("example.org/log", old, bytes(32))
    assert not grown_from(growth, forged)


@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_changed_bit_of_a_growth_holds(position: int, bit: int) -> None:
    """The note's own text is its signature's part, which this proof does not look at."""
    growth = Growth(7, tuple(consistency_proof(LEAVES[:20], 7)), _head(20))
    whole = bytearray(growth.to_bytes())
    whole[position % len(whole)] ^= 1 << bit
    try:
        read = parse_growth(bytes(whole))
    except IntegrityError:
        return
    assert not grown_from(read, _head(7))


def test_a_log_proves_its_growth_since_a_kept_head(system: Any) -> None:
    system.sealed()
    old = read_ledger(system.root / "ledger").checkpoint
    system.sealed()
    growth = prove_growth(read_ledger(system.root / "ledger"), old)
    assert grown_from(growth, old)
    text = growth.to_bytes().decode()
    assert text.startswith(f"old {old.size}\n")
    foreign = Checkpoint(old.origin, old.size, bytes(32))
    with pytest.raises(IntegrityError, match="history was rewritten"):
        prove_growth(read_ledger(system.root / "ledger"), foreign)


def test_every_run_is_listed_with_what_happened_to_it(system: Any) -> None:
    """Started and never finished, finished, sealed; copied, pruned, with records of people."""
    killed = system.begin().id
    sealed = system.sealed().run
    ledger = system.ledger
    ledger.append("record-added", run=sealed, body={"kind": "waiver", "digest": "sha256:0"})
    ledger.append("bundle-exported", run=sealed, body={"to": "memory://x"})
    ledger.append("run-pruned", run=sealed, body={})
    first, second = read_history(system.root / "ledger")
    assert (first.run, first.status, first.sealed_at) == (killed, RunStatus.INCOMPLETE, None)
    assert (second.run, second.records, second.exported_to) == (sealed, 1, ("memory://x",))
    assert second.pruned_at is not None


@pytest.fixture
def checked(system: Any, trusting: Any) -> Any:
    system.sealed()
    system.sealed()
    return lambda kept=None: check_ledger(system.root, trusting(system.signer), kept)


def test_a_sound_log_holds_every_head_that_is_remembered(system: Any, checked: Any) -> None:
    kept = read_ledger(system.root / "ledger").checkpoint
    system.sealed()
    found = checked(kept)
    assert (found.signed, found.problems, found.notes) == (True, (), ())
    assert len(found.seen) == 4


def test_a_rollback_is_seen_by_the_runs_that_lie_here(system: Any, checked: Any) -> None:
    """Log and head rolled back by whoever has the key: the sealed runs remember more."""
    ledger = system.root / "ledger"
    lines = (ledger / "records.ndjson").read_bytes().splitlines(keepends=True)
    (ledger / "records.ndjson").write_bytes(b"".join(lines[:4]))
    (ledger / "checkpoint").unlink()
    chain = read_ledger(ledger).chain
    head = sign_checkpoint(str(chain.origin), 4, chain.root(), [system.signer])
    (ledger / "checkpoint").write_bytes(head.to_bytes())
    problems = " ".join(checked().problems)
    assert "records were cut off" in problems
    assert "the log knows no such run" in problems


def test_a_run_that_was_put_there_or_taken_away_is_named(system: Any, checked: Any) -> None:
    first, second = sorted((system.root / "runs").iterdir())
    fake = first.with_name(f"{first.name[:-8]}00000000")
    shutil.copytree(first, fake)
    shutil.rmtree(second)
    problems = checked().problems
    assert any(fake.name in each and "knows no such run" in each for each in problems)
    assert any(second.name in each and "gone without a word" in each for each in problems)


def test_a_torn_tail_is_told_and_is_no_break(system: Any, checked: Any) -> None:
    with (system.root / "ledger" / "records.ndjson").open("ab") as stream:
        stream.write(b'{"half')
    found = checked()
    assert found.problems == ()
    assert "never acknowledged" in found.notes[0]


def test_without_a_log_there_is_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no log here"):
        check_ledger(tmp_path, None)
