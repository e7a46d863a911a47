"""Whether a text is the address of a Bitcoin wallet: its checksum leaves one accident in 2**30."""

from __future__ import annotations

import hashlib

__all__ = ["is_wallet"]

_BASE58 = {c: i for i, c in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}
_BECH32 = {c: i for i, c in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def is_wallet(text: str) -> bool:
    """A Bitcoin address: Base58Check (version, hash, checksum), or Bech32 (BIP 173, BIP 350)."""
    return _is_bech32(text) if text.startswith("bc1") else _is_base58check(text)


def _is_base58check(text: str) -> bool:
    number = 0
    for c in text:
        if c not in _BASE58:
            return False
        number = number * 58 + _BASE58[c]
    if number >= 1 << 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def _is_bech32(text: str) -> bool:
    human, _, data = text.rpartition("1")
    if not all(c in _BECH32 for c in data):
        return False
    check = 1
    for value in (*(ord(c) >> 5 for c in human), 0, *(ord(c) & 31 for c in human),
                  *(_BECH32[c] for c in data)):  # fmt: skip
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check in (1, 0x2BC830A3)
