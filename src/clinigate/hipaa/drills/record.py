"""What is kept of a drill, and signed: canonical JSON in a DSSE envelope, and a page to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.errors import IntegrityError
from clinigate.evidence.envelope import Signer, Verifier, sign_envelope, verify_envelope

__all__ = ["PAYLOAD_TYPE", "SCHEMA", "digest_of", "opened_record", "payload_of", "signed_record"]

PAYLOAD_TYPE = "application/vnd.clinigate.drill+json"
SCHEMA = "clinigate.drill/1"


def payload_of(record: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed."""
    return canonical_bytes({"schema": SCHEMA, **record})


def digest_of(record: Mapping[str, Any]) -> str:
    """Return `sha256:…` of the bytes that are signed, as the run's evidence cites it."""
    return f"sha256:{sha256_hex(payload_of(record))}"


def signed_record(record: Mapping[str, Any], signers: Sequence[Signer]) -> bytes:
    """Return the envelope; without signers it is readable, and verified by nobody."""
    return canonical_bytes(sign_envelope(payload_of(record), PAYLOAD_TYPE, signers))


def opened_record(envelope: bytes, trusted: Mapping[str, Verifier]) -> bytes:
    """Return the payload of a record that a trusted key signed.

    Raises:
        IntegrityError: it is none, was changed, or nobody who is trusted signed it.
    """
    payload, _ = verify_envelope(envelope, trusted)
    if not payload.startswith(b"{") or f'"schema":"{SCHEMA}"'.encode() not in payload:
        raise IntegrityError(f"no record of a drill: its schema is not {SCHEMA}")
    return payload
