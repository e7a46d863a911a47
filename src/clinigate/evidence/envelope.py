"""DSSE envelopes: signed bytes with the type of what they are.

One envelope serves the statement of a machine and the records of people. The signature covers
payload type and payload and nothing else: whatever stands beside a signature (its `keyid` too) is
unsigned, so that names, times and meanings belong inside the payload.
Specification: secure-systems-lab/dsse, protocol and envelope v1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import IntegrityError
from clinigate.evidence.encoding import b64, unb64

__all__ = [
    "Envelope",
    "Signature",
    "Signer",
    "Verifier",
    "pae",
    "parse_envelope",
    "sign_envelope",
    "verify_envelope",
]


class Signer(Protocol):
    """Something that signs: a key in a file, in a token, in a cloud."""

    @property
    def keyid(self) -> str:
        """SHA-256 of `public_key` in lower-case hexadecimal."""

    @property
    def public_key(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""

    def sign(self, message: bytes, /) -> bytes:
        """Return the signature: 64 raw bytes for Ed25519, DER for ECDSA."""


class Verifier(Protocol):
    """A public key that can say whether a signature is its own."""

    @property
    def keyid(self) -> str:
        """SHA-256 of `spki` in lower-case hexadecimal."""

    @property
    def spki(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""

    def verifies(self, signature: bytes, message: bytes, /) -> bool:
        """Tell whether this key made `signature` over `message`."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; `keyid` is an unsigned hint at who made it."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope: nothing in it is trusted before it is verified."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload: bytes, payload_type: str, signers: Iterable[Signer]) -> dict[str, Any]:
    """Return a DSSE envelope as plain JSON, with one signature of each signer, in their order.

    No signers give an envelope without signatures: readable, and verified by nobody.
    """
    message = pae(payload_type, payload)
    return {
        "payload": b64(payload),
        "payloadType": payload_type,
        "signatures": [
            {"keyid": signer.keyid, "sig": b64(signer.sign(message))} for signer in signers
        ],
    }


def parse_envelope(data: Any) -> Envelope:
    """Read an envelope from plain JSON (a dict) or from its bytes.

    Bytes are read strictly: they must be the canonical JSON that we write, so that no byte of a
    file can change without notice.

    Raises:
        IntegrityError: not such an envelope.
    """
    if isinstance(data, bytes):
        data = _parse_canonical(data)
    wanted = {"payload", "payloadType", "signatures"}
    if not isinstance(data, Mapping) or set(data) != wanted:
        raise IntegrityError(
            "not a DSSE envelope: it needs exactly payload, payloadType, signatures"
        )
    if not isinstance(data["payloadType"], str) or not isinstance(data["signatures"], list):
        raise IntegrityError("not a DSSE envelope: payloadType is a text, signatures a list")
    return Envelope(
        payload=_decode(data["payload"], "payload"),
        payload_type=data["payloadType"],
        signatures=tuple(_parse_signature(item) for item in data["signatures"]),
    )


def verify_envelope(
    envelope: Any, trusted: Mapping[str, Verifier], threshold: int = 1
) -> tuple[bytes, frozenset[str]]:
    """Return the payload and the ids of the trusted keys that signed it.

    Every trusted key is tried on every signature, since `keyid` is only a hint; what counts is the
    number of distinct keys.

    Args:
        envelope: a parsed `Envelope`, plain JSON, or canonical bytes.
        trusted: the keys that count, from outside of whatever is being verified.
        threshold: how many distinct trusted keys must have signed.

    Raises:
        IntegrityError: fewer trusted keys than `threshold` signed exactly these bytes.
        ValueError: a threshold below 1.
    """
    if threshold < 1:
        raise ValueError(f"threshold is {threshold}; at least one signature must count")
    parsed = envelope if isinstance(envelope, Envelope) else parse_envelope(envelope)
    message = pae(parsed.payload_type, parsed.payload)
    found = {
        key.keyid
        for key in trusted.values()
        if any(key.verifies(signature.sig, message) for signature in parsed.signatures)
    }
    if len(found) < threshold:
        raise IntegrityError(_too_few(parsed, len(found), threshold, len(trusted)))
    return parsed.payload, frozenset(found)


def _too_few(envelope: Envelope, found: int, threshold: int, trusted: int) -> str:
    if not envelope.signatures:
        return f"UNSIGNED: no signature at all, wanted {threshold}"
    hints = ", ".join(signature.keyid[:12] for signature in envelope.signatures)
    return (
        f"{found} of {threshold} wanted signatures hold: signed as {hints}, "
        f"tried {trusted} trusted key(s); the bytes were changed or the key is foreign"
    )


def _parse_canonical(data: bytes) -> Any:
    try:
        value = parse_json(data)
        exact = canonical_bytes(value) == data
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"not a DSSE envelope: {error}") from error
    if not exact:
        raise IntegrityError("not the canonical JSON that was written: the file was edited")
    return value


def _parse_signature(item: Any) -> Signature:
    if not isinstance(item, Mapping) or set(item) != {"keyid", "sig"}:
        raise IntegrityError("not a DSSE envelope: a signature has exactly keyid and sig")
    if not isinstance(item["keyid"], str):
        raise IntegrityError("not a DSSE envelope: keyid is not a text")
    return Signature(item["keyid"], _decode(item["sig"], "sig"))


def _decode(text: Any, field: str) -> bytes:
    try:
        return unb64(text)
    except (TypeError, ValueError) as error:
        raise IntegrityError(f"not a DSSE envelope: {field} is {error}") from error
