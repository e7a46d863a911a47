"""Keys of clouds and vaults, each through the vendor's own client, against a small service.

The services are fakes of ours that speak the vendors' HTTP and do what these do with a digest: sign
it, and not the digest of the digest. moto's KMS does the latter (getmoto/moto issue 10202), so that
signatures made with it verify nowhere. What stands in front of the services, how one logs in, is
not tried: the credentials are static. Google's client speaks gRPC by default, and REST here.
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
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinigate.core import Criterion, Kind, Measurement, Observation, Relation
from clinigate.errors import KeyFileError, MissingExtraError
from clinigate.evidence.envelope import sign_envelope, verify_envelope
from clinigate.evidence.recorder import is_sealed
from clinigate.evidence.remote_keys import open_remote_key
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.signers import MODULES
from clinigate.evidence.signing import PublicKey
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.conclude import conclude
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.process_run import ProcessRun
from clinigate.pipeline.setup import Overrides, prepare

RTO = Criterion("chaos.kill.rto", "chaos.kill.rto", Relation.BELOW, 30, min_n=1)
SECRET = "s3cr3t-of-the-job"
GCP_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
AZURE_ID = "https://clinigate.vault.azure.net/keys/signing/0a1b"
MESSAGE = b"a message that is longer than its digest, so that nobody mixes them up"


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


URIS = {
    "aws": "awskms:alias/clinigate",
    "gcp": f"gcpkms:{GCP_KEY}",
    "azure": AZURE_ID.replace("https:", "azurekms:"),
    "vault": "hv:clinigate/10",
}
uris = pytest.mark.parametrize("uri", URIS.values(), ids=URIS)


def never() -> str:
    raise AssertionError("asked for a PIN")


@uris
def test_a_service_signs_what_its_public_key_verifies(service: KeyService, uri: str) -> None:
    signer = open_remote_key(uri, never)
    public = PublicKey.from_spki(spki(service.key))
    assert signer.public == public
    envelope = sign_envelope(MESSAGE, "text/plain", [signer])
    assert verify_envelope(envelope, {public.keyid: public})[1] == {public.keyid}
    (sent,) = service.sent
    # Only Vault is told the message itself: Ed25519 needs it whole.
    assert (len(sent) == 32) is (not uri.startswith("hv:"))


def test_vault_signs_with_ed25519_too_and_the_newest_version_is_pinned(service: KeyService) -> None:
    service.key = ed25519.Ed25519PrivateKey.generate()
    signer = open_remote_key("hv:clinigate", never)
    assert signer.public.verifies(signer.sign(MESSAGE), MESSAGE)


def test_azure_takes_the_newest_version_where_none_is_named(service: KeyService) -> None:
    signer = open_remote_key("azurekms://clinigate.vault.azure.net/keys/signing", never)
    assert signer.public.verifies(signer.sign(MESSAGE), MESSAGE)


@uris
def test_an_rsa_key_is_refused(service: KeyService, uri: str) -> None:
    service.key = rsa.generate_private_key(65537, 2048)
    with pytest.raises(KeyFileError, match=r"wanted (an Ed25519|EC on P-256|ed25519)") as caught:
        open_remote_key(uri, never)
    assert str(caught.value).startswith(f"{uri}: ")


@uris
@pytest.mark.parametrize("status", [400, 403])
def test_a_service_that_refuses_is_told_without_its_words(
    service: KeyService, uri: str, status: int
) -> None:
    """Before it opens, and after; its words may quote a credential, and are not shown."""
    signer = open_remote_key(uri, never)
    service.refuses = status
    with pytest.raises(KeyFileError, match=r"cannot be opened \(.*\); look at") as opening:
        open_remote_key(uri, never)
    with pytest.raises(KeyFileError, match=r"does not sign \(.*\); look at") as signing:
        signer.sign(MESSAGE)
    for caught in (opening, signing):
        text = str(caught.value)
        assert text.startswith(f"{uri}: ")
        assert "\n" not in text
        assert SECRET not in text
    # What went wrong for a moment is tried again: no service locks a key for it.
    service.refuses = None
    assert signer.public.verifies(signer.sign(MESSAGE), MESSAGE)


@uris
def test_a_key_that_was_replaced_signs_nothing(service: KeyService, uri: str) -> None:
    """The service turned to another key under the same name."""
    signer = open_remote_key(uri, never)
    service.signs_with = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(KeyFileError, match="does not verify with its own public key"):
        signer.sign(MESSAGE)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("hv:clinigate/newest", "wanted hv:NAME/VERSION"),
        ("hv:../../sys/seal", "wanted hv:NAME/VERSION"),
        ("hv:..", "wanted hv:NAME/VERSION"),
        ("gcpkms:projects/p", "wanted the version's full name"),
        (f"gcpkms:{GCP_KEY}/../2", "wanted the version's full name"),
        ("azurekms://v.vault.azure.net@elsewhere/keys/a", "wanted azurekms://VAULT"),
        ("hv:clinigate/11", "has no version 11; the newest is 10"),
        ("azurekms://v.vault.azure.net/secrets/x", "wanted azurekms://VAULT.vault.azure.net/keys"),
        ("azurekms:signing", "wanted azurekms://VAULT.vault.azure.net/keys"),
        ("azurekms://v.vault.azure.net/keys/a/b/c", "wanted azurekms://VAULT"),
    ],
)
def test_a_uri_of_another_form_is_refused(service: KeyService, uri: str, said: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        open_remote_key(uri, never)
    assert str(caught.value).startswith(f"{uri}: {said}")
    assert service.sent == []


@given(scheme=st.sampled_from(["hsm", "awskms", "gcpkms", "azurekms", "hv"]), place=st.text())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_stands_behind_the_colon_is_one_refusal(
    service: KeyService, scheme: str, place: str
) -> None:
    service.refuses = 403
    with pytest.raises(KeyFileError) as caught:
        open_remote_key(f"{scheme}:{place}", lambda: "0000")
    assert str(caught.value).startswith(f"{scheme}:{place}: ")


@pytest.mark.parametrize("uri", ["rsa:x", "gnupg:", "file2:x", "x"])
def test_an_unknown_scheme_names_those_that_are_known(uri: str) -> None:
    with pytest.raises(KeyFileError, match="known are file:PATH, env:VARIABLE, hsm:"):
        open_remote_key(uri, never)


@pytest.mark.parametrize(
    ("uri", "library"),
    [
        ("hsm:2", "pkcs11"),
        ("awskms:x", "boto3"),
        (f"gcpkms:{GCP_KEY}", "google.cloud.kms"),
        ("azurekms://v.vault.azure.net/keys/a", "azure.identity"),
        ("azurekms://v.vault.azure.net/keys/a", "azure.keyvault.keys"),
        ("hv:x", "hvac"),
        ("hv:x", "securesystemslib.signer"),
    ],
)
def test_a_missing_library_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, uri: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    for name in [*MODULES.values(), "clinigate.evidence.signers.bridge"]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'clinigate\[kms\]'"):
        open_remote_key(uri, never)


def test_a_home_that_is_away_at_the_end_loses_nothing(service: KeyService, project: Any) -> None:
    """The run was begun with the key; at the seal nobody answers; later somebody does."""
    config = project.configure(key="hv:clinigate/10")
    signer = configured_signer(config, environ={})
    begun = ProcessRun.begin(prepare(config, Overrides()), producer="chaos", signer=signer)
    begun.recording.announce("local", [RTO])
    about = Measurement(RTO.metric, Kind.WORST, 12.0, 1, unit="s", events=0)
    begun.recording.recorder.observation(Observation("CG-CHAOS-KILL-001", about))
    service.refuses = 403
    with pytest.raises(KeyFileError, match=r"^hv:clinigate/10: does not sign \("):
        begun.end(None)
    assert not is_sealed(begun.directory)
    service.refuses = None
    bundle = conclude(begun.directory, signer=signer).bundle
    trust = TrustStore((TrustedKey(PublicKey.from_spki(spki(service.key)), "CI", "machine"),))
    report = verify_bundle(bundle, trust=trust, ledger=project.home / ".clinigate" / "ledger")
    assert report.overall is LevelStatus.OK, report.problems
    assert bundle.status is RunStatus.COMPLETE
