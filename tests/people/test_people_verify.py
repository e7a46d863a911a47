"""`clinigate verify` says of each signature what it was worth then, and is worth now."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.evidence.trust_file import ended_key

SIGN = ("sign", "--meaning", "review", "--reason", "read", "--key", "ada.key")


@pytest.fixture
def signed(ward: Any, cli: Callable[..., Any]) -> Path:
    """A sealed run that Ada has signed; the path of her record."""
    bundle = ward.sealed()
    assert cli(*SIGN).code == ExitCode.OK
    (path,) = (bundle.path / "records").iterdir()
    return Path(path)


def end(ward: Any, name: str, field: str, at: datetime) -> None:
    path = ward.folder / "trust.toml"
    path.write_text(ended_key(ward.trust.get(ward.keys[name].keyid), field, at)(path.read_text()))


def told(cli: Callable[..., Any], code: ExitCode = ExitCode.OK) -> Any:
    said = cli("verify", "--json", secret=None)
    assert said.code == code, said
    return json.loads(said.out)


def test_what_counts_counted_then_and_counts_now(cli: Callable[..., Any], signed: Path) -> None:
    found = told(cli)
    (sealer,) = found["standings"]
    assert (sealer["name"], sealer["then"], sealer["now"], sealer["refused"]) == (
        "CI", None, None, None,
    )  # fmt: skip
    (record,) = found["records"]
    assert (record["then"], record["now"], record["broken"]) == (None, None, False)
    assert record["title"] == "sign-off (review) by Ada Officer"
    shown = cli("verify", secret=None).out
    assert f"records/{signed.name}: sign-off (review) by Ada Officer: counts now" in shown
    assert "the key counted then, and counts now" in shown


def test_a_key_that_ended_since_counted_then(
    ward: Any, cli: Callable[..., Any], signed: Path
) -> None:
    """Both signatures go on to count; that the keys sign no more is told."""
    ahead = datetime.now(UTC) - timedelta(microseconds=1)
    end(ward, "ci", "not_after", ahead)
    end(ward, "ada", "not_after", ahead)
    found = told(cli)
    for each in (found["standings"][0], found["records"][0]["signers"][0]):
        assert each["then"] is None
        assert "is not valid from" in each["now"]
        assert each["refused"] is None


def test_a_revoked_key_counted_then_by_its_own_word_alone(
    ward: Any, cli: Callable[..., Any], signed: Path
) -> None:
    end(ward, "ci", "revoked_at", datetime.now(UTC))
    (sealer,) = told(cli, ExitCode.INTEGRITY)["standings"]
    assert sealer["then"] is None
    assert not sealer["time_proven"]
    assert "was revoked" in sealer["now"]
    assert "was revoked" in sealer["refused"]


def test_a_record_of_somebody_unknown_is_told_and_breaks_nothing(
    ward: Any, cli: Callable[..., Any], signed: Path
) -> None:
    path = ward.folder / "trust.toml"
    before, ada, after = path.read_text().partition('\n[[key]]\nname = "Ada')
    path.write_text(before + "\n[[key]]" + after.partition("[[key]]")[2])
    assert ada
    (record,) = told(cli)["records"]
    assert "foreign" in record["then"]
    assert not record["broken"]


@pytest.mark.parametrize("part", ["payload", "sig", "keyid", "payloadType", "tail", "gone"])
def test_an_edited_record_is_broken_and_named(
    cli: Callable[..., Any], signed: Path, part: str
) -> None:
    data = signed.read_bytes()
    match part:
        case "gone":
            signed.unlink()
        case "tail":
            signed.write_bytes(data + b"\n")
        case _:
            place = data.index(f'"{part}":"'.encode()) + len(part) + 24
            other = b"0" if data[place : place + 1] != b"0" else b"1"
            signed.write_bytes(data[:place] + other + data[place + 1 :])
    said = cli("verify", secret=None)
    assert said.code == ExitCode.INTEGRITY
    assert f"records/{signed.name}" in said.sentence
