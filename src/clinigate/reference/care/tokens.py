"""What stands for a session in a request: a JSON Web Token, signed with ES256 (RFC 7519, RFC 7518).

It names the session and says nothing of a person. What is in it counts for nothing before its
signature is checked, with the one algorithm and the one key that there is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

__all__ = ["KEY_FILE", "Tokens"]

KEY_FILE = "care-signing.pem"
"""Where the key lies, beside the records, so that sessions are known after a start as before."""

_ISSUER, _AUDIENCE = "clinigate-reference", "records-of-care"
_ALGORITHM, _BYTES = "ES256", 32
_LONGEST = 4096
_LIFETIME_S = 12 * 3600.0


class Tokens:
    """Makes tokens, and knows its own again."""

    def __init__(
        self, *, clock: Callable[[], float] = time.time, lifetime_s: float = _LIFETIME_S
    ) -> None:
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._kept_at: Path | None = None
        self._unsigned_too = False

    def keep(self, path: Path, *, unsigned_too: bool = False) -> None:
        """Sign with the key in a file, which is made where there is none.

        `unsigned_too` is a fault to calibrate with: a token that says it is unsigned is believed.
        """
        self._unsigned_too = unsigned_too
        if self._kept_at == path:
            return
        if path.exists():
            key = load_pem_private_key(path.read_bytes(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            self._key = key
        else:
            pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(pem)
        self._kept_at = path

    def make(self) -> str:
        """Return a new token."""
        now = int(self._clock())
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "iat": now,
            "exp": now + int(self._lifetime_s),
            "jti": secrets.token_urlsafe(24),
        }
        header = {"alg": _ALGORITHM, "typ": "JWT", "kid": self._kid()}
        said = f"{_packed(header)}.{_packed(claims)}"
        first, second = utils.decode_dss_signature(
            self._key.sign(said.encode(), ec.ECDSA(SHA256()))
        )
        return f"{said}.{_text(first.to_bytes(_BYTES) + second.to_bytes(_BYTES))}"

    def key_of(self, token: str) -> str | None:
        """Return the key under which a session is kept; None for no token of ours."""
        claims = self._claims(token)
        if claims is None or claims.get("iss") != _ISSUER or claims.get("aud") != _AUDIENCE:
            return None
        name, until = claims.get("jti"), claims.get("exp")
        if not isinstance(name, str) or not isinstance(until, int) or until <= self._clock():
            return None
        return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()

    def public_keys(self) -> dict[str, Any]:
        """Return the key that verifies, as a set of JSON Web Keys (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        x, y = (_text(each.to_bytes(_BYTES)) for each in (numbers.x, numbers.y))
        shape = {"kty": "EC", "crv": "P-256", "use": "sig", "alg": _ALGORITHM}
        return {"keys": [{**shape, "kid": self._kid(), "x": x, "y": y}]}

    def _claims(self, token: str) -> dict[str, Any] | None:
        if len(token) > _LONGEST or token.count(".") != 2:
            return None
        head, body, signature = token.split(".")
        header = _unpacked(head)
        if header is None or not self._is_signed(header, f"{head}.{body}", signature):
            return None
        return _unpacked(body)

    def _is_signed(self, header: dict[str, Any], said: str, signature: str) -> bool:
        if self._unsigned_too and header.get("alg") == "none":
            return True
        # Neither the algorithm nor the key is taken from a token: there is one of each.
        if header.get("alg") != _ALGORITHM or header.get("kid") != self._kid() or "crit" in header:
            return False
        raw = _bytes(signature)
        if raw is None or len(raw) != 2 * _BYTES:
            return False
        first, second = (int.from_bytes(each) for each in (raw[:_BYTES], raw[_BYTES:]))
        try:
            self._key.public_key().verify(
                utils.encode_dss_signature(first, second),
                said.encode("utf-8", "surrogatepass"),
                ec.ECDSA(SHA256()),
            )
        except InvalidSignature:
            return False
        return True

    def _kid(self) -> str:
        x = self._key.public_key().public_numbers().x
        return hashlib.sha256(x.to_bytes(_BYTES)).hexdigest()[:16]


def _packed(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _unpacked(text: str) -> dict[str, Any] | None:
    raw = _bytes(text)
    try:
        found = None if raw is None else json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
