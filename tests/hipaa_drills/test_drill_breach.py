"""A breach is played through: exactly those whose values got out are found by the audit log."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import ConfigError
from clinigate.hipaa.drills.breach import Plan, play
from clinigate.hipaa.drills.deadlines import Breach
from clinigate.hipaa.drills.named import BREACH
from clinigate.hipaa.drills.papers import breach_page, breach_record
from clinigate.hipaa.premises import withheld_from
from clinigate.reference.launch import Connection, running

PLAN = Plan("clinician_north", leaked=2, spared=2)
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

#: Prints the audit log, a row of which is not what it was.
_PRINTS = """\
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
who = ("clinician.north", "patient.read")
read = [row for row in rows if (row["actor"], row["action"]) == who]
{change}
for row in rows: print(json.dumps(row))
"""


def doctored(service: Connection, change: str) -> dict[str, Any]:
    """`[hipaa.audit]` of a log as it would be if the service did this to it."""
    program = _PRINTS.replace("{change}", change)
    words = [sys.executable, "-c", program, str(service.audit_log)]
    return {"audit": {"command": words, "request": "request", "patient": "patient"}}


def test_exactly_the_affected_are_found(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    with premises_of(caring, tmp_path) as premises:
        played = play(BREACH, premises, PLAN)
    assert len(played.got_out) == 2
    assert played.affected == played.got_out
    # The decoy, two who got out, two who did not, and one of another facility who was refused.
    assert (played.tally.tried, played.tally.broken, played.tally.untried) == (6, [], [])
    assert played.seen.actor == "clinician.north"
    assert "mrn" in played.seen.kinds
    assert "ssn" not in played.seen.kinds
    assert played.seen.first is not None


def test_synthetic_patients_are_gone_afterwards(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    with premises_of(caring, tmp_path) as premises:
        played = play(BREACH, premises, PLAN)
        assert not [each for each in played.tally.remarks if "stays" in each or "removed" in each]


def test_an_access_that_is_missing_from_the_log_fails_the_drill(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    every_other = "rows = [row for row in rows if row not in read[1::2]]"
    with premises_of(caring, tmp_path, **doctored(caring, every_other)) as premises:
        played = play(BREACH, premises, Plan("clinician_north", actor="clinician.north"))
    assert played.missed
    assert not played.in_vain
    assert {message for _, message in played.tally.broken} == {
        "their record got out, and the audit log does not name them"
    }


def test_reads_that_the_service_leaves_out_of_its_log_fail_the_drill(
    premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    """The decoy, two who got out: the third of them is the fourth read of the session."""
    with (
        running(care=True, defect="reads-unseen") as service,
        premises_of(service, tmp_path) as premises,
    ):
        played = play(BREACH, premises, Plan("clinician_north"))
    assert (len(played.got_out), len(played.affected), len(played.missed)) == (3, 2, 1)
    assert not played.in_vain


def test_a_log_that_does_not_say_whose_record_it_was_names_nobody(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    blank = "for row in rows: row['patient'] = None"
    with premises_of(caring, tmp_path, **doctored(caring, blank)) as premises:
        played = play(BREACH, premises, PLAN)
    assert not played.affected
    assert len(played.missed) == 2


def test_whoever_is_named_in_vain_fails_the_drill_too(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    blurred = "for row in rows: row['actor'] = 'somebody'"
    with premises_of(caring, tmp_path, **doctored(caring, blurred)) as premises:
        played = play(BREACH, premises, PLAN)
    assert len(played.in_vain) >= 2
    assert not played.missed


def test_a_role_that_is_refused_shows_nothing(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    with premises_of(caring, tmp_path) as premises:
        played = play(BREACH, premises, Plan("auditor", leaked=1, spared=1))
    assert played.tally.tried == 0
    assert "auditor is refused" in played.tally.untried[-1]


def test_who_is_served_without_a_value_to_know_them_by_decides_nothing(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    """Reading the notes shows none of what the drill looks for."""
    with premises_of(caring, tmp_path) as premises:
        patients = premises.table.patients
        notes = patients.read.model_copy(update={"path": "/v1/patients/{{patient}}/notes"})
        table = premises.table.model_copy(
            update={"patients": patients.model_copy(update={"read": notes})}
        )
        played = play(BREACH, replace(premises, table=table), PLAN)
    assert played.tally.tried == 0
    assert sum("no value of theirs" in each for each in played.tally.untried) == 2


@pytest.mark.parametrize(
    ("audit", "told"),
    [
        ({}, r"\[hipaa.audit\] file or command"),
        ({"file": "audit.jsonl"}, r"\[hipaa.audit\] patient"),
    ],
)
def test_a_log_that_cannot_tell_is_asked_for(
    caring: Connection,
    premises_of: Callable[..., Any],
    tmp_path: Path,
    audit: dict[str, Any],
    told: str,
) -> None:
    with (
        premises_of(caring, tmp_path, audit=audit) as premises,
        pytest.raises(ConfigError, match=told),
    ):
        play(BREACH, premises, PLAN)


def test_it_is_not_played_where_patients_are_served(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    with premises_of(caring, tmp_path, safety={"production": True}) as premises:
        assert "patients are served" in str(withheld_from(BREACH, premises))


def test_the_record_holds_what_people_need_and_no_value_of_a_patient(
    caring: Connection, premises_of: Callable[..., Any], tmp_path: Path
) -> None:
    with premises_of(caring, tmp_path) as premises:
        played = play(BREACH, premises, PLAN)
    breach = Breach(AT, 700, {"CA": 620})
    record = breach_record(played, breach, system="s", run="r", ended=AT)
    assert record["agrees"] is True
    assert [each["clause"] for each in record["worksheet"]] == [
        "164.402(2)(i)", "164.402(2)(ii)", "164.402(2)(iii)", "164.402(2)(iv)",
    ]  # fmt: skip
    page = breach_page(record)
    assert "| 164.406 | prominent media of CA | 2027-01-21 |" in page
    assert "@example.com" not in page + str(record)
