"""A key, and who vouches for what it signs: what `conclude` asks for once it has sealed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clinigate.evidence.envelope import Signer

__all__ = ["Authority", "SealingKey"]


@dataclass(frozen=True, slots=True)
class Authority:
    """An RFC 3161 time-stamping authority.

    Attributes:
        url: where it is asked.
        roots: PEM file of the certificates that an answer must chain to; None keeps any answer
            that is over the right bytes, and leaves its worth to whoever verifies.
    """

    url: str
    roots: Path | None = None


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A signer as `[signing]` describes it: with the authority for its time, and Sigstore."""

    signer: Signer
    authority: Authority | None = None
    sigstore: bool = False

    @property
    def keyid(self) -> str:
        """SHA-256 of `public_key` in lower-case hexadecimal."""
        return self.signer.keyid

    @property
    def public_key(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""
        return self.signer.public_key

    def sign(self, message: bytes, /) -> bytes:
        """Return the signature: 64 raw bytes for Ed25519, DER for ECDSA."""
        return self.signer.sign(message)
