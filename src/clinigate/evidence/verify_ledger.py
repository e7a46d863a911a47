"""Level 2: the seal stands in the log of all runs, and the log was not rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from clinigate.core.canonical import sha256_hex
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.chain import Chain
from clinigate.evidence.checkpoint import Checkpoint, Proof, parse_checkpoint, verify_checkpoint
from clinigate.evidence.kept_heads import kept_heads, told_of
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.names import PROOF, WITNESSED
from clinigate.evidence.proven_time import ProvenTime
from clinigate.evidence.report import Level, LevelResult, LevelStatus
from clinigate.evidence.seal_proof import read_seal_proof
from clinigate.evidence.signing import PublicKey
from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.witness import log_keys

__all__ = ["verify_in_ledger"]


def verify_in_ledger(
    bundle: Bundle,
    trust: TrustStore | None,
    ledger: Path | None,
    last_checkpoint: bytes | None,
    proven: ProvenTime | None = None,
) -> LevelResult:
    """Check the bundle's log proof; with `ledger`, the log; with `last_checkpoint`, its past.

    With `proven`, a time that somebody else vouches for, the head may be signed by a key that was
    revoked later.
    """
    try:
        # 1. The proof leads from a record of this very statement to a tree head.
        proof = read_seal_proof(bundle)
        sentences = [f"{PROOF}: record {proof.index} of {proof.checkpoint.origin}"]
        # 2. The head is signed by a key that counts.
        signed = _head_is_signed(bundle, proof.checkpoint, trust, proven)
        # 3. The log, where it is at hand, has grown from that head and no other.
        if ledger is not None:
            sentences += _check_log(ledger, bundle, proof.checkpoint, trust)
        # 4. Neither has taken back what somebody saw and kept.
        if last_checkpoint is not None:
            sentences.append(_check_past(last_checkpoint, proof, trust, ledger))
    except IntegrityError as error:
        return LevelResult(Level.LEDGER, LevelStatus.FAILED, (str(error),))
    except EvidenceError as error:  # what would decide is not at hand
        return LevelResult(Level.LEDGER, LevelStatus.NOT_ASSESSED, (str(error),))
    if last_checkpoint is None:
        sentences.append("no earlier checkpoint given: a rollback of the log is not ruled out")
    if not signed:
        sentences.append(f"{PROOF}: no key that counts has signed the log's head")
    status = LevelStatus.OK if signed else LevelStatus.NOT_ASSESSED
    return LevelResult(Level.LEDGER, status, tuple(sentences))


def _head_is_signed(
    bundle: Bundle, head: Checkpoint, trust: TrustStore | None, proven: ProvenTime | None
) -> bool:
    if trust is None:
        return False
    sealed = parse_timestamp(bundle.statement.sealed_at)
    keys = {key.keyid: key.public for key in log_keys(trust) if _counts(key, sealed, proven)}
    try:
        if verify_checkpoint(head, keys):
            return True
    except IntegrityError as error:
        raise IntegrityError(f"{PROOF}: {error}") from error
    if head.signatures:
        raise IntegrityError(f"{PROOF}: the log's head is signed by no key that counts")
    if bundle.signed:
        raise IntegrityError(f"{PROOF}: the run is signed, and the log's head is not")
    return False


def _counts(key: TrustedKey, sealed: datetime, proven: ProvenTime | None) -> bool:
    """Whether a key's signature of the seal counts."""
    return key.why_not(sealed, proven=None if proven is None else proven.moment) is None


def _check_log(
    ledger: Path, bundle: Bundle, head: Checkpoint, trust: TrustStore | None
) -> Iterator[str]:
    view = read_ledger(ledger)
    chain = view.chain
    if chain.origin != head.origin and _was_imported(chain, bundle):
        yield f"{chain.name}: brought from log {head.origin}, which is not at hand"
        return
    chain.check(head)
    # A head that somebody cosigned is a memory that who rolls the log back must take away as well.
    for name, seen in (*_witnessed_head(bundle, trust), *kept_heads(ledger, trust)):
        with told_of(name):
            chain.check(seen)
    yield f"{chain.name}: {len(chain.leaves)} records, unbroken since the seal"
    if view.checkpoint is None:
        yield f"{ledger.name}/checkpoint: missing: the log has no signed head of its own"
    elif trust is not None and not verify_checkpoint(view.checkpoint, _all_keys(trust)):
        yield f"{ledger.name}/checkpoint: signed by no key that counts"


def _witnessed_head(bundle: Bundle, trust: TrustStore | None) -> Iterator[tuple[str, Checkpoint]]:
    """The later head beside the bundle, where it counts; what is wrong with it level 3 says."""
    if trust is None or WITNESSED not in bundle.names:
        return
    with suppress(EvidenceError):
        head = read_seal_proof(bundle, WITNESSED).checkpoint
        if verify_checkpoint(head, _all_keys(trust)):
            yield WITNESSED, head


def _was_imported(chain: Chain, bundle: Bundle) -> bool:
    """Whether the log at hand says that this very seal was brought here from another log."""
    statement = sha256_hex(bundle.envelope.payload)
    return any(
        record.type == "bundle-imported"
        and record.run == bundle.run
        and record.body.get("statement") == statement
        for record in chain.records
    )


def _check_past(data: bytes, proof: Proof, trust: TrustStore | None, ledger: Path | None) -> str:
    seen = parse_checkpoint(data)
    if trust is not None and not verify_checkpoint(seen, _all_keys(trust)):
        raise EvidenceError("the earlier checkpoint is signed by no key of the trust file")
    if seen.origin != proof.checkpoint.origin:
        raise IntegrityError(f"{PROOF}: is of another log than the earlier checkpoint")
    if ledger is not None:
        read_ledger(ledger).chain.check(seen)
    elif seen.size != proof.checkpoint.size:
        raise EvidenceError(
            "whether the log still holds what the earlier checkpoint saw needs the log"
        )
    elif seen.root != proof.checkpoint.root:
        raise IntegrityError(f"{PROOF}: the log was rewritten since the earlier checkpoint")
    return f"the log still holds the {seen.size} records that the earlier checkpoint saw"


def _all_keys(trust: TrustStore) -> dict[str, PublicKey]:
    return {key.keyid: key.public for key in log_keys(trust)}
