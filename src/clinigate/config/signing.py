"""`[signing]`: who states what a run found, and who vouches for when."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from clinigate.config.table import Table

__all__ = ["KEY_SCHEMES", "KeyPlace", "SigningTable"]

#: Where keys can be, and what stands behind the colon.
KEY_SCHEMES = {
    "file": "PATH",
    "env": "VARIABLE",
    "hsm": "ID?label=TOKEN",
    "awskms": "KEY-ID, ARN or alias/NAME",
    "gcpkms": "projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V",
    "azurekms": "//VAULT.vault.azure.net/keys/NAME/VERSION",
    "hv": "NAME/VERSION",
}


def _check_key_place(text: str) -> str:
    scheme, _, place = text.partition(":")
    # A token's only key needs no name: `hsm:` is whole.
    if scheme not in KEY_SCHEMES or not (place or scheme == "hsm"):
        known = ", ".join(f"{name}:" for name in KEY_SCHEMES)
        raise ValueError(
            "must say where the key is, as file:PATH or env:VARIABLE (known are " + known + ")"
        )
    if re.search(r"[\x00-\x20\x7f]", place if scheme not in ("file", "env") else ""):
        raise ValueError("holds a blank or a control character; write a blank of a label as %20")
    return text


def _check_authority(text: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("must be the address of an authority, as https://tsa.example.org/tsr")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user or password, which no configuration may; leave it out")
    return text


KeyPlace = Annotated[str, AfterValidator(_check_key_place)]
_Authority = Annotated[str, AfterValidator(_check_authority)]


class SigningTable(Table):
    """`[signing]`: where the machine's key is, and who vouches for the time of a seal."""

    key: KeyPlace | None = Field(
        default=None,
        description="`file:PATH` relative to this file, `env:VARIABLE` with a key file or a "
        "PEM, or a key that never leaves its home: `hsm:`, `awskms:`, `gcpkms:`, `azurekms:`, "
        "`hv:` (docs/keys.md); without it CLINIGATE_KEY is looked at, and without that runs are "
        "UNSIGNED",
    )
    tsa: _Authority | None = Field(
        default=None,
        description="address of an RFC 3161 time-stamping authority, asked after each signed "
        "seal; where it fails the seal stands, and its time is not proven",
    )
    tsa_roots: str | None = Field(
        default=None,
        description="PEM file, relative to this one, with the authority's root certificates: "
        "an answer that they do not vouch for is not kept",
    )
    sigstore: bool = Field(
        default=False,
        description="sign the sealed statement with Sigstore too, where a job's identity token "
        "is at hand (extra `sigstore`); the bundle's digest becomes public in its log",
    )
