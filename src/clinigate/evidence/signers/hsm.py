"""`hsm:ID?label=TOKEN`: a PKCS#11 token (a smart card, a security key, a module in a rack).

ID is the key's number on the token (2, the signature slot of PIV, where it is left out), TOKEN its
label, needed where several tokens are plugged in. `PYKCS11LIB` says where the vendor's library is.
The library of this scheme signs by ECDSA alone: a P-256 key.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from clinigate.errors import KeyFileError
from clinigate.evidence.signers import Opened, Secret
from clinigate.evidence.signers.bridge import bridged, public_of, signers

__all__ = ["LIBRARY", "open_key"]

LIBRARY = "pkcs11"
_VARIABLE = "PYKCS11LIB"


def open_key(place: str, secret: Secret) -> Opened:
    """Return the key of a token; `secret` gives the PIN, each time that the token asks for it.

    Raises:
        KeyFileError: the URI names no number, or no library is named.
        Exception: whatever the token's library says.
    """
    number, label = _parsed(place)
    library = os.environ.get(_VARIABLE, "")
    if not Path(library).is_file():
        raise KeyFileError(
            f"{_VARIABLE} names no file; set it to the token's PKCS#11 library, as its vendor "
            "ships it"
        )

    def pin(_: str) -> str:
        return secret()

    try:
        uri, key = signers.HSMSigner.import_(number, label, pin)
    except ValueError as error:
        raise KeyFileError(str(error)) from error  # its own sentences: no such token, no such key
    return bridged(public_of(key), signers.HSMSigner.from_priv_key_uri(uri, key, pin))


def _parsed(place: str) -> tuple[int | None, str | None]:
    parts = urlsplit(f"hsm:{place}")
    query = dict(parse_qsl(parts.query))
    if query.keys() - {"label"} or not (parts.path == "" or parts.path.isdecimal()):
        raise KeyFileError("wanted the key's number on the token and its label, hsm:2?label=TOKEN")
    return int(parts.path) if parts.path else None, query.get("label")
