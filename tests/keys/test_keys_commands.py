"""`clinigate keys show URI` and `clinigate seal --stamp`: what a person types and reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from clinigate.cli.app import run
from clinigate.config.signing import SigningTable
from clinigate.evidence.keys import save_key
from clinigate.evidence.names import STAMP
from clinigate.evidence.signing import PublicKey
from clinigate.pipeline.keys import has_two_components, unlocking_variables

PIN = "73512846"  # as the fixture sets it


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        return Said(code, *capsys.readouterr())

    return call


def test_show_tells_a_tokens_key_and_its_public_half(
    token: Any, cli: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a PIN; with it, that the private half signs."""
    monkeypatch.delenv("CLINIGATE_KEY_PASSPHRASE", raising=False)
    said = cli("keys", "show", token.uri, "--pem")
    assert said.code == 0
    first, _, pem = said.out.partition("\n")
    public = PublicKey.from_pem(pem.encode())
    assert first == f"{public.keyid}  p256"
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", PIN)
    assert cli("keys", "show", token.uri, "--unlock").code == 0
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", "00000000")
    said = cli("keys", "show", token.uri, "--unlock")
    assert said.code == 4
    assert "PinIncorrect" in said.err
    assert "00000000" not in said.err


def test_show_takes_a_file_in_each_of_its_spellings(
    cli: Callable[..., Said],
    machine: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    public = save_key(machine, tmp_path / "ci.key", "word", cost=2**14)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", "word")
    monkeypatch.setenv("TEAM", (tmp_path / "ci.key").read_text())
    monkeypatch.chdir(tmp_path)
    for words in (
        ["ci.key"],
        [tmp_path / "ci.key"],
        ["file:ci.key"],
        ["file:ci.key", "--unlock"],
        [public],
        ["env:TEAM"],
    ):
        said = cli("keys", "show", *words)
        assert (said.code, said.out) == (0, f"{machine.keyid}  ed25519\n"), said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["env:NOT_SET"], "env:NOT_SET: the variable is not set"),
        (["none.key"], "none.key.pub.pem: cannot be read"),
        (["file:none.key", "--unlock"], "none.key: no such key; make one with"),
        (["hv:a/b"], "hv:a/b: wanted hv:NAME/VERSION"),
    ],
)
def test_show_refuses_in_one_sentence(
    cli: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: Any, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    found = cli("keys", "show", *words)
    assert found.code == 4
    assert said in found.err
    assert found.err.count("\n") == 1


def test_a_pin_is_never_an_option(cli: Callable[..., Said]) -> None:
    """Every user of the machine reads command lines."""
    for words in (["keys", "show"], ["seal"], ["keys", "generate"]):
        assert not re.search(r"--(pin|passphrase|password)\b(?!-fd)", cli(*words, "--help").out)


@pytest.mark.parametrize(
    ("place", "two"),
    [
        ("file:ci.key", True),
        ("keys/ci.key", True),
        ("hsm:2", True),
        ("env:KEY", False),
        ("awskms:x", False),
        ("gcpkms:x", False),
        ("azurekms://v/keys/x", False),
        ("hv:x", False),
    ],
)
def test_two_components_are_a_thing_and_a_word(place: str, two: bool) -> None:
    assert has_two_components(place) is two


@pytest.mark.parametrize(
    ("signing", "hidden"),
    [
        ({}, set()),
        ({"key": "file:ci.key"}, set()),
        ({"key": "env:TEAM"}, {"TEAM"}),
        ({"key": "hv:a/1"}, {"VAULT_TOKEN"}),
        ({"key": "gcpkms:x"}, {"GOOGLE_APPLICATION_CREDENTIALS"}),
        ({"sigstore": True}, {"SIGSTORE_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}),
    ],
)
def test_what_unlocks_the_key_is_known_by_name(
    project: Any, signing: dict[str, object], hidden: set[str]
) -> None:
    """For whoever runs other programs; the key's own two variables are always among them."""
    always = {"CLINIGATE_KEY", "CLINIGATE_KEY_PASSPHRASE"}
    assert unlocking_variables(project.configure(**signing)) == always | hidden


# ---- seal --stamp --------------------------------------------------------------------------------


def test_a_seal_is_stamped_later(
    project: Any,
    machine: Any,
    authority: Any,
    cli: Callable[..., Said],
    serving: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The authority was away when it was sealed; then it is back, and is asked once."""
    monkeypatch.chdir(project.home)
    bundle = project.sealed(machine)
    (project.home / "roots.pem").write_bytes(authority.roots.read_bytes())
    with serving(authority.answer) as tsa:
        project.configure(tsa=tsa.url, tsa_roots="roots.pem")
        said = cli("seal", "--stamp", bundle.run)
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith(f"stamped by {tsa.url}: ")
        assert (bundle.path / STAMP).is_file()
        again = cli("seal", "--stamp", bundle.run)
    assert again.code == 1
    assert "stamped this seal already" in again.err
    assert len(tsa.asked) == 1


def test_a_stamp_needs_an_authority_and_a_seal(
    project: Any, machine: Any, cli: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.home)
    bundle = project.sealed(machine)
    said = cli("seal", "--stamp")
    assert said.code == 4
    assert "[signing] tsa names no time-stamping authority" in said.err
    project.configure(tsa="http://127.0.0.1:9/")
    for name in ("statement.dsse.json", "ledger.tlog-proof"):
        (bundle.path / name).unlink()
    said = cli("seal", "--stamp")
    assert said.code == 2
    assert "not sealed" in said.err


# ---- [signing] -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        {"key": "rsa:x"},
        {"key": "keys/ci.key"},
        {"key": "env:"},
        {"key": "awskms:"},
        {"key": "hsm:2?label=Officer One"},
        {"key": "hv:a\nb"},
        {"tsa": "tsa.example.org"},
        {"tsa": "ftp://tsa.example.org"},
        {"tsa": "https://"},
        {"tsa": "https://[half"},
        {"tsa": "https://who:word@tsa.example.org"},
    ],
)
def test_a_place_that_can_not_be_meant_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"must (say where|be the address)|holds a"):
        SigningTable.model_validate(words)


@pytest.mark.parametrize(
    "words",
    [
        {"key": "file:keys/my ci.key"},
        {"key": "env:KEY"},
        {"key": "hsm:"},
        {"key": "awskms:arn:aws:kms:eu-central-1:1:key/1-2"},
        {"tsa": "http://tsa.example.org/tsr", "tsa_roots": "roots.pem"},
    ],
)
def test_a_place_that_can_be_meant_is_taken(words: dict[str, str]) -> None:
    found = SigningTable.model_validate(words).model_dump()
    assert {name: found[name] for name in words} == words
