"""`clinigate ledger` and `clinigate bundle` as an officer and an operator type them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.app import run
from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import trust_entry
from clinigate.evidence.checkpoint import parse_checkpoint
from clinigate.evidence.keys import save_key
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.ledger_proofs import grown_from, parse_growth
from clinigate.evidence.signing import Algorithm, LocalSigner, generate_signer

PASSPHRASE = "a passphrase of these tests"
CONFIG = """\
[subject]
name = "demo"

[gate]
trust = "trust.toml"

[signing]
key = "file:ci.key"
"""


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """A folder with a configuration, keys and a sealed run, and how commands are called in it."""

    site: Any
    witness: LocalSigner
    call: Callable[..., Said]

    @property
    def folder(self) -> Path:
        return Path(self.site.folder)

    def look(self, *more: object) -> Said:
        return self.call("ledger", "witness", "--state", "state", "--key", "officer.key", *more)


@pytest.fixture
def desk(site: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    from datetime import UTC, datetime

    folder = site.folder
    folder.mkdir()
    site.clock.now = datetime.now(UTC) - timedelta(hours=1)
    witness = generate_signer()
    save_key(site.signer, folder / "ci.key", PASSPHRASE, cost=1 << 14)
    save_key(witness, folder / "officer.key", PASSPHRASE, cost=1 << 14)
    (folder / "trust.toml").write_text(
        trust_entry(site.signer.public, name="CI", role="machine")
        + trust_entry(witness.public, name="Ada", role="witness")
    )
    (folder / "clinigate.toml").write_text(CONFIG)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", PASSPHRASE)

    def call(*arguments: object) -> Said:
        code = run([str(each) for each in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return Desk(site, witness, call)


def test_the_log_lists_what_never_finished(desk: Desk) -> None:
    killed = desk.site.begin().id
    sealed = desk.site.sealed().run
    text = desk.call("ledger", "log")
    assert text.code == ExitCode.OK
    lines = {line.split()[0]: line for line in text.out.splitlines() if line.startswith("20")}
    assert "STARTED AND NEVER FINISHED" in lines[killed]
    assert "COMPLETE, sealed" in lines[sealed]
    plain = json.loads(desk.call("ledger", "log", "--json").out)
    assert [each["unfinished"] for each in plain["runs"]] == [True, False]
    assert plain["records"][0]["type"] == "ledger-created"
    assert len(plain["records"]) == plain["size"]


def test_an_empty_folder_has_an_empty_log(desk: Desk) -> None:
    assert desk.call("ledger", "log").out == "the log is empty: no run began yet\n"


def test_a_seal_and_a_growth_are_proven(desk: Desk) -> None:
    sealed = desk.site.sealed().run
    old = desk.folder / "old"
    old.write_bytes((desk.site.root / "ledger" / "checkpoint").read_bytes())
    desk.site.sealed()
    assert desk.call("ledger", "prove", sealed).code == ExitCode.OK
    assert (desk.folder / f"{sealed}.tlog-proof").read_bytes().startswith(b"c2sp.org/tlog-proof@v1")
    said = desk.call("ledger", "prove", "--since", old, "--out", "g")
    assert said.code == ExitCode.OK, said.err
    growth = parse_growth((desk.folder / "g").read_bytes())
    assert grown_from(growth, parse_checkpoint(old.read_bytes()))


def test_an_officer_witnesses_and_the_bundle_says_so(desk: Desk) -> None:
    bundle = desk.site.sealed()
    said = desk.look("--name", "example.org/ada")
    assert said.code == ExitCode.OK, said.err
    assert "example.org/ada+" in said.out
    assert bundle.run in said.out
    verified = desk.call("verify", bundle.run)
    assert verified.code == ExitCode.OK, verified.err
    assert "Ada (witness" in verified.out
    checked = desk.call("ledger", "check")
    assert checked.code == ExitCode.OK, checked.err
    assert "Ada saw them at" in checked.out


def test_a_rollback_is_exit_code_3_everywhere(desk: Desk) -> None:
    """The witness refuses, the check refuses, with the sizes; a kept checkpoint does the same."""
    desk.site.sealed()
    desk.look()
    ledger = desk.site.root / "ledger"
    kept = desk.folder / "kept"
    kept.write_bytes((ledger / "checkpoint").read_bytes())
    lines = (ledger / "records.ndjson").read_bytes().splitlines(keepends=True)
    (ledger / "records.ndjson").write_bytes(b"".join(lines[:-1]))
    said = desk.look()
    assert (said.code, "cut off" in said.err) == (ExitCode.INTEGRITY, True)
    (ledger / "checkpoint").unlink()
    desk.site.store.ledger(clock=desk.site.clock, signer=desk.site.signer).append(
        "run-started", run="other", body={}
    )
    said = desk.look()
    assert said.code == ExitCode.INTEGRITY
    assert "forked" in said.err or "rolled back" in said.err
    for more in ([], ["--checkpoint", kept]):
        said = desk.call("ledger", "check", *more)
        assert said.code == ExitCode.INTEGRITY
        assert "clinigate: " in said.err
        assert "Traceback" not in said.err


def test_a_check_without_keys_vouches_for_nothing(desk: Desk) -> None:
    desk.site.sealed()
    (desk.folder / "clinigate.toml").write_text("")
    said = desk.call("ledger", "check")
    assert said.code == ExitCode.NOT_PASSED
    assert "--trust FILE" in said.err
    assert desk.look().code == ExitCode.USAGE


def test_a_p256_key_is_told_why_it_is_no_witness(desk: Desk) -> None:
    desk.site.sealed()
    save_key(generate_signer(Algorithm.P256), desk.folder / "p256.key", PASSPHRASE, cost=1 << 14)
    said = desk.call("ledger", "witness", "--state", "s", "--key", "p256.key")
    assert said.code == ExitCode.USAGE
    assert "no form for P-256" in said.err
    assert not (desk.folder / "s").exists()


def test_a_foreign_checkpoint_is_no_memory_of_this_log(desk: Desk, tmp_path: Path) -> None:
    desk.site.sealed()
    path = tmp_path / "x"
    path.write_bytes(b"example.org/log\n3\n" + b"A" * 43 + b"=\n\n")
    said = desk.call("ledger", "check", "--checkpoint", path)
    assert said.code == ExitCode.INTEGRITY
    assert "signed by no key of the trust file" in said.err


def test_a_bundle_goes_out_comes_in_and_is_listed(desk: Desk, tmp_path: Path) -> None:
    bundle = desk.site.sealed()
    place = tmp_path / "far" / "b.zip"
    assert desk.call("bundle", "export", bundle.run, place).out == f"bundle: {place}\n"
    desk.call("bundle", "export", bundle.run, "memory://shelf/")
    listed = desk.call("bundle", "list")
    assert f"memory://shelf/{bundle.run}.zip" in listed.out
    assert "6 years after it was sealed" in listed.out
    said = desk.call("bundle", "import", place)
    assert (said.code, said.out.startswith("was here already")) == (ExitCode.OK, True)
    plain = json.loads(desk.call("bundle", "list", "--json").out)
    assert plain[0]["copies"][0]["place"] == str(place)


def test_an_import_that_does_not_verify_is_exit_code_3(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(b"no zip")
    said = desk.call("bundle", "import", path)
    assert (said.code, "not a sound zip" in said.err) == (ExitCode.INTEGRITY, True)


def test_a_prune_keeps_what_must_be_kept(desk: Desk) -> None:
    bundle = desk.site.sealed()
    said = desk.call("bundle", "prune", "--dry-run")
    assert said.code == ExitCode.OK
    assert "kept until" in said.out
    assert desk.call("bundle", "prune").code == ExitCode.OK
    assert bundle.path.is_dir()


def test_an_auditors_request_is_answered(desk: Desk, tmp_path: Path) -> None:
    bundle = desk.site.sealed()
    day = bundle.statement.sealed_at[:10]
    request = tmp_path / "request.toml"
    request.write_text(f'clauses = ["164.312(b)"]\nfrom = 2020-01-01\nuntil = {day}\n')
    said = desk.call("bundle", "export", "--request", request)
    assert said.code == ExitCode.OK, said.err
    assert said.out == "answer: request-answer: 1 run(s), 0 gap(s)\n"
    assert (desk.folder / "request-answer" / "index.html").is_file()


def test_the_head_moves_only_with_a_key(desk: Desk) -> None:
    """An export is logged without the key; the head that the next signer writes covers it."""
    bundle = desk.site.sealed()
    before = read_ledger(desk.site.root / "ledger")
    desk.call("bundle", "export", bundle.run, "out.zip")
    after = read_ledger(desk.site.root / "ledger")
    assert after.checkpoint == before.checkpoint
    assert len(after.chain.records) == len(before.chain.records) + 1
    desk.site.sealed()
    last = read_ledger(desk.site.root / "ledger")
    assert last.checkpoint is not None
    assert last.checkpoint.size == len(last.chain.records)
