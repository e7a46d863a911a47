"""`clinigate drill`: exit codes, the signed record, and what is told."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest

from clinigate.cli.app import run
from clinigate.cli.exits import ExitCode
from clinigate.errors import IntegrityError
from clinigate.evidence.keys import save_key
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.hipaa.drills.record import opened_record

PASSPHRASE = "a passphrase of a test"
COPY = f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])'"


@pytest.fixture
def signer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalSigner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", PASSPHRASE)
    made = generate_signer()
    save_key(made, tmp_path / "officer.key", PASSPHRASE, cost=2**14)
    return made


def recorded(folder: Path, signer: LocalSigner) -> dict[str, object]:
    (path,) = (folder / "drills").glob("*.json")
    return dict(json.loads(opened_record(path.read_bytes(), {signer.keyid: signer.public})))


def test_a_breach_of_the_reference_service(
    signer: LocalSigner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--leaked", "1", "--spared", "1", "--residents", "CA=620", "--key", "officer.key"]
    discovered = ["--discovered", "2026-11-22T10:00+01:00"]
    assert run(["drill", "breach", "--reference", *words, *discovered]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "1 got out, 1 are named by the audit log" in out
    assert "164.406: prominent media of CA, 2027-01-21" in out
    record = recorded(tmp_path, signer)
    assert (record["kind"], record["agrees"]) == ("breach", True)
    (page,) = (tmp_path / "drills").glob("*.md")
    assert "to be answered by a person" in page.read_text()


def test_a_restore_passes_and_fails_by_its_exit_code(signer: LocalSigner, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.db") as link:
        link.execute("CREATE TABLE patients (id INTEGER)")
        link.execute("INSERT INTO patients VALUES (1)")
    link.close()
    words = ["drill", "restore", "--source", "store.db", "--key", "officer.key"]
    make = ["--make", f"{COPY} store.db {{backup}}"]
    back = ["--restore", f"{COPY} {{backup}} {{into}}"]
    assert run([*words, *make, *back]) == ExitCode.OK
    assert recorded(tmp_path, signer)["agrees"] is True
    with sqlite3.connect(tmp_path / "old.db") as link:
        link.execute("CREATE TABLE patients (id INTEGER, more TEXT)")
        link.execute("INSERT INTO patients VALUES (1, 'more')")
    link.close()
    older = ["--backup", "old.db", *back, "--out", "others"]
    assert run([*words, *older]) == ExitCode.NOT_PASSED
    assert run([*words, "--backup", "gone.db", *back]) == ExitCode.NOT_PASSED


def test_without_a_service_it_says_what_is_missing(
    signer: LocalSigner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["drill", "breach", "--as", "nobody"]) == ExitCode.NOT_PASSED
    assert "needs a service over HTTP" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["breach"], "--as: name a role"),
        (["breach", "--defect", "x"], "--defect belongs to --reference"),
        (["breach", "--as", "a", "--residents", "California"], "as CA=620"),
        (["breach", "--as", "a", "--residents", "ZZ=1"], "no State"),
        (["breach", "--as", "a", "--discovered", "yesterday"], "give a time"),
        (["breach", "--as", "a", "--discovered", "2026-11-22T10:00"], "with its zone"),
        (["restore", "--restore", "x"], "one of --source and --source-dsn-env"),
        (["restore", "--restore", "x", "--source", "s"], "one of --backup"),
        (["restore", "--restore", "x", "--source-dsn-env", "V"], "belong together"),
    ],
)
def test_what_is_asked_wrongly_is_usage(
    signer: LocalSigner, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert run(["drill", *words]) == ExitCode.USAGE
    assert told in capsys.readouterr().err


def test_a_record_that_was_changed_is_noticed(signer: LocalSigner, tmp_path: Path) -> None:
    from clinigate.hipaa.drills.record import signed_record

    envelope = signed_record({"kind": "breach", "agrees": False}, [signer])
    trusted = {signer.keyid: signer.public}
    assert json.loads(opened_record(envelope, trusted))["agrees"] is False
    other = signed_record({"kind": "breach", "agrees": True}, [generate_signer()])
    with pytest.raises(IntegrityError):
        opened_record(other, trusted)
    with pytest.raises(IntegrityError):
        opened_record(signed_record({"kind": "breach"}, []), trusted)
