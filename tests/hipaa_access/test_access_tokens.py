"""Sessions' tokens: the service knows its own alone, and the forger's tools make what they say."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import ConfigError
from clinigate.hipaa.probes.access import forging, jwt
from clinigate.reference.care.tokens import KEY_FILE, Tokens

NOW = 1_800_000_000.0
ANY = Tokens(clock=lambda: NOW)


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    made = Tokens(clock=lambda: NOW, lifetime_s=600.0)
    made.keep(tmp_path / KEY_FILE)
    return made


def _key(folder: Path) -> jwt.PrivateKey:
    return jwt.private_key((folder / KEY_FILE).read_text())


def _read(token: str) -> jwt.Token:
    found = jwt.read(token)
    assert found is not None
    return found


def test_a_token_is_known_by_who_has_the_key(tokens: Tokens, tmp_path: Path) -> None:
    token = tokens.make()
    again = Tokens(clock=lambda: NOW)
    again.keep(tmp_path / KEY_FILE)
    assert tokens.key_of(token) == again.key_of(token) is not None
    assert Tokens(clock=lambda: NOW).key_of(token) is None
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_its_time_runs_out(tmp_path: Path) -> None:
    now = [NOW]
    tokens = Tokens(clock=lambda: now[0], lifetime_s=600.0)
    token = tokens.make()
    now[0] += 599
    assert tokens.key_of(token) is not None
    now[0] += 1
    assert tokens.key_of(token) is None


def test_nothing_forged_is_known(tokens: Tokens, tmp_path: Path) -> None:
    token = _read(tokens.make())
    forged = [
        *forging.unsigned(token),
        *forging.signed_wrongly(token),
        *forging.by_public_key(token, tokens.public_keys()),
    ]
    assert len(forged) > 25
    assert [what for what, each in forged if tokens.key_of(each) is not None] == []
    (_, honest), *others = forging.by_claims(token, _key(tmp_path))
    later = Tokens(clock=lambda: 0.0)  # whose clock lets none expire but those long before
    later.keep(tmp_path / KEY_FILE)
    assert later.key_of(honest) is not None
    assert [what for what, each in others if tokens.key_of(each) is not None] == []


def test_one_that_was_told_to_believes_what_is_unsigned(tmp_path: Path) -> None:
    tokens = Tokens(clock=lambda: NOW)
    tokens.keep(tmp_path / KEY_FILE, unsigned_too=True)
    token = tokens.make()
    _, forged = next(forging.unsigned(_read(token)))
    assert tokens.key_of(forged) == tokens.key_of(token)
    # And nothing else: a fault is one thing.
    wrong = forging.signed_wrongly(_read(token))
    assert [what for what, each in wrong if tokens.key_of(each) is not None] == []


@given(st.text(max_size=60) | st.lists(st.text(max_size=20), min_size=3, max_size=3).map(".".join))
def test_any_text_is_read_or_is_none(text: str) -> None:
    assert ANY.key_of(text) is None
    found = jwt.read(text)
    assert found is None or isinstance(found.header, dict)


_JSON = st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8), max_size=4)


@given(_JSON, _JSON, st.binary(max_size=40))
def test_what_is_put_together_is_taken_apart_again(
    header: dict[str, Any], claims: dict[str, Any], key: bytes
) -> None:
    header = {**header, "alg": "HS256"}
    token = jwt.hs256(jwt.Token(header, claims, "").said(), key)
    found = _read(token)
    assert (found.header, found.claims) == (header, claims)
    assert jwt.hs256(found.said(), key) == token


@pytest.mark.parametrize("kind", ["ES256", "RS256", "PS256", "EdDSA"])
def test_keys_of_each_kind_sign_and_are_read(kind: str) -> None:
    key: Any = {
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
        "PS256": lambda: rsa.generate_private_key(65537, 2048),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
    }[kind]()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signed = jwt.made("a.b", jwt.private_key(pem), kind)
    assert signed.startswith("a.b.")
    public = jwt.public_key(_jwk(key))
    assert public is not None
    assert public == key.public_key()
    header = {"alg": kind, "typ": "JWT"}
    forged = list(forging.by_public_key(jwt.Token(header, {}, ""), {"keys": [_jwk(key)]}))
    assert len(forged) == 4 + (kind != "ES256")
    assert all(_read(each).algorithm == "HS256" for _, each in forged)


def _jwk(key: Any) -> dict[str, Any]:
    def text(number: int, size: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes(size, "big")).decode().rstrip("=")

    public = key.public_key()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = int.from_bytes(public.public_bytes_raw(), "big")
        return {"kty": "OKP", "crv": "Ed25519", "x": text(raw, 32)}
    numbers = public.public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "n": text(numbers.n, 256), "e": text(numbers.e, 3)}
    return {"kty": "EC", "crv": "P-256", "x": text(numbers.x, 32), "y": text(numbers.y, 32)}


@pytest.mark.parametrize(
    "jwk",
    [{}, {"kty": "oct", "k": "AA"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
     {"kty": "RSA", "n": 1, "e": "AQAB"}, {"kty": "EC", "crv": "P-1", "x": "AA", "y": "AA"}],
)  # fmt: skip
def test_a_key_of_another_kind_is_none(jwk: dict[str, Any]) -> None:
    assert jwt.public_key(jwk) is None


@pytest.mark.parametrize("pem", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAA==\n"])
def test_what_is_no_private_key_is_refused_without_repeating_it(pem: str) -> None:
    with pytest.raises(ConfigError, match=r"\[hipaa\.access\] signing_key_env") as refused:
        jwt.private_key(pem)
    assert not pem or pem not in str(refused.value)


def test_a_key_that_signs_otherwise_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ConfigError, match="does not sign RS256"):
        jwt.made("a.b", key, "RS256")


def test_the_set_of_public_keys_verifies(tokens: Tokens) -> None:
    (jwk,) = tokens.public_keys()["keys"]
    key = jwt.public_key(jwk)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    head, body, signature = tokens.make().split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(encode_dss_signature(*numbers), f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["kid"] == jwk["kid"]
