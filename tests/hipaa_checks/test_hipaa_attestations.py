"""Attestations: who says what of which clause, until when, on which document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.config.hipaa import HipaaTable
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError
from clinigate.hipaa.attestations import LONGEST_DAYS, read_attestations, read_book
from clinigate.hipaa.named import NAMED
from clinigate.hipaa.premises import Premises

TODAY = date(2026, 11, 22)
UNSIGNED = 'unsigned = "what a signature needs is tried elsewhere"\n'
OFFICER = """\
[[attestation]]
control = "164.308(a)(2)"
statement = "Our security official is named in the register."
attested_by = { name = "Ann Example", role = "chief executive" }
date = 2026-11-01
valid_until = 2027-10-31
"""


def premises(folder: Path, text: str | None, *, today: date = TODAY) -> Premises:
    if text is not None:
        (folder / "hipaa-attestations.toml").write_text(UNSIGNED + text, encoding="utf-8")
    return Premises(HipaaTable(), folder, None, {}, today)


def test_a_fresh_word_of_a_named_person_passes(tmp_path: Path, see: Callable[..., Any]) -> None:
    assert see("security_officer", premises(tmp_path, OFFICER)).status is Status.PASS


@pytest.mark.parametrize(
    ("text", "today", "told"),
    [
        (None, TODAY, "nobody attests 164.308(a)(2) (Assigned security responsibility); write"),
        ("", TODAY, "nobody attests 164.308(a)(2)"),
        (OFFICER, date(2027, 11, 1), "is stale since 2027-10-31"),
        (OFFICER, date(2026, 10, 1), "is dated 2026-11-01, in the future"),
    ],
)
def test_what_nobody_says_today_is_not_assessed(
    tmp_path: Path, see: Callable[..., Any], text: str | None, today: date, told: str
) -> None:
    seen = see("security_officer", premises(tmp_path, text, today=today))
    assert seen.status is Status.NOT_ASSESSED
    assert told in seen.reason


def test_one_of_two_clauses_is_not_both(tmp_path: Path, see: Callable[..., Any]) -> None:
    one = OFFICER.replace("164.308(a)(2)", "164.310(b)")
    seen = see("workstation_controls", premises(tmp_path, one))
    assert seen.status is Status.NOT_ASSESSED
    assert "nobody attests 164.310(c)" in seen.reason
    both = one + one.replace("164.310(b)", "164.310(c)")
    assert see("workstation_controls", premises(tmp_path, both)).status is Status.PASS


def test_a_document_must_be_the_one_that_was_attested(
    tmp_path: Path, see: Callable[..., Any]
) -> None:
    document = tmp_path / "policy.pdf"
    document.write_bytes(b"one")
    digest = hashlib.sha256(b"one").hexdigest()
    at = premises(tmp_path, f'{OFFICER}document = "policy.pdf"\nsha256 = "{digest}"\n')
    assert see("security_officer", at).status is Status.PASS
    document.write_bytes(b"another")
    seen = see("security_officer", at)
    assert seen.status is Status.FAIL
    assert seen.findings == [
        (
            "164.308(a)(2)",
            "the document policy.pdf is not the one that was attested: its digest has changed",
        )
    ]
    document.unlink()
    assert see("security_officer", at).status is Status.FAIL


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("164.308(a)(2)", "164.308(a)(99)", "no catalogue knows the control"),
        ("2027-10-31", "2028-10-31", "more than 366 days after date"),
        ("2027-10-31", "2026-10-01", "valid_until lies before date"),
        ('role = "chief executive"', 'role = ""', "attested_by.role"),
        ("statement =", "statment =", "did you mean 'statement'"),
        ("date = 2026-11-01\n", "", "'attestation.0.date' is missing"),
        ("date = 2026-11-01\n", "date = 2026-11-01\nsha256 = 'abc'\n", "64 lower-case hex"),
        (
            "date = 2026-11-01\n",
            f"date = 2026-11-01\nsha256 = '{'a' * 64}'\n",
            "without the document",
        ),
        ("[[attestation]]", "[[attestation", "is not TOML"),
    ],
)
def test_a_malformed_file_is_an_error_that_says_where(
    tmp_path: Path, see: Callable[..., Any], old: str, new: str, told: str
) -> None:
    assert old in OFFICER
    seen = see("security_officer", premises(tmp_path, OFFICER.replace(old, new)))
    assert seen.status is Status.ERROR
    assert "hipaa-attestations.toml" in seen.reason
    assert told in seen.reason


def test_a_clause_is_attested_once(tmp_path: Path) -> None:
    file = tmp_path / "attestations.toml"
    file.write_text(OFFICER + OFFICER)
    with pytest.raises(ConfigError, match="attested twice"):
        read_attestations(file)


@given(st.integers(-800, 800), st.integers(0, LONGEST_DAYS))
def test_a_word_counts_from_its_date_to_its_end_and_no_day_longer(
    tmp_path_factory: pytest.TempPathFactory, since: int, days: int
) -> None:
    made = TODAY - timedelta(days=since)
    end = made + timedelta(days=days)
    file = tmp_path_factory.mktemp("attested") / "a.toml"
    text = OFFICER.replace("2026-11-01", str(made)).replace("2027-10-31", str(end))
    file.write_text(UNSIGNED + text)
    state = read_book(file).state_of("164.308(a)(2)", today=TODAY)
    assert (state.open_reason is None) is (made <= TODAY <= end)


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("audit.toml", "[audit]\ndays = 2192\n", Status.PASS),
        ("audit.yaml", "audit:\n  days: 3000\n", Status.PASS),
        ("audit.json", '{"audit": {"days": 365}}', Status.FAIL),
        ("audit.json", '{"audit": {"days": "long"}}', Status.ERROR),
        ("audit.json", '{"audit": ', Status.ERROR),
        ("audit.json", None, Status.ERROR),
    ],
)
def test_a_setting_of_retention(
    tmp_path: Path, see: Callable[..., Any], name: str, text: str | None, status: Status
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    table = HipaaTable.model_validate({"retention": {"file": name, "key": "audit.days"}})
    seen = see("data_retention", Premises(table, tmp_path, None, {}, TODAY))
    assert seen.status is status
    assert status is not Status.FAIL or "for 365 days; six years are 2192" in seen.findings[0][1]


def test_every_named_test_speaks_to_clauses_that_exist() -> None:
    from clinigate.controls import load_catalogue

    for named in NAMED.values():
        assert named.controls
        assert all(control in load_catalogue() for control in named.controls)
