"""`clinigate keys`: private halves are encrypted and the owner's alone; trust files stay whole."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.evidence.keys import load_key, public_path
from clinigate.evidence.trust import load_trust

SECRET = "correct horse battery"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The passphrase stands in the environment."""
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", SECRET)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("algorithm", ["ed25519", "p256"])
def test_a_key_is_made_encrypted_and_private(
    cli: Callable[..., Any], tmp_path: Path, algorithm: str
) -> None:
    key = tmp_path / "keys" / "ci.key"
    said = cli("keys", "generate", "--out", key, "--algorithm", algorithm)
    assert said.code == ExitCode.OK
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    signer = load_key(key, lambda: SECRET)
    assert signer.keyid in said.out
    assert signer.public.algorithm.value == algorithm
    assert SECRET not in said.out + said.err
    assert b"PRIVATE" not in key.read_bytes()


@pytest.mark.usefixtures("known")
def test_what_is_printed_is_a_trust_file(cli: Callable[..., Any], tmp_path: Path) -> None:
    said = cli("keys", "generate", "--out", tmp_path / "a.key", "--name", 'Ann "CI" Böhm')
    trust = tmp_path / "trust.toml"
    trust.write_text(said.out[said.out.index("[[key]]") :], encoding="utf-8")
    (only,) = load_trust(trust).keys
    assert (only.name, only.role) == ('Ann "CI" Böhm', "machine")


@pytest.mark.usefixtures("known")
def test_keys_are_added_to_a_trust_file(cli: Callable[..., Any], tmp_path: Path) -> None:
    """One after the other; the folder is made."""
    trust = tmp_path / "team" / "trust.toml"
    for name, role in (("CI", "machine"), ("Ada", "compliance-officer")):
        out = tmp_path / f"{name}.key"
        arguments = ["--out", out, "--name", name, "--role", role, "--trust", trust]
        assert cli("keys", "generate", *arguments).code == ExitCode.OK
    assert [(key.name, key.role) for key in load_trust(trust).keys] == [
        ("CI", "machine"),
        ("Ada", "compliance-officer"),
    ]


@pytest.mark.usefixtures("known")
def test_a_key_is_shown(cli: Callable[..., Any], tmp_path: Path) -> None:
    """By its public half, without a passphrase; --unlock opens the private one."""
    key = tmp_path / "ci.key"
    cli("keys", "generate", "--out", key)
    keyid = load_key(key, lambda: SECRET).keyid
    for arguments in ([key], [public_path(key)], [key, "--unlock"]):
        assert cli("keys", "show", *arguments).out == f"{keyid}  ed25519\n"


def test_a_passphrase_comes_from_a_descriptor(program: Callable[..., Any], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{SECRET}\n".encode())
    os.close(writing)
    arguments = ["keys", "generate", "--out", "ci.key", "--passphrase-fd", reading]
    said = program(*arguments, cwd=tmp_path, pass_fds=[reading])
    os.close(reading)
    assert said.code == ExitCode.OK
    assert load_key(tmp_path / "ci.key", lambda: SECRET).keyid in said.out


def test_a_passphrase_is_asked_for_on_the_terminal(shared: Any, tmp_path: Path) -> None:
    """Twice, without showing it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(shared.PROGRAM), "keys", "generate"],
        cwd=tmp_path, env=shared.clean_environment(), start_new_session=True,
        stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        seen = b""
        for prompt in (b"Passphrase: ", b"confirmation: "):
            while prompt not in seen:
                seen += os.read(ours, 1024)
            os.write(ours, f"{SECRET}\n".encode())
        assert process.wait() == ExitCode.OK
    seen += os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)
    assert SECRET.encode() not in seen
    assert load_key(tmp_path / "keys" / "ci.key", lambda: SECRET).keyid.encode() in seen


def test_without_a_terminal_nobody_is_asked(program: Callable[..., Any], tmp_path: Path) -> None:
    said = program("keys", "generate", cwd=tmp_path)
    assert said.code == ExitCode.USAGE
    assert "no terminal to ask on; give --passphrase-fd or set CLINIGATE_KEY" in said.sentence
    assert not list(tmp_path.rglob("*.key"))


@pytest.mark.usefixtures("known")
def test_what_goes_wrong_makes_no_key_and_harms_no_file(
    cli: Callable[..., Any], tmp_path: Path
) -> None:
    out, trust = tmp_path / "ci.key", tmp_path / "trust.toml"
    trust.write_text("[[kee]]\n", encoding="utf-8")
    wrong = {
        "unknown field 'kee'": ["--trust", trust],
        "--name is blank": ["--name", " "],
        "--role is blank": ["--role", ""],
        "descriptor 999": ["--passphrase-fd", "999"],
    }
    for expected, arguments in wrong.items():
        said = cli("keys", "generate", "--out", out, *arguments)
        assert said.code == ExitCode.USAGE
        assert expected in said.sentence
    assert not out.exists()
    assert trust.read_text(encoding="utf-8") == "[[kee]]\n"


@pytest.mark.usefixtures("known")
def test_a_key_is_never_overwritten(cli: Callable[..., Any], tmp_path: Path) -> None:
    key = tmp_path / "ci.key"
    cli("keys", "generate", "--out", key)
    before = key.read_bytes()
    said = cli("keys", "generate", "--out", key)
    assert said.code == ExitCode.USAGE
    assert f"{key}: exists already" in said.sentence
    assert key.read_bytes() == before


@pytest.mark.usefixtures("known")
def test_a_key_that_cannot_be_shown_is_named(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "ci.key"
    assert f"{public_path(key)}: cannot be read" in cli("keys", "show", key).sentence
    cli("keys", "generate", "--out", key)
    key.chmod(0o644)
    said = cli("keys", "show", key, "--unlock")
    assert said.code == ExitCode.USAGE
    assert f"{key}: mode 0644 lets others read the key; run: chmod 600 {key}" in said.sentence
    key.chmod(0o600)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", "wrong")
    said = cli("keys", "show", key, "--unlock")
    assert said.code == ExitCode.USAGE
    assert f"{key}: " in said.sentence
    assert "passphrase" in said.sentence
    public_path(key).write_text("no PEM", encoding="utf-8")
    assert f"{public_path(key)}: not a PEM public key" in cli("keys", "show", key).sentence


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("role", "use"),
    [
        ("machine", "[signing] key ="),
        ("witness", "clinigate ledger witness --state DIRECTORY --key "),
        ("compliance-officer", "clinigate sign --meaning … --reason … --key "),
    ],
)
def test_a_new_key_says_what_it_is_for(
    cli: Callable[..., Any], tmp_path: Path, role: str, use: str
) -> None:
    """A person's key does not belong into the machine's configuration."""
    said = cli("keys", "generate", "--out", tmp_path / "new.key", "--role", role)
    assert f"to sign with it: {use}" in said.out
