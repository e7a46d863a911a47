"""`clinigate seal` closes a run that did not close itself, as what it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.evidence.bundle import open_bundle
from clinigate.pipeline.reading import read_results


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch, shared: Any) -> None:
    """The passphrase of the configured key stands in the environment."""
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", shared.PASSPHRASE)


@pytest.mark.usefixtures("unlocked")
def test_a_finished_run_is_sealed_with_the_configured_key(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    directory = mine.unsealed(finished=True)
    said = cli("seal")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert f"{directory} (signed, COMPLETE)" in said.out
    assert open_bundle(directory).envelope.signatures[0].keyid == mine.signer.keyid
    assert cli("verify", directory.name).code == ExitCode.OK


def test_the_passphrase_may_come_from_a_descriptor(
    program: Callable[..., Any], project: Callable[..., Any], shared: Any
) -> None:
    mine = project()
    directory = mine.unsealed(finished=True)
    reading, writing = os.pipe()
    os.write(writing, f"{shared.PASSPHRASE}\n".encode())
    os.close(writing)
    said = program("seal", "--passphrase-fd", reading, cwd=mine.folder, pass_fds=[reading])
    os.close(reading)
    assert said.code == ExitCode.OK
    assert open_bundle(directory).signed


def test_without_a_way_to_the_passphrase_the_run_stays_as_it_is(
    program: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    directory = mine.unsealed(finished=True)
    said = program("seal", cwd=mine.folder)
    assert said.code == ExitCode.USAGE
    assert "ci.key: no passphrase, and no terminal to ask on" in said.sentence
    assert not (directory / "results.json").exists()


@pytest.mark.usefixtures("unlocked")
def test_a_killed_run_is_sealed_only_as_incomplete(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """It is refused first, and nothing is lost by the refusal."""
    directory = project().unsealed(finished=False)
    refused = cli("seal", "last")
    assert refused.code == ExitCode.UNFINISHED
    assert directory.name in refused.sentence
    assert not (directory / "statement.dsse.json").exists()

    said = cli("seal", directory, "--as-incomplete")
    assert said.code == ExitCode.UNFINISHED
    assert said.sentence == f"run {directory.name} is INCOMPLETE; no gate opens on it"
    assert "(signed, INCOMPLETE)" in said.out
    assert read_results(directory).interrupted is not None
    for command in ("verify", "gate"):
        assert cli(command, "last").code == ExitCode.UNFINISHED


def test_an_unsigned_bundle_says_so(cli: Callable[..., Any], project: Callable[..., Any]) -> None:
    """No passphrase is asked for, and nobody vouches for it."""
    directory = project().unsealed(finished=True)
    said = cli("seal", directory, "--unsigned")
    assert said.code == ExitCode.OK
    assert "(UNSIGNED, COMPLETE)" in said.out
    verified = cli("verify", directory)
    assert verified.code == ExitCode.NOT_PASSED
    assert "is UNSIGNED" in verified.sentence
    explained = cli("verify", directory, "--explain-openssl")
    assert explained.code == ExitCode.UNFINISHED
    assert "UNSIGNED, which leaves openssl nothing to verify" in explained.sentence


@pytest.mark.usefixtures("unlocked")
def test_a_key_in_the_environment_signs(
    cli: Callable[..., Any], project: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CI systems hold their secrets; by a name of the team's choice."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    mine = project()
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    mine.edit("file:ci.key", "env:TEAM_KEY")
    directory = mine.unsealed(finished=True)
    assert cli("seal").code == ExitCode.OK
    assert not open_bundle(directory).signed, "nobody set the variable"
    directory = mine.unsealed(finished=True)
    monkeypatch.setenv("TEAM_KEY", pem.decode())
    assert cli("seal").code == ExitCode.OK
    assert open_bundle(directory).signed
