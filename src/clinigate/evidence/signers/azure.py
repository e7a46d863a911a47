"""`azurekms://VAULT.vault.azure.net/keys/NAME/VERSION`: a key of Azure Key Vault.

Without VERSION the newest one is taken, and stays taken for as long as the process runs.
securesystemslib asks for the public key of the newest version of a vault under one domain alone, so
that it is asked for here; the signing is its.
"""

from __future__ import annotations

import re
from typing import Any

from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from cryptography.hazmat.primitives.asymmetric import ec

from clinigate.errors import KeyFileError
from clinigate.evidence.signers import Opened, Secret
from clinigate.evidence.signers.bridge import bridged, key_for, signers
from clinigate.evidence.signing import PublicKey

__all__ = ["LIBRARY", "open_key"]

LIBRARY = "azure.keyvault.keys"
_PLACE = re.compile(
    r"//(?P<vault>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+)/keys/(?P<name>[0-9A-Za-z-]+)"
    r"(?:/(?P<version>[0-9A-Za-z]+))?/?"
)


def open_key(place: str, secret: Secret) -> Opened:
    """Return a key of Azure Key Vault; credentials are Azure's defaults.

    Raises:
        KeyFileError: the URI is of another form, or the key is not P-256.
        Exception: whatever Azure's library says.
    """
    del secret
    vault, name, version = _parsed(place)
    client = KeyClient(vault_url=f"https://{vault}/", credential=DefaultAzureCredential())
    found = client.get_key(name, version)
    public = _public(found.key)
    uri = str(found.id).replace("https:", "azurekms:", 1)
    return bridged(public, signers.AzureSigner.from_priv_key_uri(uri, key_for(public)))


def _parsed(place: str) -> tuple[str, str, str | None]:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise KeyFileError("wanted azurekms://VAULT.vault.azure.net/keys/NAME/VERSION")
    return found["vault"], found["name"], found["version"]


def _public(key: Any) -> PublicKey:
    # Both are texts that are enumerations where Azure's library knows the word.
    kind, curve = (str(getattr(word, "value", word) or "") for word in (key.kty, key.crv))
    if not kind.startswith("EC") or curve != "P-256":
        raise KeyFileError(f"a key of type {kind}{curve and ' on ' + curve}; wanted EC on P-256")
    x, y = (int.from_bytes(part, "big") for part in (key.x, key.y))
    return PublicKey(ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key())
