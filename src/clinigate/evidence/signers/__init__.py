"""Keys that never leave their home: tokens and key services, each reached by its own library.

One module a scheme, loaded when a key of it is asked for. `open_key(place, secret)` of each returns
the key's public half and what signs; `library` names what must be installed for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clinigate.evidence.signing import PublicKey

__all__ = ["MODULES", "Opened", "Secret"]

#: Asks for a PIN: called when one is needed, and not before.
Secret = Callable[[], str]

#: Scheme of a key's URI: the module that opens it.
MODULES: Mapping[str, str] = {
    "hsm": "clinigate.evidence.signers.hsm",
    "awskms": "clinigate.evidence.signers.aws",
    "gcpkms": "clinigate.evidence.signers.gcp",
    "azurekms": "clinigate.evidence.signers.azure",
    "hv": "clinigate.evidence.signers.vault",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A key at hand.

    Attributes:
        public: its public half, as its home tells it.
        sign: asks its home for a signature: raw for Ed25519, DER for P-256.
    """

    public: PublicKey
    sign: Callable[[bytes], bytes]
