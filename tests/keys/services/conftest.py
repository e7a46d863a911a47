"""Key services of clouds and vaults: fakes that speak the vendors' HTTP.

They do what the real ones do with a digest: sign it, and not the digest of the digest. moto's KMS
does the latter (getmoto/moto issue 10202), so that signatures made with it verify nowhere. What
stands in front of the services, how one logs in, is not tried: the credentials are static.
Google's client speaks gRPC by default, and REST here.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from clinigate.evidence.signers import MODULES
from clinigate.evidence.signing import PublicKey

SECRET = "s3cr3t-of-the-job"
GCP_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
AZURE_ID = "https://clinigate.vault.azure.net/keys/signing/0a1b"


def spki(key: Any) -> bytes:
    data: bytes = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return data


def pem_of(key: Any) -> str:
    data: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return data.decode("ascii")


def over_digest(key: Any, digest: bytes) -> bytes:
    signature: bytes = key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    return signature


def b64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


@dataclass
class KeyService:
    """All four services in one: a request is told by its path and its headers."""

    key: Any
    signs_with: Any = None
    refuses: int | None = None
    sent: list[bytes] = field(default_factory=list)
    secret: str = SECRET

    @property
    def public(self) -> PublicKey:
        return PublicKey.from_spki(spki(self.key))

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        if self.refuses is not None:
            return self._no()
        target = headers.get("x-amz-target", "")
        if target:
            return self._json(self._aws(target, json.loads(body)))
        if "x-vault-token" in headers:
            return self._json({"data": self._vault(path, body)})
        if headers.get("host", "").startswith("clinigate.vault.azure.net") or "/keys/" in path:
            return self._azure(path, headers, body)
        return self._json(self._gcp(path, body))

    def _no(self) -> Any:
        words = {"__type": "AccessDeniedException", "errors": ["permission denied"]}
        return self.refuses, "application/json", json.dumps(words).encode()

    @staticmethod
    def _json(value: Any) -> Any:
        return 200, "application/json", json.dumps(value).encode()

    def _sign(self, digest: bytes) -> bytes:
        self.sent.append(digest)
        return over_digest(self.signs_with or self.key, digest)

    def _aws(self, target: str, asked: dict[str, Any]) -> dict[str, Any]:
        if target == "TrentService.GetPublicKey":
            is_rsa = isinstance(self.key, rsa.RSAPrivateKey)
            names = ["RSASSA_PSS_SHA_256"] if is_rsa else ["ECDSA_SHA_256"]
            public = b64encode(spki(self.key)).decode()
            return {"KeyId": asked["KeyId"], "PublicKey": public, "SigningAlgorithms": names}
        assert target == "TrentService.Sign"
        assert asked["SigningAlgorithm"] == "ECDSA_SHA_256"
        message = b64decode(asked["Message"])
        if asked.get("MessageType", "RAW") == "RAW":
            digest = hashes.Hash(hashes.SHA256())
            digest.update(message)
            message = digest.finalize()
        return {"KeyId": asked["KeyId"], "Signature": b64encode(self._sign(message)).decode()}

    def _vault(self, path: str, body: bytes) -> dict[str, Any]:
        edwards = isinstance(self.key, ed25519.Ed25519PrivateKey)
        if path.startswith("/v1/transit/keys/"):
            kind = {True: "ed25519", False: "ecdsa-p256"}[edwards]
            if isinstance(self.key, rsa.RSAPrivateKey):
                kind = "rsa-2048"
            raw = b64encode(spki(self.key)[-32:]).decode()
            entry = {"public_key": raw if edwards else pem_of(self.key)}
            return {"type": kind, "latest_version": 10, "keys": {"9": {}, "10": entry}}
        assert path.startswith("/v1/transit/sign/")
        asked = json.loads(body)
        assert asked["key_version"] == 10
        message = b64decode(asked["input"])
        self.sent.append(message)
        key = self.signs_with or self.key
        signature = key.sign(message) if edwards else key.sign(message, ec.ECDSA(hashes.SHA256()))
        return {"signature": f"vault:v10:{b64encode(signature).decode()}"}

    def _gcp(self, path: str, body: bytes) -> dict[str, Any]:
        path = urlsplit(path).path
        if path == f"/v1/{GCP_KEY}/publicKey":
            is_rsa = isinstance(self.key, rsa.RSAPrivateKey)
            name = "RSA_SIGN_PSS_2048_SHA256" if is_rsa else "EC_SIGN_P256_SHA256"
            data = b64encode(pem_of(self.key).encode()).decode()
            return {"pem": pem_of(self.key), "algorithm": name, "publicKey": {"data": data}}
        assert path == f"/v1/{GCP_KEY}:asymmetricSign"
        digest = b64decode(json.loads(body)["digest"]["sha256"])
        return {"name": GCP_KEY, "signature": b64encode(self._sign(digest)).decode()}

    def _azure(self, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        """A vault answers the first request by saying who gives out tokens, and for what."""
        if "authorization" not in headers:
            where = 'authorization="https://login.invalid/t", resource="https://vault.azure.net"'
            return 401, f"application/json\nWWW-Authenticate: Bearer {where}", b"{}"
        path = urlsplit(path).path
        if path.endswith("/sign"):
            asked = json.loads(body)
            assert asked["alg"] == "ES256"
            digest = urlsafe_b64decode(asked["value"] + "==")
            r, s = decode_dss_signature(self._sign(digest))
            value = b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
            return self._json({"kid": AZURE_ID, "value": value})
        assert path.startswith("/keys/signing")
        return self._json({"key": self._jwk(), "attributes": {"enabled": True}})

    def _jwk(self) -> dict[str, Any]:
        common = {"kid": AZURE_ID, "key_ops": ["sign", "verify"]}
        if isinstance(self.key, rsa.RSAPrivateKey):
            numbers = self.key.public_key().public_numbers()
            return {**common, "kty": "RSA", "n": b64url(numbers.n.to_bytes(256, "big")),
                    "e": "AQAB"}  # fmt: skip
        point = self.key.public_key().public_numbers()
        x, y = (b64url(each.to_bytes(32, "big")) for each in (point.x, point.y))
        return {**common, "kty": "EC", "crv": "P-256", "x": x, "y": y}


class Pass:
    """A credential of Azure's, as a login would give it."""

    def get_token(self, *_: str, **__: object) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(SECRET, 2**31)


@pytest.fixture
def service(serving: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyService]:
    """A service behind every vendor's client, and no token."""
    monkeypatch.delenv("PYKCS11LIB", raising=False)
    service = KeyService(ec.generate_private_key(ec.SECP256R1()))
    with serving(service.answer) as served:
        _aws(served.url, monkeypatch)
        _vault(served.url, monkeypatch)
        _gcp(served.url, monkeypatch)
        _azure(served.url, monkeypatch)
        yield service


def _aws(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_KMS": url,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def _vault(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", url)
    monkeypatch.setenv("VAULT_TOKEN", SECRET)


def _gcp(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import kms
    from google.cloud.kms_v1.services.key_management_service.transports.rest import (
        KeyManagementServiceRestTransport,
    )

    real = kms.KeyManagementServiceClient

    def client() -> Any:
        transport = KeyManagementServiceRestTransport(
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            host=url.removeprefix("http://"),
            url_scheme="http",
        )
        return real(transport=transport)

    monkeypatch.setattr(kms, "KeyManagementServiceClient", client)


def _azure(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client believes that it speaks with the vault; its wire ends here."""
    import azure.identity
    import securesystemslib.signer._azure_signer as theirs
    from azure.core.pipeline.transport import RequestsTransport

    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Pass)
    monkeypatch.setattr(theirs, "DefaultAzureCredential", Pass)
    monkeypatch.delitem(sys.modules, MODULES["azurekms"], raising=False)
    real = RequestsTransport.send

    def send(self: Any, request: Any, **options: Any) -> Any:
        true = request.url
        request.url = url + true[true.index("/", 8) :]
        try:
            return real(self, request, **options)
        finally:
            request.url = true

    monkeypatch.setattr(RequestsTransport, "send", send)
