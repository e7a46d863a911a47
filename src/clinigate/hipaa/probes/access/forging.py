"""The ways in which a JSON Web Token is forged. RFC 8725, section 2."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clinigate.hipaa.probes.access.jwt import PrivateKey, PublicKey, Token, hs256, made, public_key

__all__ = ["by_claims", "by_public_key", "signed_wrongly", "unsigned"]

_ELSEWHERE = "https://clinigate.invalid/keys.json"
_DAY_S = 86400
_PATHS = ("../../../../../../dev/null", "/dev/null")
_QUERY = "clinigate' UNION SELECT 'clinigate"
_GUESSED = ("secret", "password", "changeme", "your-256-bit-secret", "jwt", "key", "test", "admin")


def unsigned(token: Token) -> Iterator[tuple[str, str]]:
    """Yield what it is, and the token, of those without a signature that counts."""
    for word in ("none", "None", "NONE", "nOnE"):
        said = token.said(header={**token.header, "alg": word})
        yield f"a token with algorithm {word}", f"{said}."
        yield f"a token with algorithm {word} and the old signature", f"{said}.{token.signature}"
    yield "a token without its signature", f"{token.said()}."
    later = token.said(exp=int(time.time()) + 365 * _DAY_S)
    yield "a token with another end and the old signature", f"{later}.{token.signature}"
    other = token.said(sub="admin", scope="admin")
    yield "a token of somebody else with the old signature", f"{other}.{token.signature}"


def signed_wrongly(token: Token) -> Iterator[tuple[str, str]]:
    """Yield those that are signed with a key of ours, or one that anybody knows."""
    plain = {**token.header, "alg": "HS256"}
    yield "a token signed with an empty key", hs256(token.said(header=plain), b"")
    for word in _GUESSED:
        what = "a token signed with a word that is easy to guess"
        yield what, hs256(token.said(header=plain), word.encode())
    for path in _PATHS:
        said = token.said(header={**plain, "kid": path})
        yield "a token whose key is named by a path to an empty file", hs256(said, b"")
    said = token.said(header={**plain, "kid": _QUERY})
    yield "a token whose key is named by a query", hs256(said, b"clinigate")
    yield from _of_our_key(token)


def by_public_key(token: Token, keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield those signed with HMAC and a public key, in the forms that it comes in."""
    for jwk in keys.get("keys", ()):
        key = public_key(jwk)
        if key is None:
            continue
        header = {**token.header, "alg": "HS256"}
        for form, data in _forms(key, jwk):
            what = f"a token signed with HMAC and the public key ({form})"
            yield what, hs256(token.said(header=header), data)


def by_claims(token: Token, key: PrivateKey) -> Iterator[tuple[str, str]]:
    """Yield those that the right key has signed, and that are not for this service or this time.

    The first is the honest one, signed anew: where that is refused the others show nothing.
    """
    now = int(time.time())
    changed: dict[str, dict[str, Any]] = {
        "the token signed anew": {},
        "a token for another audience": {"aud": "clinigate-somewhere-else"},
        "a token of another issuer": {"iss": "https://clinigate.invalid"},
        "a token that has expired": {"exp": now - _DAY_S},
    }
    for what, claims in changed.items():
        yield what, made(token.said(**claims), key, token.algorithm)


def _of_our_key(token: Token) -> Iterator[tuple[str, str]]:
    ours = ec.generate_private_key(ec.SECP256R1())
    numbers = ours.public_key().public_numbers()
    x, y = (_text(each.to_bytes(32, "big")) for each in (numbers.x, numbers.y))
    jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "x": x, "y": y}
    named = {"alg": "ES256", "typ": "JWT", "kid": token.header.get("kid", "clinigate")}
    headers: dict[str, dict[str, Any]] = {
        "a token signed by a key of ours": named,
        "a token that brings its key along (jwk)": {**named, "jwk": jwk},
        "a token that says where its key is (jku)": {**named, "jku": _ELSEWHERE},
        "a token that says where its certificate is (x5u)": {**named, "x5u": _ELSEWHERE},
    }
    for what, header in headers.items():
        yield what, made(token.said(header=header), ours, "ES256")


def _forms(key: PublicKey, jwk: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    yield "PEM", pem
    yield "PEM without its last line end", pem.rstrip()
    yield "DER", key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    yield "JWK", json.dumps(dict(jwk), separators=(",", ":")).encode()
    if isinstance(key, rsa.RSAPublicKey):
        yield "PKCS #1", key.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    elif isinstance(key, ed25519.Ed25519PublicKey):
        yield "raw", key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
