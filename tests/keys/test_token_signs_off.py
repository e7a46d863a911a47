"""A person signs a run off with a token and its PIN (SoftHSM, for real)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.app import run
from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import trust_entry
from clinigate.evidence.remote_keys import open_remote_key
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.trust import load_trust
from clinigate.gate.record_files import read_record
from clinigate.gate.records import SignOff

PIN = "73512846"  # as the fixture sets it


def test_a_person_signs_with_token_and_pin(
    token: Any, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record says both components, and the PIN stands nowhere."""
    machine = generate_signer()
    config = project.configure()
    bundle = project.run(config, machine).bundle
    officer = open_remote_key(token.uri, lambda: PIN).public
    trust = Path(project.home) / "trust.toml"
    trust.write_text(
        trust_entry(machine.public, name="CI", role="machine")
        + trust_entry(officer, name="Ada Officer", role="qa")
    )
    monkeypatch.chdir(project.home)
    monkeypatch.delenv("CLINIGATE_KEY_PASSPHRASE", raising=False)
    reader, writer = os.pipe()
    os.write(writer, f"{PIN}\n".encode())
    os.close(writer)
    code = run(
        ["sign", "--meaning", "approval", "--reason", "read", "--key", token.uri,
         "--trust", str(trust), "--passphrase-fd", str(reader)]
    )  # fmt: skip
    os.close(reader)
    assert code == ExitCode.OK
    (path,) = (bundle.path / "records").iterdir()
    terms = read_record(path, load_trust(trust)).record.terms
    assert isinstance(terms, SignOff)
    assert (terms.printed_name, terms.components) == ("Ada Officer", ("token", "PIN"))
    assert PIN.encode() not in path.read_bytes()
