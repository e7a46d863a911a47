"""`gcpkms:projects/…/cryptoKeyVersions/V`: a key of Google Cloud KMS; only digests are sent."""

from __future__ import annotations

import re

from clinigate.errors import KeyFileError
from clinigate.evidence.signers import Opened, Secret
from clinigate.evidence.signers.bridge import bridged, key_for, public_of, signers

__all__ = ["LIBRARY", "open_key"]

LIBRARY = "google.cloud.kms"
_NAME = re.compile(
    r"projects/[\w.:-]+/locations/[\w-]+/keyRings/[\w-]+/cryptoKeys/[\w-]+"
    r"/cryptoKeyVersions/[0-9]+",
    re.ASCII,
)


def open_key(place: str, secret: Secret) -> Opened:
    """Return a key of Google Cloud KMS; credentials are the application's defaults.

    Raises:
        KeyFileError: the URI is of another form, or the key is not P-256.
        Exception: whatever Google's library says.
    """
    del secret
    if not _NAME.fullmatch(place):
        raise KeyFileError(
            "wanted the version's full name, "
            "gcpkms:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V"
        )
    uri, key = signers.GCPSigner.import_(place)
    public = public_of(key)
    return bridged(public, signers.GCPSigner.from_priv_key_uri(uri, key_for(public)))
