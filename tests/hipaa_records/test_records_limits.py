"""What cannot be tried is never a pass: each probe says why, and what to configure."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.records.doing import PROBES

NOT_ASSESSED, INCONCLUSIVE = Status.NOT_ASSESSED, Status.INCONCLUSIVE
ERROR, FAIL, PASS = Status.ERROR, Status.FAIL, Status.PASS

Open = Callable[..., Any]

#: What is said where `[hipaa.records]` is empty.
WITHOUT = {
    "backup_encryption": (NOT_ASSESSED, "give [hipaa.records.backup] places"),
    "encryption_strength": (NOT_ASSESSED, "say in [hipaa.records.sealing] who tells"),
    "ciphertext_freshness": (NOT_ASSESSED, "give [hipaa.records.store] with table"),
    "lost_update": (PASS, ""),
    "replay": (NOT_ASSESSED, "give [hipaa.records.replay] write and read"),
    "bit_flip": (NOT_ASSESSED, "give [hipaa.records.store] with table"),
    "audit_append_only": (NOT_ASSESSED, "give [hipaa.records.store] with audit"),
    "audit_rows": (INCONCLUSIVE, "give [hipaa.records] denied_role"),
    "backup_plan": (NOT_ASSESSED, "name in [hipaa.records.backup] places"),
}


@pytest.mark.parametrize("name", PROBES)
def test_without_its_tables(name: str, at_clean: Open, see: Any) -> None:
    status, reason = WITHOUT[name]
    with at_clean(records={}) as premises:
        seen = see(name, premises)
    assert (seen.status, seen.findings) == (status, [])
    assert reason in seen.reason


@pytest.mark.parametrize("name", PROBES)
def test_without_patients_or_where_patients_are_served(name: str, at_clean: Open, see: Any) -> None:
    with at_clean(patients=None) as premises:
        seen = see(name, premises)
        assert seen.status is NOT_ASSESSED
        assert "[hipaa.patients]" in seen.reason
    with at_clean(safety={"production": True}) as premises:
        assert see(name, premises).status is NOT_ASSESSED


def test_a_record_is_altered_for_who_asks_for_it_alone(at_clean: Open, see: Any) -> None:
    with at_clean() as premises:
        seen = see("bit_flip", replace(premises, allow_destructive=False))
    assert seen.status is NOT_ASSESSED
    assert "--allow-destructive" in seen.reason


@pytest.mark.parametrize("name", PROBES)
def test_a_service_that_writes_no_patient(
    name: str, at_clean: Open, see: Any, records_of: Any, clean: Any
) -> None:
    with at_clean() as premises:
        patients = premises.table.patients.model_dump(exclude_none=True)
    patients["create"]["path"] = "/v1/nowhere"
    with at_clean(patients=patients) as premises:
        seen = see(name, premises)
    assert seen.status is ERROR
    assert "POST /v1/nowhere" in seen.reason
    assert "404" in seen.reason


@pytest.mark.parametrize(
    ("store", "reason"),
    [
        ({"sqlite": "none.db"}, "none.db is no file"),
        ({"sqlite": "other.db"}, "0 rows in place of 1"),
        ({"table": "nobody"}, "mend them"),
        ({"sealed": ["version"]}, "version holds no 16 bytes of ciphertext"),
        ({"sqlite": None, "dsn_env": "NOWHERE"}, "does not let us in"),
        ({"sqlite": None, "dsn_env": "UNSET"}, "UNSET"),
        ({"sqlite": None}, "give sqlite or dsn_env"),
    ],
)
def test_a_store_that_is_not_the_one(
    store: dict[str, Any], reason: str, at_clean: Open, see: Any, records_of: Any, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE patients (id, sealed)")
    records = records_of(store=records_of()["store"] | store)
    environ = {"NOWHERE": "postgresql://somebody:hunter2@127.0.0.1:9/x"}
    with at_clean(records=records, environ=environ) as premises:
        seen = see("bit_flip", premises)
    assert (seen.status, seen.findings) == (ERROR, [])
    assert reason in seen.reason
    assert "hunter2" not in seen.reason


def test_an_audit_table_that_says_nothing(
    at_clean: Open, see: Any, records_of: Any, tmp_path: Path
) -> None:
    """No rows, or values that do not fit: neither shows whether rows can be changed."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE none (who TEXT)")
        other.execute("CREATE TABLE tight (who TEXT CHECK (who = 'ann'))")
        other.execute("INSERT INTO tight VALUES ('ann')")
    said = {}
    for table in ("none", "tight", "missing"):
        store = {"sqlite": "other.db", "table": "patients", "audit": table}
        with at_clean(records=records_of(store=store)) as premises:
            said[table] = see("audit_append_only", premises)
    assert said["none"].status is NOT_ASSESSED
    assert "none has no rows" in said["none"].reason
    assert said["missing"].status is ERROR
    assert said["tight"].status is FAIL
    assert "UPDATE of tight; no column takes another value" in said["tight"].reason


def test_a_safeguard_of_some_columns_is_none(
    at_clean: Open, see: Any, records_of: Any, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE rows (seq INTEGER PRIMARY KEY, who TEXT, at REAL)")
        other.execute("INSERT INTO rows VALUES (1, 'ann', 1.5)")
        for name, event in (("a", "UPDATE OF who"), ("b", "DELETE")):
            other.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON rows "
                "BEGIN SELECT RAISE(ABORT, 'rows stay'); END"
            )
    store = {"sqlite": "other.db", "table": "patients", "audit": "rows"}
    with at_clean(records=records_of(store=store)) as premises:
        seen = see("audit_append_only", premises)
    assert seen.findings == [
        "rows.seq: takes an UPDATE of its rows",
        "rows.at: takes an UPDATE of its rows",
        "rows: takes a row that is put over another one",
    ]


def test_rows_that_nobody_tells(at_clean: Open, see: Any) -> None:
    with at_clean() as premises:
        audit = premises.table.audit.model_dump(exclude_none=True)
    with at_clean(audit={}) as premises:
        assert see("audit_rows", premises).status is NOT_ASSESSED
    with at_clean(audit={**audit, "file": "none.jsonl"}) as premises:
        assert see("audit_rows", premises).status is ERROR
    del audit["patient"]
    with at_clean(audit=audit) as premises:
        seen = see("audit_rows", premises)
    assert seen.status is INCONCLUSIVE
    assert "[hipaa.audit] patient" in seen.reason


def test_somebody_who_is_not_refused_shows_no_refusal(
    at_clean: Open, see: Any, records_of: Any
) -> None:
    with at_clean(records=records_of(denied_role="clinician_north")) as premises:
        seen = see("audit_rows", premises)
    assert seen.status is INCONCLUSIVE
    assert "name somebody in denied_role who may not" in seen.reason
    with at_clean(records=records_of(denied_role="stranger")) as premises:
        seen = see("audit_rows", premises)
    assert seen.status is ERROR
    assert "[hipaa.roles.stranger] is missing" in seen.reason


FAILS = [sys.executable, "-c", "raise SystemExit(1)", "{backup}"]
NOTHING = [sys.executable, "-c", "", "{backup}"]


@pytest.mark.parametrize(
    ("backup", "status", "reason"),
    [
        ({"restore": FAILS}, FAIL, "the backup cannot be restored"),
        ({"restore": NOTHING}, ERROR, "leaves no file at {into}"),
        ({"restore": ["no-such-program", "{backup}"]}, ERROR, "no program 'no-such-program'"),
        ({"restore": []}, INCONCLUSIVE, "give [hipaa.records.backup] restore"),
        ({"places": ["nowhere"]}, ERROR, "nowhere is neither a file nor a folder"),
        ({"scheduled": ["empty"]}, FAIL, "no backup lies where the schedule makes them"),
        ({"places": ["empty"]}, INCONCLUSIVE, "no backup appears"),
        ({"make": {"path": "/v1/nowhere"}}, ERROR, "POST /v1/nowhere: answers 404"),
        ({"make": None, "make_command": FAILS}, ERROR, "ends with 1, not 0"),
    ],
)
def test_a_backup_that_cannot_be_looked_at(
    backup: dict[str, Any],
    status: Status,
    reason: str,
    at_clean: Open,
    see: Any,
    records_of: Any,
    tmp_path: Path,
) -> None:
    (tmp_path / "empty").mkdir()
    records = records_of(backup=records_of()["backup"] | backup)
    with at_clean(records=records) as premises:
        seen = see("backup_plan", premises)
    assert seen.status is status
    assert reason in "; ".join([seen.reason, *seen.findings])


def test_a_backup_of_another_store_differs(
    at_clean: Open, see: Any, records_of: Any, tmp_path: Path
) -> None:
    """What is restored has other rows, fewer rows, and not every table."""
    program = (
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[2]); "
        "d.execute('CREATE TABLE people (login)'); "
        "d.execute('CREATE TABLE once (who, nonce, said, answer)'); "
        "d.execute('INSERT INTO once VALUES (1, 2, 3, 4)'); d.commit()"
    )
    restore = [sys.executable, "-c", program, "{backup}", "{into}"]
    records = records_of(backup=records_of()["backup"] | {"restore": restore})
    with at_clean(records=records) as premises:
        found = set(see("backup_plan", premises).findings)
    assert "patients: the backup lacks the table" in found
    assert any(each.startswith("people: restored with 0 rows of ") for each in found)
    assert any(each.startswith("once: restored with ") for each in found)


@pytest.mark.parametrize(("head", "name"), [("BZh91AY", "bzip2"), ("PK\\x03\\x04", "zip")])
def test_a_backup_in_another_packing_is_not_searched(
    head: str, name: str, at_clean: Open, see: Any, records_of: Any, tmp_path: Path
) -> None:
    program = f"open('out/b', 'wb').write(b'{head}')"
    (tmp_path / "out").mkdir()
    backup = {"places": ["out"], "make_command": [sys.executable, "-c", program]}
    with at_clean(records=records_of(backup=backup)) as premises:
        seen = see("backup_encryption", premises)
    assert seen.status is INCONCLUSIVE
    assert f"b; it is packed by {name}, which is not searched" in seen.reason
    with at_clean(records=records_of(backup=backup)) as premises:
        seen = see("backup_encryption", premises)
    assert "none appears in [hipaa.records.backup] places" in seen.reason


@pytest.mark.parametrize(
    ("said", "status", "message"),
    [
        ({"algorithm": "AES-256-GCM", "key_bits": 256}, PASS, "the store is not asked"),
        ({"algorithm": "aes-128-cbc"}, FAIL, "keys have 128 bits; 256 are asked for"),
        ({"algorithm": "AES-256-GCM", "key_bits": 128}, FAIL, "tells two lengths of its key"),
        ({"algorithm": "AES-256-ECB"}, FAIL, "names ECB"),
        ({"algorithm": "3DES", "key_bits": 168}, FAIL, "names no AES"),
        ({}, NOT_ASSESSED, "nothing stands at [hipaa.records.sealing] algorithm"),
        ({"algorithm": "AES/GCM/NoPadding"}, INCONCLUSIVE, "the length of the key"),
        ("no object", NOT_ASSESSED, "nothing stands at"),
    ],
)
def test_how_a_file_says_that_records_are_encrypted(
    said: Any, status: Status, message: str, at_clean: Open, see: Any, tmp_path: Path
) -> None:
    (tmp_path / "keys.json").write_text(json.dumps(said))
    with at_clean(records={"sealing": {"file": "keys.json"}}) as premises:
        seen = see("encryption_strength", premises)
    assert seen.status is status
    assert message in "; ".join([seen.reason, *seen.findings])


@pytest.mark.parametrize(
    ("sealing", "status", "reason"),
    [
        ({"file": "none.json"}, ERROR, "No such file"),
        ({"file": "keys.toml"}, ERROR, "gives no JSON, YAML or TOML"),
        ({"command": [sys.executable, "-c", "print('{')"]}, ERROR, "gives no JSON"),
        ({"command": ["no-such-program"]}, ERROR, "no program 'no-such-program'"),
        ({"told": {"path": "/v1/nowhere", "method": "GET"}}, ERROR, "answers 404"),
        ({"query": "SELECT nothing"}, ERROR, "query: the store refuses it"),
        ({"query": "SELECT 1 WHERE 1 = 0"}, NOT_ASSESSED, "the query finds no record"),
        ({"query": "SELECT 'A256GCM'"}, PASS, ""),
    ],
)
def test_a_source_that_does_not_say_it(
    sealing: dict[str, Any],
    status: Status,
    reason: str,
    at_clean: Open,
    see: Any,
    records_of: Any,
    tmp_path: Path,
) -> None:
    (tmp_path / "keys.toml").write_text("= nothing")
    with at_clean(records=records_of(sealing=sealing)) as premises:
        seen = see("encryption_strength", premises)
    assert seen.status is status
    assert reason in seen.reason


def test_a_change_or_a_write_that_does_nothing(at_clean: Open, see: Any, records_of: Any) -> None:
    with at_clean() as premises:
        patients = premises.table.patients.model_dump(exclude_none=True)
    with at_clean(patients=patients | {"changed": "given_name"}) as premises:
        seen = see("lost_update", premises)
    assert seen.status is ERROR
    assert "mend it, or changed" in seen.reason
    del patients["version_header"]
    with at_clean(patients=patients) as premises:
        assert see("lost_update", premises).status is NOT_ASSESSED
    replay = records_of()["replay"]
    blind = replay | {"read": replay["read"] | {"answer": "nothing"}}
    with at_clean(records=records_of(replay=blind)) as premises:
        seen = see("replay", premises)
    assert seen.status is ERROR
    assert "answer is no list" in seen.reason


def test_times_that_are_old_or_ahead_are_found(
    at_clean: Open, see: Any, records_of: Any, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "backup").write_bytes(b"sealed")
    os.utime(tmp_path / "old" / "backup", (1, 1))
    records = records_of(backup={"places": ["old"], "rpo_s": 60})
    with at_clean(records=records) as premises:
        seen = see("backup_plan", premises)
    assert seen.status is FAIL
    assert "s old; 60 s are the most" in seen.findings[0]
    ahead = time.time() + 3600
    os.utime(tmp_path / "old" / "backup", (ahead, ahead))
    with at_clean(records=records) as premises:
        seen = see("backup_plan", premises)
    assert (seen.status, seen.findings) == (NOT_ASSESSED, [])
    assert "dated ahead" in seen.reason
