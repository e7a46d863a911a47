"""`clinigate verify`, offline, level by level; and a bundle that travels as one file."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import trust_entry
from clinigate.evidence.signing import generate_signer


def test_a_whole_bundle_of_a_trusted_key_verifies(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    for name in ("last", mine.run, mine.bundle):
        said = cli("verify", name)
        assert (said.code, said.err) == (ExitCode.OK, "")
        assert f"run {mine.run}: COMPLETE, signed" in said.out
        assert "L0  ok" in said.out
        assert "L1  ok" in said.out
        assert "L4  ok" in said.out


def test_machines_read_the_same(cli: Callable[..., Any], project: Callable[..., Any]) -> None:
    mine = project()
    plain = json.loads(cli("verify", "--json").out)
    assert plain["run"] == mine.run
    assert plain["signedBy"] == [{"keyid": mine.signer.keyid, "name": "CI", "role": "machine"}]
    levels = {level["level"]: level["status"] for level in plain["levels"]}
    assert levels == {"L0": "ok", "L1": "ok", "L2": "ok", "L3": "not-assessed", "L4": "ok"}


def test_nobody_vouches_without_a_trust_file(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    mine.edit('trust = "trust.toml"\n', "")
    said = cli("verify")
    assert said.code == ExitCode.NOT_PASSED
    assert f"run {mine.run} is signed by no key that counts; --trust FILE" in said.sentence
    assert cli("verify", "--trust", "trust.toml").code == ExitCode.OK
    assert json.loads(cli("verify", "--json").out)["signedBy"] == []


def test_more_signatures_may_be_asked_for(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    with (mine.folder / "trust.toml").open("a", encoding="utf-8") as trust:
        trust.write(trust_entry(generate_signer().public, name="Second", role="machine"))
    assert cli("verify").code == ExitCode.OK
    said = cli("verify", "--threshold", "2")
    assert said.code == ExitCode.INTEGRITY
    assert "1 of 2 wanted signatures hold" in said.sentence


def test_a_checkpoint_kept_elsewhere_shows_a_rollback(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """The log of today follows from the one of then; one that was cut does not."""
    mine = project()
    ledger = mine.folder / ".clinigate" / "ledger"
    early = ledger.joinpath("checkpoint").read_bytes()
    kept = mine.folder / "kept-checkpoint"
    kept.write_bytes(early)
    assert cli("verify", mine.run, "--checkpoint", kept).code == ExitCode.OK
    mine.unsealed(finished=True)
    kept.write_bytes(ledger.joinpath("checkpoint").read_bytes())
    assert cli("verify", mine.run, "--checkpoint", kept).code == ExitCode.OK
    records = ledger / "records.ndjson"
    lines = records.read_bytes().splitlines(keepends=True)
    records.write_bytes(b"".join(lines[:3]))
    ledger.joinpath("checkpoint").write_bytes(early)
    said = cli("verify", mine.run, "--checkpoint", kept)
    assert said.code == ExitCode.INTEGRITY


def test_an_auditor_verifies_with_openssl_alone(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """What is printed is run by a shell as it stands; it finds what was changed."""
    mine = project()
    (mine.folder / "trusted.pem").write_bytes(mine.signer.public.pem)
    (mine.folder / "verify.sh").write_text(cli("verify", "--explain-openssl").out, encoding="utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "verify.sh"],
            cwd=mine.folder, capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip

    done = run()
    assert done.returncode == 0, done.stderr
    for line in ("signature: OK", "digests: OK", "no file added: OK"):
        assert line in done.stdout
    assert mine.signer.keyid in done.stdout

    results = mine.bundle / "results.json"
    results.write_bytes(results.read_bytes().replace(b"PASS", b"FAIL", 1))
    changed = run()
    assert changed.returncode == 1
    assert "results.json" in changed.stdout + changed.stderr


def test_a_bundle_travels_as_one_file(
    cli: Callable[..., Any], project: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes each time; it verifies, opens gates and is reported like the original."""
    mine = project()
    said = cli("bundle", "export")
    assert (said.code, said.out) == (ExitCode.OK, f"bundle: {mine.run}.zip\n")
    again = cli("bundle", "export", mine.run, "out/again.zip")
    assert again.code == ExitCode.OK
    first, second = mine.folder / f"{mine.run}.zip", mine.folder / "out" / "again.zip"
    assert first.read_bytes() == second.read_bytes()

    elsewhere = mine.folder.parent / "elsewhere"
    elsewhere.mkdir()
    second.rename(elsewhere / "clinical.zip")
    monkeypatch.chdir(elsewhere)
    trust = mine.folder / "trust.toml"
    assert cli("verify", "clinical.zip", "--trust", trust).code == ExitCode.OK
    policy = ["--policy", mine.folder / "policy.toml", "--trust", trust]
    assert cli("gate", "clinical.zip", *policy).code == ExitCode.OK
    assert cli("report", "clinical.zip", *policy).out == "report: clinical.html\n"


def test_an_export_overwrites_nothing_unasked(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    place = mine.folder / "out.zip"
    place.write_bytes(b"mine")
    said = cli("bundle", "export", "last", place)
    assert said.code == ExitCode.USAGE
    assert f"{place}: exists already" in said.sentence
    assert place.read_bytes() == b"mine"
    assert cli("bundle", "export", "last", place, "--force").code == ExitCode.OK
    assert cli("verify", place).code == ExitCode.OK


@pytest.mark.parametrize("name", ["last", "20260101T000000000000Z-00000000"])
def test_without_a_run_there_is_nothing_to_verify(
    cli: Callable[..., Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = cli("verify", name)
    assert said.code == ExitCode.USAGE
    assert f"{name!r} is neither a run's id nor its directory; there is none" in said.sentence
