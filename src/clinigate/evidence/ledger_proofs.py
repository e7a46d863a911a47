"""Proofs that somebody takes along from a log: that a seal is in it, and that it only grew.

The second one is the body that c2sp.org/tlog-witness defines for its `add-checkpoint`::

    old 20
    <hash in base64, for each node of the proof>

    <the log's head, as a signed note>
"""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.chain import Chain, LedgerRecord
from clinigate.evidence.checkpoint import Checkpoint, Proof, parse_checkpoint
from clinigate.evidence.encoding import b64, unb64
from clinigate.evidence.ledger import LedgerView
from clinigate.evidence.merkle import consistency_proof, inclusion_proof, verify_consistency

__all__ = ["Growth", "grown_from", "parse_growth", "prove_growth", "prove_seal", "seal_record"]


@dataclass(frozen=True, slots=True)
class Growth:
    """That the log of `old_size` records is the beginning of the one with this head."""

    old_size: int
    hashes: tuple[bytes, ...]
    head: Checkpoint

    def to_bytes(self) -> bytes:
        """Return the text that witnesses take."""
        lines = [f"old {self.old_size}", *(b64(each) for each in self.hashes)]
        return "\n".join(lines).encode() + b"\n\n" + self.head.to_bytes()


def seal_record(chain: Chain, run: str) -> LedgerRecord:
    """Return the record of a run's seal.

    Raises:
        EvidenceError: the log knows no such run, or it was never sealed.
    """
    about = [record for record in chain.records if record.run == run]
    if not about:
        raise EvidenceError(f"{chain.name}: no run {run!r} ever began here")
    sealed = [record for record in about if record.type == "run-sealed"]
    if not sealed:
        raise EvidenceError(
            f"{chain.name}: run {run} was never sealed here; there is no seal to prove"
        )
    return sealed[0]


def prove_seal(view: LedgerView, run: str) -> Proof:
    """Return the proof that a run's seal is under the log's signed head.

    Raises:
        EvidenceError: no such run, never sealed, or sealed after the last signed head.
    """
    head = _head(view)
    record = seal_record(view.chain, run)
    if record.seq >= head.size:
        raise EvidenceError(
            f"{view.chain.name}: record {record.seq} came after the last signed head, of "
            f"{head.size} records; it is under the next one that a signer writes"
        )
    path = inclusion_proof(view.chain.leaves[: head.size], record.seq)
    return Proof(record.seq, tuple(path), record.line, head)


def prove_growth(view: LedgerView, old: Checkpoint) -> Growth:
    """Return the proof that the log has only grown since an old head of it.

    Raises:
        IntegrityError: it has not: it was rolled back, forked, or is another log.
        EvidenceError: the log has no signed head.
    """
    head = _head(view)
    chain = view.chain
    chain.check(old)
    if old.size > head.size:
        raise EvidenceError(
            f"{chain.name}: its signed head is of {head.size} records, the old one of {old.size}"
        )
    path = consistency_proof(chain.leaves[: head.size], old.size) if old.size else []
    return Growth(old.size, tuple(path), head)


def grown_from(growth: Growth, old: Checkpoint) -> bool:
    """Tell whether a proof shows that its head grew from an old one; signatures are unchecked."""
    if old.origin != growth.head.origin or old.size != growth.old_size:
        return False
    if old.size == 0:
        return not growth.hashes
    return verify_consistency(
        old.size,
        growth.head.size,
        old_root=old.root,
        root=growth.head.root,
        proof=growth.hashes,
    )


def parse_growth(data: bytes) -> Growth:
    """Read such a proof strictly: what is read writes the same bytes again.

    Raises:
        IntegrityError: not such a proof.
    """
    top, _, note = data.partition(b"\n\n")
    try:
        old, *hashes = top.decode("ascii").split("\n")
        growth = Growth(
            int(old.removeprefix("old ")),
            tuple(unb64(each) for each in hashes),
            parse_checkpoint(note),
        )
    except ValueError as error:
        raise IntegrityError(f"not a proof of growth: {error}") from error
    if growth.old_size < 0 or growth.to_bytes() != data:
        raise IntegrityError("not a proof of growth: its form is not the canonical one")
    return growth


def _head(view: LedgerView) -> Checkpoint:
    if view.checkpoint is None:
        raise EvidenceError(
            f"{view.chain.name}: the log has no signed head; it gets one from the first signed run"
        )
    return view.checkpoint
