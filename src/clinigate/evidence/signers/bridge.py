"""What the modules share: securesystemslib's keys and signatures as ours."""

from __future__ import annotations

from typing import Any

import securesystemslib.signer
from cryptography.hazmat.primitives.serialization import load_der_public_key

from clinigate.evidence.signers import Opened
from clinigate.evidence.signing import PublicKey

__all__ = ["bridged", "key_for", "public_of", "signers"]

#: Exported there for readers, and not for type checkers.
signers: Any = securesystemslib.signer


def public_of(key: Any) -> PublicKey:
    """Return securesystemslib's key as ours.

    Raises:
        KeyFileError: it is neither Ed25519 nor P-256.
    """
    return PublicKey.from_pem(str(key.keyval["public"]).encode("ascii"))


def key_for(public: PublicKey) -> Any:
    """Return our key as securesystemslib's; the scheme is the one that we verify."""
    return signers.SSlibKey.from_crypto(load_der_public_key(public.spki))


def bridged(public: PublicKey, signer: Any) -> Opened:
    """Return what signs with a signer of securesystemslib."""

    def sign(message: bytes) -> bytes:
        return bytes.fromhex(signer.sign(message).signature)

    return Opened(public, sign)
