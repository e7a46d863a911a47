"""`awskms:KEY`: a key of AWS KMS, by id, ARN or alias; only digests are sent there."""

from __future__ import annotations

from clinigate.evidence.signers import Opened, Secret
from clinigate.evidence.signers.bridge import bridged, key_for, public_of, signers

__all__ = ["LIBRARY", "open_key"]

LIBRARY = "boto3"


def open_key(place: str, secret: Secret) -> Opened:
    """Return a key of AWS KMS; credentials and region are those of the environment.

    Raises:
        KeyFileError: the key is neither Ed25519 nor P-256.
        Exception: whatever AWS's library says.
    """
    del secret
    uri, key = signers.AWSSigner.import_(place)
    public = public_of(key)
    return bridged(public, signers.AWSSigner.from_priv_key_uri(uri, key_for(public)))
