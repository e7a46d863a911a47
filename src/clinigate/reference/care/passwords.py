"""Passwords: which are good enough, and the digest that is kept of one.

Figures of the digest: OWASP Password Storage Cheat Sheet, Argon2id (RFC 9106) with 19 MiB, two
passes and one lane. Rules of what is good enough: NIST SP 800-63B, section 5.1.1.2: length, and not
one of those that everybody tries first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

__all__ = ["SHORTEST", "digest_of", "fast_digest_of", "is_password", "weakness_of"]

SHORTEST = 12
"""How many letters a password has at least."""

_KIB, _PASSES, _LANES = 19_456, 2, 1
_ARGON = f"$argon2id$v=19$m={_KIB},t={_PASSES},p={_LANES}$"
_FAST = "$sha256$"
_BREACHED = frozenset(
    {
        "1q2w3e4r5t6y",
        "123456789012",
        "iloveyou1234",
        "letmein12345",
        "password1234",
        "password123!",
        "qwerty123456",
        "qwertyuiop12",
        "welcome12345",
        "adminadmin12",
    }
)


def weakness_of(password: str, login: str) -> str | None:
    """Say what is wrong with a password, if something is."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < SHORTEST:
        return f"it has fewer than {SHORTEST} letters"
    if plain in _BREACHED or len(set(plain)) < 5:
        return "it is one of those that everybody tries first"
    return "it holds the login" if login in plain else None


def digest_of(password: str) -> str:
    """Return the digest that is kept of a password, with a salt of its own."""
    salt = secrets.token_bytes(16)
    return f"{_ARGON}{_text(salt)}${_text(_argon(password, salt))}"


def fast_digest_of(password: str) -> str:
    """Return a digest that is fast to guess: what the defect keeps."""
    salt = secrets.token_bytes(16)
    return f"{_FAST}{_text(salt)}${_text(_sha(password, salt))}"


def is_password(password: str, digest: str) -> bool:
    """Whether a password has this digest."""
    *_, salt, hashed = digest.split("$")
    derived = _sha if digest.startswith(_FAST) else _argon
    return hmac.compare_digest(_text(derived(password, _bytes(salt))), hashed)


def _argon(password: str, salt: bytes) -> bytes:
    made = Argon2id(salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_KIB)
    return made.derive(password.encode("utf-8", "surrogatepass"))


def _sha(password: str, salt: bytes) -> bytes:
    return hashlib.sha256(salt + password.encode("utf-8", "surrogatepass")).digest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
