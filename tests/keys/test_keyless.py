"""Sigstore's second signature: beside the seal, never in its place, and never in its way.

Sigstore itself is a fake with the calls of its library's release 4.5.1: no test reaches its
services, and none shows that they would answer.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

from clinigate.cli.app import run
from clinigate.errors import EvidenceError, IntegrityError, MissingExtraError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.keyless import SIGSTORE, TOKEN_VARIABLE, sign_keyless, verify_keyless
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.sealing_key import SealingKey

WHO = "https://github.com/clinic/app/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
TOKEN = "ey-a-token-that-shows-nowhere"


class RefusedError(Exception):
    """Stands for each of the library's own errors."""


class FakeSigstore:
    """What its services would know: one token, one identity; cached roots or none."""

    def __init__(self) -> None:
        self.ambient: str | None = None
        self.cached = True

    def modules(self) -> dict[str, ModuleType]:
        names = ("", ".models", ".oidc", ".sign", ".errors", ".verify", ".verify.policy")
        made = {f"sigstore{name}": ModuleType(f"sigstore{name}") for name in names}
        made["sigstore.models"].ClientTrustConfig = TrustConfig  # type: ignore[attr-defined]
        made["sigstore.models"].Bundle = FakeBundle  # type: ignore[attr-defined]
        made["sigstore.models"].InvalidBundle = RefusedError  # type: ignore[attr-defined]
        made["sigstore.oidc"].IdentityToken = identity_token  # type: ignore[attr-defined]
        made["sigstore.oidc"].detect_credential = lambda: self.ambient  # type: ignore[attr-defined]
        made["sigstore.sign"].SigningContext = FakeContext  # type: ignore[attr-defined]
        made["sigstore.errors"].VerificationError = RefusedError  # type: ignore[attr-defined]
        made["sigstore.verify"].Verifier = self  # type: ignore[attr-defined]
        made["sigstore.verify.policy"].Identity = identity  # type: ignore[attr-defined]
        return made

    def production(self, *, offline: bool) -> FakeSigstore:
        assert offline
        if not self.cached:
            raise RefusedError("no roots")
        return self

    def verify_artifact(self, data: bytes, bundle: FakeBundle, policy: tuple[str, str]) -> None:
        if bundle.value != {"digest": hashlib.sha256(data).hexdigest(), "by": list(policy)}:
            raise RefusedError("no")


class TrustConfig:
    @staticmethod
    def production() -> TrustConfig:
        return TrustConfig()


def identity(*, identity: str, issuer: str) -> tuple[str, str]:
    return identity, issuer


def identity_token(raw: str) -> str:
    if raw != TOKEN:
        raise RefusedError(f"cannot read {raw}")
    return raw


class FakeBundle:
    def __init__(self, value: Any) -> None:
        self.value = value

    def to_json(self) -> str:
        return json.dumps(self.value)

    @staticmethod
    def from_json(data: bytes) -> FakeBundle:
        return FakeBundle(json.loads(data))


class FakeContext:
    @staticmethod
    def from_trust_config(_: TrustConfig) -> FakeContext:
        return FakeContext()

    @contextmanager
    def signer(self, _: str) -> Iterator[FakeContext]:
        yield self

    def sign_artifact(self, data: bytes) -> FakeBundle:
        digest = hashlib.sha256(data).hexdigest()
        return FakeBundle({"digest": digest, "by": [WHO, ISSUER]})


@pytest.fixture
def sigstore(monkeypatch: pytest.MonkeyPatch) -> FakeSigstore:
    fake = FakeSigstore()
    for name, module in fake.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    return fake


def test_a_job_with_an_identity_signs_too(
    project: Any,
    machine: Any,
    sigstore: FakeSigstore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Seal, second signature, verification by command; the seal itself is what it was."""
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.chdir(project.home)
    conclusion = project.run(project.configure(sigstore=True), SealingKey(machine, sigstore=True))
    assert conclusion.shortfalls == ()
    bundle = conclusion.bundle
    assert TOKEN.encode() not in bundle.read(SIGSTORE)
    sentence = verify_keyless(bundle, identity=WHO, issuer=ISSUER)
    assert sentence == f"{SIGSTORE}: this envelope was signed by {WHO}, vouched for by {ISSUER}"
    assert run(["keys", "sigstore", "--identity", WHO, "--issuer", ISSUER]) == 0
    assert sentence in capsys.readouterr().out
    trust = TrustStore((TrustedKey(machine.public, "CI", "machine"),))
    assert verify_bundle(bundle, trust=trust).overall is LevelStatus.OK


def test_without_an_identity_the_seal_stands_and_it_is_told(
    project: Any, machine: Any, sigstore: FakeSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No token; a token that is refused, whose words are not shown."""
    key = SealingKey(machine, sigstore=True)
    none = project.run(project.configure(), key)
    assert "Sigstore does not sign: no identity token; set SIGSTORE_ID_TOKEN" in none.place
    monkeypatch.setenv(TOKEN_VARIABLE, "ey-another")
    refused = project.run(project.configure(), key)
    assert refused.shortfalls == ("Sigstore does not sign (RefusedError)",)
    for conclusion in (none, refused):
        assert conclusion.bundle.signed
        assert SIGSTORE not in conclusion.bundle.names


def test_the_jobs_own_token_is_found(project: Any, machine: Any, sigstore: FakeSigstore) -> None:
    sigstore.ambient = TOKEN
    assert SIGSTORE in sign_keyless(project.sealed(machine), {}).names


def test_another_identity_other_bytes_and_rubbish_are_refused(
    project: Any, machine: Any, sigstore: FakeSigstore
) -> None:
    bundle = sign_keyless(project.sealed(machine), {TOKEN_VARIABLE: TOKEN})
    other = project.sealed(machine)
    for who, issuer in ((f"{WHO}x", ISSUER), (WHO, "https://elsewhere.example")):
        with pytest.raises(IntegrityError, match=r"sigstore\.json: not signed by"):
            verify_keyless(bundle, identity=who, issuer=issuer)
    (other.path / "records").mkdir(exist_ok=True)
    for data in (bundle.read(SIGSTORE), b"{", b"\xff"):
        (other.path / SIGSTORE).write_bytes(data)
        with pytest.raises(IntegrityError, match=r"sigstore\.json: not signed by"):
            verify_keyless(open_bundle(other.path), identity=WHO, issuer=ISSUER)


def test_what_is_missing_is_told(
    project: Any, machine: Any, sigstore: FakeSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such signature, no cached roots, no library."""
    bundle = project.sealed(machine)
    verify: Callable[[Any], str] = lambda which: verify_keyless(  # noqa: E731 - said three times
        which, identity=WHO, issuer=ISSUER
    )
    with pytest.raises(EvidenceError, match="Sigstore signed nothing here"):
        verify(bundle)
    signed = sign_keyless(bundle, {TOKEN_VARIABLE: TOKEN})
    sigstore.cached = False
    with pytest.raises(EvidenceError, match="roots are not cached here"):
        verify(signed)
    for name in ("sigstore.errors", "sigstore.models"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (lambda: verify(signed), lambda: sign_keyless(bundle, {})):
        with pytest.raises(MissingExtraError, match=r"pip install 'clinigate\[sigstore\]'"):
            call()


def test_nothing_of_it_loads_at_the_start() -> None:
    """Nor do the clouds' libraries: they take seconds."""
    heavy = "{'sigstore', 'securesystemslib', 'boto3', 'hvac', 'pkcs11', 'rfc3161_client'}"
    code = (
        "import sys, clinigate.pipeline.conclude, clinigate.pipeline.keys, clinigate.cli.keys, "
        f"clinigate.cli.seal; print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
