"""How the reference service keeps records of care: sealed, once, in versions, backed up."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import EvidenceError, IntegrityError, UsageError
from clinigate.reference.care.audit_table import AuditTable
from clinigate.reference.care.backups import (
    ASKED,
    EVERY_S,
    FOLDER,
    SCHEDULED,
    Backups,
    opened_backup,
)
from clinigate.reference.care.base import Base
from clinigate.reference.care.care import open_care
from clinigate.reference.care.once import Once, Reused
from clinigate.reference.care.patients import Patients
from clinigate.reference.care.restore import restore
from clinigate.reference.care.sealing import RecordSealer
from clinigate.reference.defect import CLEAN, Defect
from clinigate.reference.lapses import records
from clinigate.reference.launch import Connection
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.records.sealing import Sealer
from clinigate.reference.web.care import care_routes

KEY = bytes(range(32))
SEALER = RecordSealer(Sealer(KEY, "the test"))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Base]:
    made = Base(tmp_path / "care.db")
    yield made
    made.close()


@pytest.fixture
def client(clean: Connection) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {clean.token()}"}
    trust = ssl.create_default_context(cafile=str(clean.ca_file))
    with httpx.Client(base_url=clean.base_url, verify=trust, headers=headers) as opened:
        yield opened


@given(st.binary(), st.text(), st.text())
def test_what_is_sealed_opens_for_its_row_and_column_alone(
    clear: bytes, row: str, column: str
) -> None:
    sealed = SEALER.seal(clear, row, column)
    assert sealed.startswith(b"A256GCM.")
    assert SEALER.open(sealed, row, column) == clear
    assert SEALER.seal(clear, row, column) != sealed
    with pytest.raises(IntegrityError):
        SEALER.open(sealed, row + "x", column)


@given(st.binary(max_size=40), st.integers(min_value=0))
def test_any_bit_that_is_flipped_shows(clear: bytes, at: int) -> None:
    sealed = bytearray(SEALER.seal(clear, "row", "column"))
    sealed[at % len(sealed)] ^= 1 << at % 8
    with pytest.raises(IntegrityError):
        SEALER.open(bytes(sealed), "row", "column")


def test_records_of_before_open_though_the_length_of_keys_has_changed() -> None:
    short = RecordSealer(Sealer(KEY, "the test"), records.SHORT_KEY)
    sealed = short.seal(b"clear", "row", "column")
    assert sealed.startswith(b"A128GCM.")
    assert SEALER.open(sealed, "row", "column") == b"clear"


def test_a_write_is_carried_out_once_for_each_who_and_key(base: Base) -> None:
    done: list[int] = []

    def do() -> dict[str, Any]:
        done.append(len(done))
        return {"id": done[-1]}

    once = Once(base, SEALER, CLEAN)
    said = {"text": "a"}
    asked = [("ann", "1"), ("ann", "1"), ("bob", "1"), ("ann", "2"), ("ann", None), ("ann", None)]
    found = [once.answer(who, nonce, said, do)["id"] for who, nonce in asked]
    assert found == [0, 0, 1, 2, 3, 4]
    with pytest.raises(Reused):
        once.answer("ann", "1", {"text": "b"}, do)
    assert len(done) == 5


def test_a_write_that_fails_leaves_no_key_behind(base: Base) -> None:
    once = Once(base, SEALER, CLEAN)

    def fails() -> dict[str, Any]:
        raise UsageError("no")

    with pytest.raises(UsageError):
        once.answer("ann", "1", {}, fails)
    assert once.answer("ann", "1", {}, lambda: {"id": 1}) == {"id": 1}


@pytest.mark.parametrize(("fault", "stays"), [(CLEAN, True), (records.EDITABLE_AUDIT, False)])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT seq, at, 'x', action, outcome, '', '' FROM audit",
    ],
)
def test_audit_rows_stay_as_they_are(base: Base, fault: Defect, stays: bool, sql: str) -> None:
    table = AuditTable(base, fault)
    for at in (1.0, 2.0):
        table.append(AuditEvent("ann", "read", "ok", request="r", patient="p"), at=at)
    before = base.rows("SELECT * FROM audit ORDER BY seq")
    assert before == [
        (1, 1.0, "ann", "read", "ok", "r", "p"),
        (2, 2.0, "ann", "read", "ok", "r", "p"),
    ]
    if stays:
        with pytest.raises(EvidenceError):
            base.run(sql)
    else:
        base.run(sql)
    assert (base.rows("SELECT * FROM audit ORDER BY seq") == before) is stays


@pytest.fixture
def patients(base: Base) -> Patients:
    found = Patients(base, Sealer(KEY, "the test"), clock=lambda: 1.5)
    made = found.add("north", {"family_name": "Example"})
    found.add_note(made.id, "therapeutic", "ann", "A note.")
    return found


def test_a_backup_is_an_exact_copy_that_nobody_reads(
    base: Base, patients: Patients, tmp_path: Path
) -> None:
    backups = Backups(tmp_path / "b", base, patients, fault=CLEAN, clock=lambda: 10.0)
    told = backups.make(ASKED)
    assert told == {"name": "000000000010000.backup", "tables": {"notes": 1, "patients": 1}}
    path = tmp_path / "b" / ASKED / "000000000010000.backup"
    assert b"Example" not in path.read_bytes()
    assert restore(path, tmp_path / "new.db", key=KEY) == 2
    copy = Base(tmp_path / "new.db")
    for table in ("patients", "notes"):
        assert copy.rows(f"SELECT * FROM {table}") == base.rows(f"SELECT * FROM {table}")
    copy.close()
    with pytest.raises(UsageError, match="not empty"):
        restore(path, tmp_path / "new.db", key=KEY)
    with pytest.raises(UsageError, match="give a file"):
        restore(path, None, key=KEY)
    with pytest.raises(IntegrityError):
        restore(path, tmp_path / "other.db", key=bytes(32))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError):
        opened_backup(path, patients.sealer)


def test_the_schedule_makes_backups_and_keeps_the_newest(
    base: Base, patients: Patients, tmp_path: Path
) -> None:
    now = [1.0]
    backups = Backups(tmp_path, base, patients, fault=CLEAN, clock=lambda: now[0])
    for hours in range(1, 6):
        now[0] = 1.0 + hours * EVERY_S
        backups.on_schedule()
        backups.on_schedule()
    names = sorted(path.name for path in (tmp_path / SCHEDULED).iterdir())
    assert names == [f"{int((1.0 + hours * EVERY_S) * 1000):015d}.backup" for hours in (3, 4, 5)]


def test_a_key_of_a_write_stands_for_one_write(client: httpx.Client) -> None:
    body = {"facility": "north", "family_name": "Example"}
    key = {"Idempotency-Key": "one"}
    first, again = (client.post("/v1/patients", json=body, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"] == '"1"'
    other = client.post("/v1/patients", json={**body, "family_name": "Other"}, headers=key)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")
    assert client.get("/v1/encryption").json() == {"algorithm": "AES-256-GCM", "key_bits": 256}


def test_accesses_to_charts_are_rows_of_the_table(
    clean: Connection, client: httpx.Client, at_clean: Callable[..., Any]
) -> None:
    from clinigate.hipaa.probes.records.store import linked

    made = client.post("/v1/patients", json={"facility": "north", "family_name": "Example"})
    patient = made.json()["id"]
    client.get(f"/v1/patients/{patient}")
    client.put(f"/v1/patients/{patient}", json={"given_name": "Ann"}, headers={"If-Match": "7"})
    client.delete(f"/v1/patients/{patient}")
    with at_clean() as premises, linked(premises) as link:
        rows = link.rows(
            "SELECT action, outcome FROM audit WHERE patient = ? ORDER BY seq", patient
        )
    assert rows == [
        ("patient.create", "ok"),
        ("patient.read", "ok"),
        ("patient.change", "changed_meanwhile"),
        ("patient.remove", "ok"),
    ]
    assert json.loads(clean.audit_log.read_bytes().splitlines()[-1])["action"] == "patient.remove"


def test_the_first_backup_holds_every_table(tmp_path: Path) -> None:
    """It is made once every slice has defined its tables, and asking for the routes makes none."""
    care = open_care(tmp_path, key=KEY, fault=CLEAN, clock=time.time)
    try:
        assert care_routes(care) is care_routes(care)
        (made,) = (tmp_path / FOLDER / SCHEDULED).iterdir()
        tables = {each["table"] for each in opened_backup(made, care.patients.sealer)}
        assert tables == care.base.tables().keys()
    finally:
        care.close()
