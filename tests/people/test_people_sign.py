"""`clinigate sign`: two components, bound to the bundle, and nothing signed that is not whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.evidence.bundle import export_zip
from clinigate.evidence.keys import save_key
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.spool import RunStatus
from clinigate.gate.record_files import read_record
from clinigate.gate.records import Meaning, SignOff, SubjectKind

SIGN = ("sign", "--reason", "the whole report was read")


def test_a_signature_says_who_when_what_for_and_of_what(ward: Any, cli: Callable[..., Any]) -> None:
    """21 CFR 11.50(a), 11.70: name, time with zone, meaning; bound to the statement's digest."""
    bundle = ward.sealed()
    said = cli(*SIGN, "--meaning", "review", "--key", "ada.key")
    assert (said.code, said.err) == (ExitCode.OK, "")
    assert bundle.statement_digest in said.out, "what is signed is shown"
    (path,) = (bundle.path / "records").iterdir()
    record = read_record(path, ward.trust).record
    assert (record.subject.kind, record.subject.digest) == (
        SubjectKind.RUN, bundle.statement_digest,
    )  # fmt: skip
    terms = record.terms
    assert isinstance(terms, SignOff)
    assert (terms.printed_name, record.signers[0].role) == ("Ada Officer", "compliance-officer")
    assert terms.meaning is Meaning.REVIEW
    assert terms.components == ("key file", "passphrase")
    local = datetime.fromisoformat(str(terms.signed_local))
    assert local.utcoffset() is not None
    assert local == datetime.fromisoformat(terms.signed_at)


def test_the_ledger_announces_it_and_the_bundle_still_verifies(
    ward: Any, cli: Callable[..., Any]
) -> None:
    bundle = ward.sealed()
    assert cli(*SIGN, "--meaning", "approval", "--key", "ada.key").code == ExitCode.OK
    last = read_ledger(ward.root / "ledger").chain.records[-1]
    assert (last.type, last.run, last.body["kind"]) == ("record-added", bundle.run, "sign-off")
    assert cli("verify", secret=None).code == ExitCode.OK


def test_further_bundles_of_one_call_are_one_sitting(ward: Any, cli: Callable[..., Any]) -> None:
    """11.200(a)(1)(i): the first signing has all components, each further one at least one."""
    runs = [ward.sealed(), ward.sealed()]
    said = cli(*SIGN, *(each.run for each in runs), "--meaning", "review", "--key", "ada.key")
    assert said.code == ExitCode.OK
    seen = []
    for each in runs:
        (path,) = (each.path / "records").iterdir()
        terms = read_record(path, ward.trust).record.terms
        assert isinstance(terms, SignOff)
        seen.append(terms.components)
    assert seen == [("key file", "passphrase"), ("key file",)]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("ci.key", "machine"),
        ("env:CLINIGATE_KEY", "two components"),
        ("awskms:alias/ward", "two components"),
        ("stranger.key", "knows nobody"),
        ("nothing.key", "no such key"),
        ("open.pem", "no key file of a person"),
    ],
)
def test_a_key_of_the_wrong_kind_signs_nothing(
    ward: Any, cli: Callable[..., Any], key: str, told: str, people: Any
) -> None:
    bundle = ward.sealed()
    stranger = generate_signer()
    save_key(stranger, ward.folder / "stranger.key", people.PASSPHRASE, cost=2**14)
    pem = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    (ward.folder / "open.pem").write_bytes(pem)
    (ward.folder / "open.pem").chmod(0o600)
    said = cli(*SIGN, "--meaning", "review", "--key", key)
    assert said.code == ExitCode.USAGE
    assert told in said.sentence
    assert not (bundle.path / "records").exists()


def test_a_passphrase_that_the_machine_knows_does_not_count(
    ward: Any, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, people: Any
) -> None:
    ward.sealed()
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", people.PASSPHRASE)
    said = cli(*SIGN, "--meaning", "review", "--key", "ada.key", secret=None)
    assert said.code == ExitCode.USAGE
    assert "a passphrase that the machine knows" in said.sentence


@pytest.mark.parametrize("field", ["not_after", "revoked_at", "not_before"])
def test_a_key_that_does_not_count_now_signs_nothing(
    ward: Any, cli: Callable[..., Any], field: str
) -> None:
    ward.sealed()
    days = 3 if field == "not_before" else -3
    when = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
    path = ward.folder / "trust.toml"
    keyid = f'keyid = "{ward.keys["ada"].keyid}"\n'
    path.write_text(path.read_text().replace(keyid, f"{keyid}{field} = {when}\n"))
    said = cli(*SIGN, "--meaning", "review", "--key", "ada.key")
    assert said.code == ExitCode.USAGE
    assert "'Ada Officer'" in said.sentence


def test_without_a_terminal_nobody_is_asked(
    ward: Any, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names --passphrase-fd, and not the variable that does not count."""
    ward.sealed()
    monkeypatch.setattr("clinigate.cli.keys._has_terminal", lambda: False)
    said = cli(*SIGN, "--meaning", "review", "--key", "ada.key", secret=None)
    assert said.code == ExitCode.USAGE
    assert "give --passphrase-fd" in said.sentence
    assert "CLINIGATE_KEY_PASSPHRASE" not in said.sentence


def test_a_wrong_passphrase_signs_nothing(ward: Any, cli: Callable[..., Any]) -> None:
    bundle = ward.sealed()
    said = cli(*SIGN, "--meaning", "review", "--key", "ada.key", secret="another one")
    assert said.code == ExitCode.USAGE
    assert "another one" not in said.out + said.err
    assert not (bundle.path / "records").exists()


def test_a_damaged_bundle_is_never_signed(ward: Any, cli: Callable[..., Any]) -> None:
    bundle = ward.sealed()
    path = bundle.path / "environment.json"
    path.write_bytes(path.read_bytes().replace(b'"', b"'", 1))
    allowed = ("--allow", "unsigned", "--allow", "incomplete")
    said = cli(*SIGN, "--meaning", "review", "--key", "ada.key", *allowed)
    assert said.code == ExitCode.INTEGRITY
    assert "environment.json" in said.sentence


def test_an_incomplete_or_unsigned_run_is_signed_only_where_that_is_meant(
    ward: Any, cli: Callable[..., Any]
) -> None:
    asked = (*SIGN, "--meaning", "review", "--key", "ada.key")
    ward.sealed(status=RunStatus.INCOMPLETE)
    assert cli(*asked).code == ExitCode.UNFINISHED
    assert cli(*asked, "--allow", "incomplete").code == ExitCode.OK
    ward.sealed(signed=False)
    assert cli(*asked).code == ExitCode.NOT_PASSED
    assert cli(*asked, "--allow", "unsigned").code == ExitCode.OK


def test_one_signature_of_each_meaning_is_enough(ward: Any, cli: Callable[..., Any]) -> None:
    ward.sealed()
    asked = (*SIGN, "--key", "ada.key", "--meaning")
    assert cli(*asked, "review").code == ExitCode.OK
    again = cli(*asked, "review")
    assert again.code == ExitCode.NOT_PASSED
    assert "has signed it with the meaning review already" in again.sentence
    assert cli(*asked, "approval").code == ExitCode.OK


def test_a_zip_is_signed_beside_it(ward: Any, cli: Callable[..., Any]) -> None:
    packed = export_zip(ward.sealed(), ward.folder / "b.zip")
    asked = (*SIGN, packed, "--meaning", "review", "--key", "ada.key")
    assert "--out" in cli(*asked).sentence
    assert cli(*asked, "--out", "signed").code == ExitCode.OK
    (path,) = (ward.folder / "signed").iterdir()
    assert read_record(path, ward.trust).record.signers[0].name == "Ada Officer"


def test_a_policy_may_ask_for_signatures_of_two_people(ward: Any, cli: Callable[..., Any]) -> None:
    """Missing, the gate is shut; there, it opens; a person counts once."""
    ward.policy(
        "[environments.production.records]",
        '[[environments.production.sign_offs]]\nmeaning = "review"\nrole = "clinical-lead"\n'
        '[[environments.production.sign_offs]]\nmeaning = "approval"\n'
        'role = "compliance-officer"\n[environments.production.records]',
    )
    ward.sealed()
    shut = cli("gate", "--json", secret=None)
    assert shut.code == ExitCode.NOT_PASSED
    reasons = json.loads(shut.out)["reasons"]
    assert ["review by the role clinical-lead" in reasons[0], len(reasons)] == [True, 2]
    cli(*SIGN, "--meaning", "review", "--key", "rhea.key")
    cli(*SIGN, "--meaning", "review", "--key", "ada.key")
    assert cli("gate", secret=None).code == ExitCode.NOT_PASSED
    cli(*SIGN, "--meaning", "approval", "--key", "ada.key")
    assert cli("gate", secret=None).code == ExitCode.OK


def test_a_clock_that_was_set_back_signs_nothing_and_opens_nothing(
    ward: Any, cli: Callable[..., Any]
) -> None:
    from clinigate.evidence.ledger import Ledger

    ward.sealed()
    ahead = datetime.now(UTC) + timedelta(days=2)
    Ledger(ward.root / "ledger", clock=lambda: ahead, signer=ward.keys["ci"]).append(
        "note", run=None, body={}
    )
    said = cli(*SIGN, "--meaning", "review", "--key", "ada.key")
    assert "the clock was set back" in said.sentence
    shut = cli("gate", secret=None)
    assert shut.code == ExitCode.UNFINISHED
    assert "the clock was set back" in shut.sentence
