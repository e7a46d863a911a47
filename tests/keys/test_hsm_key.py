"""A key on a PKCS#11 token (SoftHSM, for real) signs as any other, and its PIN shows nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from clinigate.errors import KeyFileError
from clinigate.evidence.envelope import sign_envelope, verify_envelope
from clinigate.evidence.remote_keys import RemoteSigner, open_remote_key
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.signing import Algorithm, PublicKey
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.keys import configured_signer

PIN = "73512846"  # as the fixture sets it


def never() -> str:
    raise AssertionError("asked for a PIN")


def test_a_token_signs_what_its_public_key_verifies(token: Any) -> None:
    """The public half is known without a PIN; the PIN is asked for once."""
    asked: list[str] = []

    def pin() -> str:
        asked.append("PIN")
        return PIN

    signer = open_remote_key(token.uri, pin)
    assert asked == []
    assert signer.public.algorithm is Algorithm.P256
    envelope = sign_envelope(b"{}", "text/json", [signer, signer])
    public = PublicKey.from_spki(signer.public_key)
    assert verify_envelope(envelope, {public.keyid: public})[1] == {signer.keyid}
    assert asked == ["PIN"]
    assert repr(signer) == f"RemoteSigner('{token.uri}', {signer.keyid[:12]}…)"


def test_a_run_is_sealed_by_a_token(
    token: Any, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From clinigate.toml to the verification; the ledger's head is signed by the token too."""
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", PIN)
    config = project.configure(key=token.uri)
    signer = configured_signer(config)
    assert isinstance(signer, RemoteSigner)
    bundle = project.run(config, signer).bundle
    trust = TrustStore((TrustedKey(signer.public, "CI", "machine"),))
    ledger = project.home / ".clinigate" / "ledger"
    report = verify_bundle(bundle, trust=trust, ledger=ledger)
    assert report.overall is LevelStatus.OK, report.problems
    for path in (project.home / ".clinigate").rglob("*"):
        assert path.is_dir() or PIN.encode() not in path.read_bytes()


def test_a_wrong_pin_is_tried_once(token: Any) -> None:
    """A token locks itself after a few: what was refused is not asked again."""
    asked: list[str] = []

    def wrong() -> str:
        asked.append("PIN")
        return "00000000"

    signer = open_remote_key(token.uri, wrong)
    with pytest.raises(KeyFileError, match=r"^hsm:2.*does not sign \(PinIncorrect\)") as caught:
        signer.sign(b"m")
    assert "00000000" not in str(caught.value)
    with pytest.raises(KeyFileError, match="was refused before, and is not asked again"):
        signer.sign(b"m")
    assert asked == ["PIN"]
    # The token itself is well.
    assert open_remote_key(token.uri, lambda: PIN).sign(b"m")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("hsm:9", "could not find ECDSA key on the PKCS#11 token"),
        ("hsm:2?label=Nobody", "No PKCS#11 token found for label Nobody"),
        ("hsm:3?label=Officer%20One", "wanted an Ed25519 or ECDSA P-256 key"),
        ("hsm:two", "wanted the key's number on the token"),
        ("hsm:2?slot=1", "wanted the key's number on the token"),
    ],
)
def test_what_is_not_on_the_token_is_named(token: Any, uri: str, said: str) -> None:
    """No such key, no such token, a P-384 key, no number, an unknown word."""
    with pytest.raises(KeyFileError) as caught:
        open_remote_key(uri, lambda: PIN)
    assert str(caught.value).startswith(f"{uri}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("library", [None, "/nowhere/libtoken.so"])
def test_a_token_without_its_library_is_told(
    monkeypatch: pytest.MonkeyPatch, library: str | None
) -> None:
    monkeypatch.delenv("PYKCS11LIB", raising=False)
    if library is not None:
        monkeypatch.setenv("PYKCS11LIB", library)
    with pytest.raises(KeyFileError, match="PYKCS11LIB names no file"):
        open_remote_key("hsm:", never)


def test_a_library_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYKCS11LIB", __file__)
    with pytest.raises(KeyFileError, match=r"^hsm:: cannot be opened \(.*look at the token"):
        open_remote_key("hsm:", never)


class GivenUpError(Exception):
    """Whoever was asked for the PIN went away."""


def test_who_gives_no_pin_is_not_the_tokens_fault(token: Any) -> None:
    """A diagnosis that asks nobody, a prompt that was left: their own error comes through."""
    answers: list[Exception] = [GivenUpError("gone"), KeyFileError("no terminal to ask on")]

    def ask() -> str:
        if answers:
            raise answers.pop(0)
        return PIN

    signer = open_remote_key(token.uri, ask)
    with pytest.raises(GivenUpError, match="gone"):
        signer.sign(b"m")
    with pytest.raises(KeyFileError, match=r"^hsm:2.*: no terminal to ask on$"):
        signer.sign(b"m")
    assert signer.public.verifies(signer.sign(b"m"), b"m")
