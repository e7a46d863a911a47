"""How hard a stored password is to guess: read from the form of its digest.

Figures: OWASP Password Storage Cheat Sheet (2025). They are work: Argon2id by memory times passes,
scrypt by N times r times p, bcrypt by its cost, PBKDF2 by its rounds for each hash.
"""

from __future__ import annotations

import re

__all__ = ["weakness"]

#: The least work of OWASP's choices for Argon2id: 7 MiB and five passes; and the least memory.
_ARGON_WORK, _ARGON_KIB = 7_168 * 5, 7_168
_BCRYPT_COST = 10
#: N = 2^14, r = 8, p = 5, and as much work as that by other figures.
_SCRYPT_WORK, _SCRYPT_N = 2**14 * 8 * 5, 2**13
_PBKDF2_ROUNDS = {"sha1": 1_300_000, "sha256": 600_000, "sha512": 210_000}

_ARGON = re.compile(r"\$argon2(id|i|d)\$(?:v=\d+\$)?m=(\d+),t=(\d+),p=\d+\$")
_BCRYPT = re.compile(r"\$2[abxy]\$(\d\d)\$")
_SCRYPT_PHC = re.compile(r"\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$")
_SCRYPT_PLAIN = re.compile(r"scrypt:(\d+):(\d+):(\d+)\$")
_PBKDF2 = re.compile(
    r"\$?pbkdf2(?:[-_:](?:hmac[-_:])?)?(sha1|sha256|sha512)?[$:](?:i=|rounds=)?(\d+)[$,:]", re.I
)


def weakness(digest: str) -> str | None:
    """Say what is wrong with a stored digest, if something is; never its value.

    Forms that are known: PHC strings, modular crypt, and those of passlib, Django, Spring and
    Werkzeug for Argon2, bcrypt, scrypt and PBKDF2.
    """
    if found := _ARGON.search(digest):
        return _of_argon(found[1], int(found[2]), int(found[3]))
    if found := _BCRYPT.search(digest):
        cost = int(found[1])
        return f"bcrypt with cost {cost}" if cost < _BCRYPT_COST else None
    if found := _SCRYPT_PHC.search(digest):
        # More than 2^63 is no figure of anybody.
        return _of_scrypt(2 ** min(int(found[1]), 63), int(found[2]), int(found[3]))
    if found := _SCRYPT_PLAIN.search(digest):
        return _of_scrypt(int(found[1]), int(found[2]), int(found[3]))
    if found := _PBKDF2.search(digest):
        rounds, least = int(found[2]), _PBKDF2_ROUNDS[(found[1] or "sha1").lower()]
        return f"PBKDF2 with {rounds} rounds, fewer than {least}" if rounds < least else None
    return "none of Argon2, bcrypt, scrypt and PBKDF2"


def _of_argon(kind: str, kib: int, passes: int) -> str | None:
    if kind != "id":
        return f"Argon2{kind} in place of Argon2id"
    if kib < _ARGON_KIB or kib * passes < _ARGON_WORK:
        return f"Argon2id with {kib} KiB and {passes} passes"
    return None


def _of_scrypt(n: int, r: int, p: int) -> str | None:
    if n < _SCRYPT_N or n * r * p < _SCRYPT_WORK:
        return f"scrypt with N {n}, r {r} and p {p}"
    return None
