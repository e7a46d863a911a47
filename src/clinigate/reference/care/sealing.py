"""How a field of a record is sealed: with AES-256-GCM, and saying so in front of it.

What is sealed begins with the name of its algorithm (RFC 7518, section 5.1), so that keys can be
changed one record at a time, and is bound to its row and column.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from clinigate.errors import IntegrityError
from clinigate.reference import lapses
from clinigate.reference.defect import CLEAN, Defect
from clinigate.reference.records.sealing import Sealer

__all__ = ["ALGORITHM", "KEY_BITS", "RecordSealer"]

ALGORITHM, KEY_BITS = "AES-256-GCM", 256
"""How records are sealed, in words."""

_LONG, _SHORT = b"A256GCM.", b"A128GCM."
_KEY_BYTES = {_LONG: 32, _SHORT: 16}
_NONCE_BYTES = 12
_TAG_BYTES = 16


class RecordSealer:
    """Seals and opens fields of records. `fault`: how it fails to, if it does."""

    def __init__(self, sealer: Sealer, fault: Defect = CLEAN) -> None:
        """The key is made of that of `sealer`."""
        self._names = sealer
        self._key = bytes.fromhex(sealer.name_of(b"key of records"))
        self.fault = fault

    def seal(self, clear: bytes, row: str, column: str) -> bytes:
        """Return ciphertext that opens for this row and column alone."""
        head = _SHORT if self.fault is lapses.records.SHORT_KEY else _LONG
        nonce = secrets.token_bytes(_NONCE_BYTES)
        if self.fault is lapses.records.SAME_CIPHERTEXT:
            nonce = bytes.fromhex(self._names.name_of(clear))[:_NONCE_BYTES]
        key = self._key[: _KEY_BYTES[head]]
        return head + nonce + AESGCM(key).encrypt(nonce, clear, _bound_to(head, row, column))

    def open(self, sealed: bytes, row: str, column: str) -> bytes:
        """Return what was sealed.

        Raises:
            IntegrityError: it was altered, is another row's or column's, or the key is another.
        """
        head, body = sealed[: len(_LONG)], sealed[len(_LONG) :]
        nonce, body = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
        try:
            key = self._key[: _KEY_BYTES[head]]
            if self.fault is lapses.records.BLIND_TO_FLIPS:
                return _unchecked(key, nonce, body)
            return AESGCM(key).decrypt(nonce, body, _bound_to(head, row, column))
        except (KeyError, InvalidTag, ValueError) as error:
            raise IntegrityError(
                f"records of care: {column} of {row} does not open; wrong key, or altered"
            ) from error

    def name_of(self, content: bytes) -> str:
        """Return a name that is the same for the same content, and tells nothing of it."""
        return self._names.name_of(content)


def _bound_to(head: bytes, row: str, column: str) -> bytes:
    return head + f"{row}/{column}".encode()


def _unchecked(key: bytes, nonce: bytes, body: bytes) -> bytes:
    """Decrypt as GCM does, and look at no tag: its first block of text has the counter 2."""
    counter = nonce + (2).to_bytes(4, "big")
    return Cipher(AES(key), CTR(counter)).decryptor().update(body[:-_TAG_BYTES])
