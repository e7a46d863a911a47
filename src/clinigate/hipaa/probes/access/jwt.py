"""JSON Web Tokens as a forger sees them: taken apart, changed, and put together again.

RFC 7515 (signatures), RFC 7517 (keys), RFC 7518 (algorithms), RFC 8725 (what goes wrong with them).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from clinigate.errors import ConfigError

__all__ = ["PrivateKey", "PublicKey", "Token", "hs256", "made", "private_key", "public_key", "read"]

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
}
_HASHES: dict[str, type[HashAlgorithm]] = {"256": SHA256, "384": SHA384, "512": SHA512}


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart. `signature`: as it stood there."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signature: str

    @property
    def algorithm(self) -> str:
        """What it says that it is signed with."""
        return str(self.header.get("alg", ""))

    def said(self, *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """Return its first two parts, with another header and other claims."""
        mine = {**self.claims, **claims}
        return f"{_packed(self.header if header is None else header)}.{_packed(mine)}"


def read(token: str) -> Token | None:
    """Take a token apart; None for one that is no JSON Web Token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    header, claims = _unpacked(parts[0]), _unpacked(parts[1])
    if header is None or claims is None or "alg" not in header:
        return None
    return Token(header, claims, parts[2])


def hs256(said: str, key: bytes) -> str:
    """Return a token whose first two parts are signed with HMAC and SHA-256."""
    return f"{said}.{_text(hmac.new(key, said.encode(), hashlib.sha256).digest())}"


def made(said: str, key: PrivateKey, algorithm: str) -> str:
    """Return a token whose first two parts are signed by a key.

    Raises:
        ConfigError: the key cannot sign with that algorithm.
    """
    data = said.encode()
    digest = _HASHES.get(algorithm[2:], SHA256)()
    if isinstance(key, ed25519.Ed25519PrivateKey) and algorithm == "EdDSA":
        return f"{said}.{_text(key.sign(data))}"
    if isinstance(key, ec.EllipticCurvePrivateKey) and algorithm.startswith("ES"):
        size = (key.curve.key_size + 7) // 8
        first, second = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        return f"{said}.{_text(first.to_bytes(size, 'big') + second.to_bytes(size, 'big'))}"
    if isinstance(key, rsa.RSAPrivateKey) and algorithm.startswith("RS"):
        return f"{said}.{_text(key.sign(data, padding.PKCS1v15(), digest))}"
    if isinstance(key, rsa.RSAPrivateKey) and algorithm.startswith("PS"):
        salted = padding.PSS(padding.MGF1(digest), digest.digest_size)
        return f"{said}.{_text(key.sign(data, salted, digest))}"
    raise ConfigError(
        f"[hipaa.access] signing_key_env: the key does not sign {algorithm}, which the tokens are "
        "signed with; give the private key of this service's tokens"
    )


def private_key(pem: str) -> PrivateKey:
    """Read a private key.

    Raises:
        ConfigError: it is none; the message does not repeat it.
    """
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, PrivateKey):
        return key
    raise ConfigError(
        "[hipaa.access] signing_key_env: no private key of ES, RS, PS or EdDSA in PEM, without a "
        "password"
    )


def public_key(jwk: Mapping[str, Any]) -> PublicKey | None:
    """Return the key that a JSON Web Key is; None for one of another kind."""
    try:
        if jwk.get("kty") == "EC":
            x, y = _number(jwk["x"]), _number(jwk["y"])
            return ec.EllipticCurvePublicNumbers(x, y, _CURVES[jwk["crv"]]()).public_key()
        if jwk.get("kty") == "RSA":
            return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
        if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    return None


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _packed(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(dict(value), separators=(",", ":")).encode())


def _unpacked(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(_bytes(text))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
