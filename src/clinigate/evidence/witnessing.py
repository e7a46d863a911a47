"""Witness a log: remember its head on a machine of one's own, and cosign that it only ever grew.

::

    STATE/3f2a….note     per log, the largest head that this witness saw, with its own cosignature
    STATE/lock           one look at a time

The state is what makes a witness one: it lies where whoever writes the log cannot reach it. Lost,
the witness begins anew and can no longer tell what happened before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clinigate.core.canonical import sha256_hex
from clinigate.errors import EvidenceError, IntegrityError, KeyFileError, UsageError
from clinigate.evidence.chain import Chain, LedgerRecord
from clinigate.evidence.checkpoint import (
    Checkpoint,
    Proof,
    parse_checkpoint,
    parse_proof,
    verify_checkpoint,
)
from clinigate.evidence.cosignature import cosign, cosignatures
from clinigate.evidence.envelope import Signer
from clinigate.evidence.files import lock_file, naming, read_bytes, write_atomic
from clinigate.evidence.kept_heads import COSIGNED, head_name
from clinigate.evidence.ledger import LedgerView, read_ledger
from clinigate.evidence.merkle import inclusion_proof
from clinigate.evidence.names import STATEMENT, UNSIGNED_STATEMENT, WITNESSED
from clinigate.evidence.seal_proof import leads
from clinigate.evidence.signing import PublicKey
from clinigate.evidence.times import Clock, system_clock, timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.witness import WITNESS_ROLE, log_keys

__all__ = ["Witness", "Witnessed", "witness_log"]


@dataclass(frozen=True, slots=True)
class Witness:
    """Who looks, and what they go by.

    Attributes:
        name: as it stands in the signature line, as `example.org/compliance`.
        signer: an Ed25519 key, which signs nothing else.
        state: folder for what was seen, on the witness's own machine.
        trust: the keys that may sign the log.
    """

    name: str
    signer: Signer
    state: Path
    trust: TrustStore


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What a witness did.

    Attributes:
        head: what was cosigned.
        moment: when, as it was signed.
        before: how many records the log had when this witness looked last; None at the first look.
        runs: sealed runs whose time is proven from now on.
        odd: sentences about sealed runs whose statement on the disk is not the one that was logged.
    """

    head: Checkpoint
    moment: datetime
    before: int | None
    runs: tuple[str, ...]
    odd: tuple[str, ...]


def witness_log(
    root: Path, witness: Witness, *, new_log: bool = False, clock: Clock = system_clock
) -> Witnessed:
    """Look at a log, and cosign its head if it has only grown since the last look.

    Args:
        root: the `.clinigate` directory with the log and its runs.
        witness: who looks.
        new_log: the log may be one that this witness never saw, though it saw others.
        clock: the witness's own.

    Raises:
        IntegrityError: the log was edited, rolled back or forked, or its head is signed by no key
            that counts; both sizes are named, and nothing is written.
        EvidenceError: there is no log, or the clock stands before the last look.
        UsageError: a log that this witness never saw.
        KeyFileError: a key that cannot witness this log.
    """
    with naming(witness.state, "written"):
        witness.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with lock_file(witness.state / "lock", wait_s=10):
        # 1. A head of the log, signed by a key that counts, over records that are all there.
        view, head = _signed_head(root / "ledger", witness)
        # 2. It has grown from what was seen last, and from nothing else.
        memory = witness.state / f"{sha256_hex(head.origin.encode())[:16]}.note"
        seen = _remembered(memory, witness)
        if seen is None:
            _refuse_stranger(head, witness.state, new_log=new_log)
        else:
            _check_growth(view.chain, head, seen)
        moment = _now(clock, seen, witness)
        # 3. Remembered before it is given out: who forgets could cosign a fork.
        cosigned = cosign(head, witness.name, witness.signer, moment)
        write_atomic(memory, cosigned.to_bytes())
        # 4. Given out: beside the log, then beside each sealed run that it covers.
        folder = root / "ledger" / COSIGNED
        with naming(folder, "created"):
            folder.mkdir(exist_ok=True)
        write_atomic(folder / head_name(head, witness.signer.keyid), cosigned.to_bytes())
        done = list(_give_out(root, view.chain, cosigned, witness))
    (at,) = (each.moment for each in cosignatures(cosigned, [_public(witness)]))
    return Witnessed(
        head=cosigned,
        moment=at,
        before=None if seen is None else seen.size,
        runs=tuple(run for run, odd in done if odd is None),
        odd=tuple(odd for _, odd in done if odd is not None),
    )


def _signed_head(ledger: Path, witness: Witness) -> tuple[LedgerView, Checkpoint]:
    view = read_ledger(ledger)
    head = view.checkpoint
    if head is None:
        raise EvidenceError(
            f"{ledger}: no signed head to cosign; a log gets one from the first signed run on"
        )
    logs = {key.keyid: key.public for key in log_keys(witness.trust)}
    own = witness.signer.keyid
    known = witness.trust.get(own)
    if own in logs or (known is not None and known.role != WITNESS_ROLE):
        raise KeyFileError(
            f"key {own[:12]} is in the trust file for something else than role {WITNESS_ROLE!r}: "
            "who writes a log cannot vouch for it; use a key of your own"
        )
    try:
        signed = verify_checkpoint(head, logs)
    except IntegrityError as error:
        raise IntegrityError(f"{ledger.name}/checkpoint: {error}") from error
    if not signed:
        raise IntegrityError(
            f"{ledger.name}/checkpoint: signed by no key of the trust file; nothing was cosigned"
        )
    return view, head


def _remembered(memory: Path, witness: Witness) -> Checkpoint | None:
    data = read_bytes(memory)
    if data is None:
        return None
    try:
        seen = parse_checkpoint(data)
        own = cosignatures(seen, [_public(witness)])
    except IntegrityError as error:
        raise IntegrityError(f"{memory}: what this witness saw was edited: {error}") from error
    if not own:
        raise IntegrityError(
            f"{memory}: is not cosigned by this key; each witness has a state folder of its own"
        )
    return seen


def _refuse_stranger(head: Checkpoint, state: Path, *, new_log: bool) -> None:
    if not new_log and any(state.glob("*.note")):
        raise UsageError(
            f"log {head.origin} is not the one that this witness saw before; a log that was "
            "replaced looks like this. Give --new-log if another system's log is meant"
        )


def _check_growth(chain: Chain, head: Checkpoint, seen: Checkpoint) -> None:
    if head.size < seen.size:
        raise IntegrityError(
            f"{chain.name}: was rolled back: its head has {head.size} records, and this witness "
            f"saw {seen.size}; nothing was cosigned"
        )
    if chain.root(seen.size) != seen.root:
        raise IntegrityError(
            f"{chain.name}: was forked: of its {head.size} records the first {seen.size} are not "
            "those that this witness saw; nothing was cosigned"
        )


def _now(clock: Clock, seen: Checkpoint | None, witness: Witness) -> datetime:
    now = clock()
    if seen is not None:
        last = cosignatures(seen, [_public(witness)])[-1].moment
        if now < last:
            raise EvidenceError(
                f"this machine's clock says {timestamp(now)}, and this witness cosigned at "
                f"{timestamp(last)} already; set the clock, then look again"
            )
    return now


def _give_out(
    root: Path, chain: Chain, head: Checkpoint, witness: Witness
) -> Iterator[tuple[str, str | None]]:
    """Write the proof beside each sealed run that has none yet; yield run and what is odd of it."""
    for record in chain.records[: head.size]:
        directory = root / "runs" / str(record.run)
        if record.type != "run-sealed" or not directory.is_dir():
            continue
        envelope = _envelope(directory)
        if envelope is None:  # pruned and begun to be imported, or not whole yet
            continue
        if hashlib.sha256(envelope).hexdigest() != record.body.get("envelope"):
            yield str(record.run), f"run {record.run}: its statement is not the one that was logged"
        elif not _proven_already(directory / WITNESSED, record, witness):
            path = tuple(inclusion_proof(chain.leaves[: head.size], record.seq))
            proof = Proof(record.seq, path, record.line, head)
            write_atomic(directory / WITNESSED, proof.to_bytes(), scratch_in=directory.parent)
            yield str(record.run), None


def _envelope(directory: Path) -> bytes | None:
    found = (read_bytes(directory / name) for name in (STATEMENT, UNSIGNED_STATEMENT))
    return next((data for data in found if data is not None), None)


def _proven_already(path: Path, record: LedgerRecord, witness: Witness) -> bool:
    """Whether an earlier proof stands there: the earlier, the more it proves."""
    data = read_bytes(path)
    if data is None:
        return False
    known: Mapping[str, PublicKey] = {
        key.keyid: key.public for key in witness.trust.keys if key.role == WITNESS_ROLE
    }
    try:
        proof = parse_proof(data)
        keys = [*known.values(), _public(witness)]
        return (
            proof.record == record.line
            and leads(proof)
            and bool(cosignatures(proof.checkpoint, keys))
        )
    except IntegrityError:
        return False


def _public(witness: Witness) -> PublicKey:
    return PublicKey.from_spki(witness.signer.public_key)
