"""A private key at rest: scrypt and AES-256-GCM in a JSON file.

PKCS #8's own encryption, as `cryptography` writes it, stretches a passphrase by 2048 rounds of
PBKDF2 and gives no way to ask for more: a millisecond for each guess. scrypt at n = 2^17, r = 8
takes 128 MiB and about a second.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import KeyFileError
from clinigate.evidence.encoding import b64, unb64
from clinigate.evidence.signing import LocalSigner

__all__ = ["DEFAULT_COST", "KeyFile", "unwrap", "wrap"]

#: scrypt's n. The bounds keep a tampered file from asking for no work, or for all memory.
DEFAULT_COST = 2**17
_COSTS = tuple(2**power for power in range(14, 21))
_BLOCK = 8
_TYPE = "clinigate-key"
_FIELDS = {"type", "version", "algorithm", "keyid", "public_key", "kdf", "cipher", "ciphertext"}


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What stands in a key file; all but the ciphertext is readable without the passphrase."""

    header: dict[str, Any]
    cost: int
    salt: bytes
    nonce: bytes
    ciphertext: bytes


def wrap(signer: LocalSigner, passphrase: str, *, cost: int = DEFAULT_COST) -> bytes:
    """Return `signer`'s private key, encrypted, as the bytes of a key file.

    Args:
        signer: the key.
        passphrase: what unlocks it; not empty.
        cost: scrypt's n, a power of two from 2^14 to 2^20.

    Raises:
        KeyFileError: an empty passphrase or a cost outside the bounds.
    """
    if not passphrase:
        raise KeyFileError("the passphrase is empty; a key at rest needs one")
    _check_cost(cost)
    salt, nonce = os.urandom(16), os.urandom(12)
    header = {
        "type": _TYPE,
        "version": 1,
        "algorithm": str(signer.public.algorithm),
        "keyid": signer.keyid,
        "public_key": b64(signer.public_key),
        "kdf": {"name": "scrypt", "n": cost, "r": _BLOCK, "p": 1, "salt": b64(salt)},
        "cipher": {"name": "AES-256-GCM", "nonce": b64(nonce)},
    }
    # The header is authenticated with the key: no field of it can be swapped for another.
    sealed = AESGCM(_stretch(passphrase, salt, cost)).encrypt(
        nonce, signer.private_der(), canonical_bytes(header)
    )
    return canonical_bytes({**header, "ciphertext": b64(sealed)}) + b"\n"


def unwrap(data: bytes, passphrase: str) -> LocalSigner:
    """Return the key in a key file.

    Raises:
        KeyFileError: not a key file, a wrong passphrase, or a file that was changed; the message
            names no path, since only the caller knows it.
    """
    return unlock(parse_key_file(data), passphrase)


def parse_key_file(data: bytes) -> KeyFile:
    """Read a key file without unlocking it.

    Raises:
        KeyFileError: not a key file.
    """
    try:
        value = parse_json(data)
    except (ValueError, RecursionError) as error:
        raise KeyFileError("not a Clinigate key file (no JSON)") from error
    if not isinstance(value, dict) or value.get("type") != _TYPE:
        raise KeyFileError(f"not a Clinigate key file (wanted type {_TYPE!r})")
    if set(value) != _FIELDS or value["version"] != 1:
        raise KeyFileError("not a key file of version 1; it was edited or made by a newer version")
    try:
        return _read_fields(value)
    except (KeyError, TypeError, ValueError) as error:
        raise KeyFileError("the key file is damaged; restore it from its backup") from error


def unlock(key_file: KeyFile, passphrase: str) -> LocalSigner:
    """Decrypt the private key.

    Raises:
        KeyFileError: a wrong passphrase, or a file that was changed.
    """
    _check_cost(key_file.cost)
    key = _stretch(passphrase, key_file.salt, key_file.cost)
    try:
        der = AESGCM(key).decrypt(
            key_file.nonce, key_file.ciphertext, canonical_bytes(key_file.header)
        )
    except InvalidTag as error:
        raise KeyFileError("wrong passphrase, or the key file was changed") from error
    return LocalSigner.from_der(der)


def _read_fields(value: dict[str, Any]) -> KeyFile:
    kdf, cipher = value["kdf"], value["cipher"]
    if (kdf["name"], kdf["r"], kdf["p"]) != ("scrypt", _BLOCK, 1) or type(kdf["n"]) is not int:
        raise ValueError("unknown key derivation")
    if cipher["name"] != "AES-256-GCM":
        raise ValueError("unknown cipher")
    nonce = unb64(cipher["nonce"])
    if len(nonce) != 12:
        raise ValueError("a nonce has 12 bytes")
    return KeyFile(
        header={name: item for name, item in value.items() if name != "ciphertext"},
        cost=kdf["n"],
        salt=unb64(kdf["salt"]),
        nonce=nonce,
        ciphertext=unb64(value["ciphertext"]),
    )


def _check_cost(cost: int) -> None:
    if cost not in _COSTS:
        raise KeyFileError(f"scrypt cost is {cost}; wanted a power of two from 2^14 to 2^20")


def _stretch(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=_BLOCK, p=1).derive(
        passphrase.encode("utf-8", "surrogateescape")
    )
