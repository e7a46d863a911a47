"""The proof, beside a sealed run, that its seal stands in a log: read and checked."""

from __future__ import annotations

from typing import Any

from clinigate.core.canonical import parse_json, sha256_hex
from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.checkpoint import Proof, parse_proof
from clinigate.evidence.merkle import leaf_hash, verify_inclusion
from clinigate.evidence.names import PROOF

__all__ = ["leads", "read_seal_proof"]


def read_seal_proof(bundle: Bundle, name: str = PROOF) -> Proof:
    """Return a bundle's proof, once it leads from the record of this very seal to a log's head.

    Who signed the head is the caller's question.

    Args:
        bundle: read, not believed.
        name: the file with the proof.

    Raises:
        IntegrityError: missing, damaged, or of another run; the file is named.
    """
    if name not in bundle.names:
        raise IntegrityError(
            f"{name}: missing: the seal was not logged; complete it by sealing again"
        )
    try:
        proof = parse_proof(bundle.read(name))
    except IntegrityError as error:
        raise IntegrityError(f"{name}: {error}") from error
    if not leads(proof):
        raise IntegrityError(f"{name}: does not lead from the record to the log's head")
    _check_record(bundle, proof, name)
    return proof


def leads(proof: Proof) -> bool:
    """Tell whether a proof leads from its record to its head."""
    return verify_inclusion(
        leaf_hash(proof.record),
        proof.index,
        proof.checkpoint.size,
        proof=proof.hashes,
        root=proof.checkpoint.root,
    )


def _check_record(bundle: Bundle, proof: Proof, name: str) -> None:
    try:
        record: dict[str, Any] = parse_json(proof.record)
        body = record["body"]
        found = (record["type"], record["run"], record["seq"])
        digests = (body["statement"], body["envelope"], body["status"])
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{name}: holds no record of a seal: {error}") from error
    try:
        stated = bundle.statement.predicate["ledger"]
        before = (str(stated["origin"]), int(stated["size"]))
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{bundle.statement_name}: names no log: {error}") from error
    if found != ("run-sealed", bundle.run, proof.index):
        raise IntegrityError(f"{name}: speaks of another run or record")
    payload, envelope = sha256_hex(bundle.envelope.payload), sha256_hex(bundle.envelope_bytes)
    if digests != (payload, envelope, bundle.status):
        raise IntegrityError(f"{bundle.statement_name}: is not the statement that was logged")
    if before[0] != proof.checkpoint.origin or not before[1] <= proof.index:
        raise IntegrityError(f"{name}: is of another log than the statement names")
