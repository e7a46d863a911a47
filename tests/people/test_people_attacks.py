"""Ways to get a waiver, a signature or a change of keys by a key that may not give it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core.canonical import canonical_bytes
from clinigate.evidence.key_changes import REVOKED, ROTATED, KeyChange, signed_change
from clinigate.evidence.ledger import Ledger
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust_file import add_key
from clinigate.gate.record_files import sign_record
from clinigate.gate.records import Meaning, NamedSigner, Record, RecordSubject, SignOff, Waiver


def changed(ward: Any, action: str, whose: str, by: str, successor: Any = None) -> None:
    """Write a well-signed change of keys into the ledger, past the command."""
    key = ward.trust.get(ward.keys[whose].keyid)
    signers = [ward.keys[by], *([] if successor is None else [successor])]
    told = KeyChange(
        action, key.keyid, key.name, key.role, datetime.now(UTC), "x",
        by=ward.keys[by].keyid, successor=None if successor is None else successor.public,
    )  # fmt: skip
    Ledger(ward.root / "ledger").append(action, run=None, body=signed_change(told, signers))


def test_a_revoked_key_revokes_nobody_else(ward: Any, cli: Callable[..., Any]) -> None:
    """A thief would shut out everybody."""
    assert cli("trust", "revoke", "Ada Officer", "--key", "rhea.key", "--reason", "x").code == 0
    changed(ward, REVOKED, "rhea", "ada")
    said = cli("trust", "check", secret=None)
    assert said.code == ExitCode.INTEGRITY
    assert "'Ada Officer' was revoked before" in said.sentence


def test_a_key_revoked_later_has_revoked_well(ward: Any, cli: Callable[..., Any]) -> None:
    assert cli("trust", "revoke", "Cy Developer", "--key", "rhea.key", "--reason", "x").code == 0
    arguments = ("--key", "ada.key", "--reason", "x", "--since", "2026-01-01")
    assert cli("trust", "revoke", "Rhea Reviewer", *arguments).code == 0
    assert cli("trust", "check", secret=None).code == ExitCode.OK


def test_a_witness_revokes_nobody(ward: Any, cli: Callable[..., Any]) -> None:
    ward.person("Wil Witness", "witness")
    said = cli("trust", "revoke", "Ada Officer", "--key", "wil.key", "--reason", "x")
    assert said.code == ExitCode.USAGE
    changed(ward, REVOKED, "ada", "wil")
    said = cli("trust", "check", secret=None)
    assert said.code == ExitCode.INTEGRITY
    assert "the witness key 'Wil Witness' revoked the key of somebody else" in said.sentence


def test_a_key_that_a_lost_one_brought_in_does_not_count(
    ward: Any, cli: Callable[..., Any]
) -> None:
    """The ledger's word for the successor is the thief's; nobody is asked to trust it."""
    assert cli("trust", "revoke", "Cy Developer", "--key", "ada.key", "--reason", "x").code == 0
    thief = generate_signer()
    changed(ward, ROTATED, "cy", "cy", thief)
    assert cli("trust", "check", secret=None).code == ExitCode.OK
    path = ward.folder / "trust.toml"
    path.write_text(add_key(thief.public, name="Cy Developer", role="developer")(path.read_text()))
    said = cli("trust", "check", secret=None)
    assert said.code == ExitCode.NOT_PASSED
    assert "after that one was revoked" in said.sentence


def named(ward: Any, word: str) -> NamedSigner:
    key = ward.trust.get(ward.keys[word].keyid)
    return NamedSigner(key.name, key.role, key.keyid)


@pytest.mark.parametrize(("word", "role"), [("ci", "machine"), ("wil", "witness")])
def test_no_machine_asks_for_a_waiver(
    ward: Any, cli: Callable[..., Any], word: str, role: str
) -> None:
    """Else one person asks by the pipeline's key, and accepts by their own."""
    ward.person("Wil Witness", "witness")
    bundle = ward.sealed(500)
    now = datetime.now(UTC)
    signers = (named(ward, word), named(ward, "ada"))
    waiver = Waiver(signers[0].name, "Ada Officer", "a nurse", criterion="emotion.accuracy")
    record = Record(
        RecordSubject.of_run(bundle.statement_digest), signers, "x", timestamp(now), waiver,
        expires=timestamp(now + timedelta(days=5)),
    )  # fmt: skip
    folder = bundle.path / "records"
    folder.mkdir()
    signed = sign_record(record, [ward.keys[word], ward.keys["ada"]])
    (folder / "waiver.dsse.json").write_bytes(canonical_bytes(signed))
    said = cli("gate", secret=None)
    assert said.code == ExitCode.NOT_PASSED
    assert f"a {role}'s key signed it; people ask for a waiver" in said.out


def signed_off(ward: Any, statement: str, word: str = "ada", at: datetime | None = None) -> bytes:
    moment = timestamp(at or datetime.now(UTC))
    who = named(ward, word)
    record = Record(
        RecordSubject.of_run(statement), (who,), "read", moment,
        SignOff(who.name, moment, Meaning.APPROVAL),
    )  # fmt: skip
    return canonical_bytes(sign_record(record, [ward.keys[word]]))


@pytest.fixture
def asking(ward: Any) -> Any:
    with (ward.folder / "policy.toml").open("a") as file:
        file.write(
            '\n[[environments.production.sign_offs]]\nmeaning = "approval"\n'
            'role = "compliance-officer"\n'
        )
    return ward


@pytest.mark.parametrize("how", ["own", "other run", "elsewhere", "renamed", "past"])
def test_a_sign_off_counts_for_its_own_run_alone(
    asking: Any, cli: Callable[..., Any], tmp_path: Path, how: str
) -> None:
    first, second = asking.sealed(), asking.sealed()
    at = datetime.now(UTC) - timedelta(days=1) if how == "past" else None
    speaks_of = first if how == "other run" else second
    folder = second.path / "records"
    folder.mkdir()
    data = signed_off(asking, speaks_of.statement_digest, at=at)
    name = "approval-by-the-board.dsse.json" if how == "renamed" else "sign-off.dsse.json"
    (folder / name).write_bytes(data)
    judged = second.path
    if how == "elsewhere":  # the records of one run are carried to another one
        shutil.copytree(folder, first.path / "records")
        judged = first.path
    code = cli("gate", judged, secret=None).code
    assert (code == ExitCode.OK) is (how in ("own", "renamed"))


def test_a_witness_signs_nothing_off(asking: Any, cli: Callable[..., Any]) -> None:
    asking.person("Wil Witness", "witness")
    asking.sealed()
    said = cli("sign", "--meaning", "approval", "--reason", "x", "--key", "wil.key")
    assert said.code == ExitCode.USAGE
    assert "is the witness key" in said.sentence


def test_a_trust_file_that_was_put_back_opens_no_gate(ward: Any, cli: Callable[..., Any]) -> None:
    """Whoever may write the file brings no revoked key back: the ledger remembers."""
    ward.sealed()
    assert cli("gate", secret=None).code == ExitCode.OK
    before = (ward.folder / "trust.toml").read_bytes()
    assert cli("trust", "revoke", "CI", "--key", "ada.key", "--reason", "stolen").code == 0
    assert cli("gate", secret=None).code == ExitCode.INTEGRITY
    (ward.folder / "trust.toml").write_bytes(before)
    said = cli("gate", secret=None)
    assert said.code == ExitCode.NOT_PASSED
    assert "was revoked" in said.out + said.err
    assert "the trust file lets it count" in said.out + said.err


def test_a_strangers_revocation_shuts_no_gate(ward: Any, cli: Callable[..., Any]) -> None:
    """Else whoever writes the ledger shuts out whom they like."""
    ward.sealed()
    ward.keys["eve"] = generate_signer()
    key = ward.trust.get(ward.keys["ci"].keyid)
    told = KeyChange(
        REVOKED, key.keyid, key.name, key.role, datetime.now(UTC), "x",
        by=ward.keys["eve"].keyid,
    )  # fmt: skip
    body = signed_change(told, [ward.keys["eve"]])
    Ledger(ward.root / "ledger", signer=ward.keys["ci"]).append(REVOKED, run=None, body=body)
    assert cli("gate", secret=None).code == ExitCode.OK
