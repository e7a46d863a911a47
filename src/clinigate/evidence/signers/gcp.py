"""`gcpkms:projects/…/cryptoKeyVersions/V`: a key of Google Cloud KMS; only digests are sent."""

from __future__ import annotations

from clinigate.evidence.signers import Opened, Secret
from clinigate.evidence.signers.bridge import bridged, key_for, public_of, signers

__all__ = ["LIBRARY", "open_key"]

LIBRARY = "google.cloud.kms"


def open_key(place: str, secret: Secret) -> Opened:
    """Return a key of Google Cloud KMS; credentials are the application's defaults.

    Raises:
        KeyFileError: the key is not P-256.
        Exception: whatever Google's library says.
    """
    del secret
    uri, key = signers.GCPSigner.import_(place)
    public = public_of(key)
    return bridged(public, signers.GCPSigner.from_priv_key_uri(uri, key_for(public)))
