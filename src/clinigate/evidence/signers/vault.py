"""`hv:NAME/VERSION`: a key of the transit engine of HashiCorp Vault.

Without VERSION the newest one is taken, and stays taken for as long as the process runs.
securesystemslib reads the public half of the newest Ed25519 key alone, so that it is read here; the
signing is its. Messages are sent as they are (Ed25519 needs them whole), and statements hold no
PHI.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any

import hvac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from clinigate.errors import KeyFileError
from clinigate.evidence.signers import Opened, Secret
from clinigate.evidence.signers.bridge import bridged, key_for, signers
from clinigate.evidence.signing import PublicKey

__all__ = ["LIBRARY", "open_key"]

LIBRARY = "hvac"
#: As Vault names keys: nothing that leads elsewhere in its interface.
_NAME = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


def open_key(place: str, secret: Secret) -> Opened:
    """Return a key of Vault; `VAULT_ADDR` and `VAULT_TOKEN` say where and as whom.

    Raises:
        KeyFileError: the URI is of another form, the key is neither Ed25519 nor P-256, or has no
            such version.
        Exception: whatever Vault's library says.
    """
    del secret
    name, version = _parsed(place)
    found = hvac.Client().secrets.transit.read_key(name)["data"]
    versions = found["keys"]
    version = version or max(versions, key=int)
    if version not in versions:
        raise KeyFileError(f"has no version {version}; the newest is {max(versions, key=int)}")
    public = _public(found["type"], versions[version])
    uri = f"hv:{name}/{version}"
    return bridged(public, signers.VaultSigner.from_priv_key_uri(uri, key_for(public)))


def _parsed(place: str) -> tuple[str, str | None]:
    name, slash, version = place.partition("/")
    if not _NAME.fullmatch(name) or (slash and not _VERSION.fullmatch(version)):
        raise KeyFileError("wanted hv:NAME/VERSION, as hv:clinigate/1")
    return name, version or None


def _public(kind: str, entry: Any) -> PublicKey:
    if kind == "ed25519":
        return PublicKey(Ed25519PublicKey.from_public_bytes(b64decode(entry["public_key"])))
    if kind == "ecdsa-p256":
        return PublicKey.from_pem(entry["public_key"].encode("ascii"))
    raise KeyFileError(f"a key of type {kind}; wanted ed25519 or ecdsa-p256")
