"""`clinigate waive`: one asks, another accepts, both sign, and never for longer than allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core.canonical import canonical_bytes
from clinigate.gate.record_files import begin_record, read_record
from clinigate.gate.records import Waiver, decode_record

WORDS = (
    "--reason", "raters are booked", "--measure", "a nurse reads along", "--owner", "Dr. Ward",
)  # fmt: skip


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.fixture
def ask(cli: Callable[..., Any]) -> Callable[..., Any]:
    """Ask for a waiver of the accuracy, as Cy, of Ada; options go over that."""

    def asked(**changes: Any) -> Any:
        given = {
            "criterion": "emotion.accuracy", "approver": "Ada Officer", "until": day(20),
            "key": "cy.key", "out": "asked.json", **changes,
        }  # fmt: skip
        options = [
            part
            for name, value in given.items()
            if value is not None
            for part in (f"--{name}", value)
        ]
        return cli("waive", "request", *WORDS, *options)

    return asked


def test_asked_by_one_and_accepted_by_another_it_opens_the_gate(
    ward: Any, cli: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    """The gate finds it where it was filed; the verdict stays what it is."""
    bundle = ward.sealed(right=300)
    assert cli("gate", secret=None).code == ExitCode.NOT_PASSED
    asked = ask()
    assert (asked.code, asked.err) == (ExitCode.OK, "")
    assert cli("gate", "--record", "asked.json", secret=None).code == ExitCode.INTEGRITY
    done = cli("waive", "approve", "asked.json", "--key", "ada.key")
    assert (done.code, done.err) == (ExitCode.OK, "")
    opened = cli("gate", "--json", secret=None)
    assert opened.code == ExitCode.OK
    (entry,) = (
        each
        for each in json.loads(opened.out)["criteria"]
        if each["criterion"]["id"] == "emotion.accuracy"
    )
    assert (entry["verdict"]["status"], entry["effect"]) == ("FAIL", "waived")
    (path,) = (bundle.path / "records").iterdir()
    record = read_record(path, ward.trust).record
    assert isinstance(record.terms, Waiver)
    assert record.terms.owner == "Dr. Ward"
    assert [each.name for each in record.signers] == ["Cy Developer", "Ada Officer"]


def test_a_waiver_of_a_build_stands_for_its_next_run(
    ward: Any, cli: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    ward.sealed(right=300)
    assert ask(**{"for": "build"}).code == ExitCode.OK
    cli("waive", "approve", "asked.json", "--key", "ada.key")
    assert len(list((ward.root / "records").iterdir())) == 1
    ward.sealed(right=310)
    assert cli("gate", secret=None).code == ExitCode.OK


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"until": day(-2)}, "is over"),
        ({"until": day(91)}, "no risk is accepted for more than 90 days in production"),
        ({"until": day(181)}, "more than 90 days"),
        ({"approver": "Cy Developer"}, "the policy says for whom"),
        ({"approver": "Nobody"}, "the trust file has no such person"),
        ({"approver": "CI"}, "the trust file has no such person"),
        ({"criterion": "emotion.acuracy"}, "did you mean 'emotion.accuracy'"),
        ({"control": "164.312(b)"}, "exactly one of --criterion and --control"),
        ({"criterion": None}, "exactly one of --criterion and --control"),
        ({"criterion": None, "control": "164.999"}, "164.999"),
        ({"key": "ci.key"}, "machine"),
        ({"key": "ada.key"}, "requester and approver"),
    ],
)
def test_what_cannot_count_is_not_asked_for(
    ward: Any, ask: Callable[..., Any], changes: dict[str, Any], told: str
) -> None:
    ward.sealed(right=300)
    said = ask(**changes)
    assert said.code == ExitCode.USAGE
    assert told in said.sentence
    assert not Path("asked.json").exists()


@pytest.mark.parametrize("spelled", ["Officer, Ada", "ADA  officer", "Áda Officer"])
def test_one_person_under_two_spellings_is_one(
    ward: Any, ask: Callable[..., Any], spelled: str
) -> None:
    """Ada has a second key under another spelling of her name, and asks herself."""
    ward.sealed(right=300)
    ward.person(spelled, "developer", word="second")
    said = ask(key="second.key")
    assert said.code == ExitCode.USAGE
    assert not Path("asked.json").exists()


def test_only_who_is_named_accepts_it(
    ward: Any, cli: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    ward.sealed(right=300)
    ask()
    for key in ("cy.key", "rhea.key"):
        said = cli("waive", "approve", "asked.json", "--key", key)
        assert said.code == ExitCode.USAGE
        assert "is to be accepted by 'Ada Officer'" in said.sentence


def test_a_request_that_was_edited_is_not_accepted(
    ward: Any, cli: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    ward.sealed(right=300)
    ask()
    path = Path("asked.json")
    envelope = json.loads(path.read_bytes())
    payload = envelope["payload"]
    envelope["payload"] = payload[:40] + ("A" if payload[40] != "A" else "B") + payload[41:]
    path.write_bytes(canonical_bytes(envelope))
    said = cli("waive", "approve", "asked.json", "--key", "ada.key")
    assert said.code == ExitCode.INTEGRITY
    assert "asked.json" in said.sentence


def test_a_waiver_that_the_requester_did_not_sign_counts_for_nothing(
    ward: Any, cli: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    """The approver alone cannot make it look as if somebody else had asked."""
    from dataclasses import replace

    from clinigate.gate.record_files import sign_record

    ward.sealed(right=300)
    ask()
    payload = json.loads(Path("asked.json").read_bytes())["payload"]
    import base64

    record = decode_record(base64.b64decode(payload))
    alone = replace(record, signers=record.signers[1:])
    Path("alone.dsse.json").write_bytes(canonical_bytes(sign_record(alone, [ward.keys["ada"]])))
    said = cli("gate", "--record", "alone.dsse.json", secret=None)
    assert said.code == ExitCode.NOT_PASSED
    assert "Cy Developer, who asked, has not signed it" in said.out
    assert begin_record(record, ward.keys["cy"])["payload"] == payload


def test_a_stricter_policy_ends_a_longer_waiver(
    ward: Any, cli: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    ward.sealed(right=300)
    ask(until=day(60))
    cli("waive", "approve", "asked.json", "--key", "ada.key")
    assert cli("gate", secret=None).code == ExitCode.OK
    ward.policy("max_waiver_days = 90", "max_waiver_days = 30")
    said = cli("gate", secret=None)
    assert said.code == ExitCode.NOT_PASSED
    assert "longer than the 30 days of production" in said.out


def test_a_waiver_that_was_taken_away_or_edited_is_seen(
    ward: Any, cli: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    bundle = ward.sealed(right=300)
    ask()
    cli("waive", "approve", "asked.json", "--key", "ada.key")
    (path,) = (bundle.path / "records").iterdir()
    data = path.read_bytes()
    path.unlink()
    gone = cli("gate", secret=None)
    assert gone.code == ExitCode.NOT_PASSED
    assert f"records/{path.name}: the ledger announces it" in gone.out
    path.write_bytes(data.replace(b'"sig":"', b'"sig":"A', 1))
    edited = cli("gate", secret=None)
    assert edited.code == ExitCode.NOT_PASSED
    assert f"records/{path.name}" in edited.out
