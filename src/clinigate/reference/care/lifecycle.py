"""What comes of a record over its life: entries of several kinds, holds, codes, copies.

All of it goes when its patient goes, whichever way that is: the database sees to it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinigate.reference import lapses
from clinigate.reference.care.base import Base
from clinigate.reference.care.care import Care
from clinigate.reference.records.sealing import Sealer

__all__ = ["Entries", "Entry", "Lifecycle", "Sealed", "lifecycle_of"]

_NAME = "lifecycle"
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, patient TEXT NOT NULL, "
        "kind TEXT NOT NULL, sealed BYTEA NOT NULL, created_at DOUBLE PRECISION NOT NULL, "
        "effective_at DOUBLE PRECISION NOT NULL)"
    ),
    "CREATE TABLE IF NOT EXISTS holds (patient TEXT PRIMARY KEY, sealed BYTEA NOT NULL)",
    "CREATE TABLE IF NOT EXISTS codes (patient TEXT PRIMARY KEY, sealed BYTEA NOT NULL)",
    (
        "CREATE TABLE IF NOT EXISTS copies (id TEXT PRIMARY KEY, patient TEXT NOT NULL, "
        "sealed BYTEA NOT NULL)"
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry in the record of a patient.

    Attributes:
        kind: observation, document, amendment, disclosure or decision. content: as JSON.
        created_at, effective_at: when it came to be and when it was last in effect, in seconds
            since the epoch.
    """

    id: str
    patient: str
    kind: str
    content: Mapping[str, Any]
    created_at: float
    effective_at: float


class Entries:
    """The entries of all patients, sealed."""

    def __init__(self, base: Base, sealer: Sealer, *, clock: Callable[[], float]) -> None:
        self._base, self._sealer, self._clock = base, sealer, clock

    def add(
        self,
        patient: str,
        kind: str,
        content: Mapping[str, Any],
        *,
        created_at: float | None = None,
        effective_at: float | None = None,
    ) -> Entry:
        """Keep a new entry; without a time it is of now, and in effect no longer than it is old."""
        created = self._clock() if created_at is None else created_at
        effective = created if effective_at is None else effective_at
        made = Entry(f"e-{secrets.token_hex(8)}", patient, kind, dict(content), created, effective)
        self._base.run(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)",
            made.id, patient, kind, self._seal(made.id, content), created, effective,
        )  # fmt: skip
        return made

    def get(self, patient: str, kind: str, entry: str) -> Entry | None:
        """Return one entry of a patient.

        Raises:
            IntegrityError: it was altered.
        """
        return next((each for each in self.of(patient, kind) if each.id == entry), None)

    def anywhere(self, kind: str, entry: str) -> Entry | None:
        """Return an entry, whosever it is; raises as `get`."""
        row = self._base.row("SELECT patient FROM entries WHERE id = ?", entry)
        return None if row is None else self.get(row[0], kind, entry)

    def of(self, patient: str, *kinds: str) -> list[Entry]:
        """Return the entries of a patient, of these kinds, oldest first; raises as `get`."""
        rows = self._base.rows(
            "SELECT id, patient, kind, sealed, created_at, effective_at FROM entries "
            "WHERE patient = ? ORDER BY created_at, id",
            patient,
        )
        return [self._entry(*row) for row in rows if row[2] in kinds]

    def change(self, entry: Entry, content: Mapping[str, Any]) -> None:
        """Let an entry say something else."""
        sealed = self._seal(entry.id, content)
        self._base.run("UPDATE entries SET sealed = ? WHERE id = ?", sealed, entry.id)

    def remove_before(self, column: str, moment: float) -> int:
        """Remove documents that came to be, or were last in effect, before a moment."""
        assert column in ("created_at", "effective_at")
        sql = f"DELETE FROM entries WHERE kind = 'document' AND {column} < ?"  # noqa: S608
        return self._base.run(sql, moment)

    def _entry(self, id_: str, patient: str, kind: str, sealed: bytes, *times: float) -> Entry:
        clear = self._sealer.open_field(bytes(sealed), id_, "entry")
        return Entry(id_, patient, kind, json.loads(clear), *times)

    def _seal(self, entry: str, content: Mapping[str, Any]) -> bytes:
        return self._sealer.seal_field(json.dumps(dict(content)).encode(), entry, "entry")


class Sealed:
    """One sealed text for each patient, in a table of its own."""

    def __init__(self, base: Base, sealer: Sealer, table: str) -> None:
        assert table in ("holds", "codes")
        self._base, self._sealer, self._table = base, sealer, table

    def get(self, patient: str) -> str | None:
        """Return it; raises `IntegrityError` where it was altered."""
        row = self._base.row(f"SELECT sealed FROM {self._table} WHERE patient = ?", patient)  # noqa: S608
        if row is None:
            return None
        return self._sealer.open_field(bytes(row[0]), patient, self._table).decode()

    def put(self, patient: str, text: str) -> None:
        """Keep it in place of another."""
        sealed = self._sealer.seal_field(text.encode(), patient, self._table)
        with self._base.transaction():
            self.remove(patient)
            self._base.run(f"INSERT INTO {self._table} VALUES (?, ?)", patient, sealed)  # noqa: S608

    def remove(self, patient: str) -> bool:
        """Forget it; whether there was one."""
        return self._base.run(f"DELETE FROM {self._table} WHERE patient = ?", patient) > 0  # noqa: S608


class Copies:
    """Copies that were made for patients, to be fetched."""

    def __init__(self, base: Base, sealer: Sealer) -> None:
        self._base, self._sealer = base, sealer

    def add(self, patient: str, content: bytes) -> str:
        """Keep a copy and return its id."""
        made = f"c-{secrets.token_hex(8)}"
        sealed = self._sealer.seal_field(content, made, "copy")
        self._base.run("INSERT INTO copies VALUES (?, ?, ?)", made, patient, sealed)
        return made

    def get(self, patient: str, copy: str) -> bytes | None:
        """Return a copy of a patient's record; raises `IntegrityError` where it was altered."""
        row = self._base.row(
            "SELECT sealed FROM copies WHERE id = ? AND patient = ?", copy, patient
        )
        return None if row is None else self._sealer.open_field(bytes(row[0]), copy, "copy")


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What is kept over the life of records. `holds`: reasons why one may not be erased."""

    entries: Entries
    holds: Sealed
    codes: Sealed
    copies: Copies


def lifecycle_of(care: Care) -> Lifecycle:
    """Return what is kept, its tables made where they are not there yet.

    Raises:
        EvidenceError: the database refuses it.
    """
    found = care.state.get(_NAME)
    if isinstance(found, Lifecycle):
        return found
    care.base.define(_SCHEMA)
    tables = ["entries", "holds", "codes", "copies"]
    if care.fault is lapses.lifecycle.INCOMPLETE_ERASURE:
        tables.remove("copies")
    care.base.define(_following(tables, postgres=care.base.is_postgres))
    made = Lifecycle(
        Entries(care.base, care.sealer, clock=care.clock),
        Sealed(care.base, care.sealer, "holds"),
        Sealed(care.base, care.sealer, "codes"),
        Copies(care.base, care.sealer),
    )
    care.state[_NAME] = made
    return made


def _following(tables: Sequence[str], *, postgres: bool) -> tuple[str, ...]:
    """Return what lets rows go with their patient."""
    deleted = " ".join(f"DELETE FROM {table} WHERE patient = OLD.id;" for table in tables)  # noqa: S608
    if not postgres:
        return (
            "DROP TRIGGER IF EXISTS lifecycle_goes",
            f"CREATE TRIGGER lifecycle_goes AFTER DELETE ON patients BEGIN {deleted} END",
        )
    return (
        (
            "CREATE OR REPLACE FUNCTION lifecycle_goes() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {deleted} RETURN OLD; END $$"
        ),
        "DROP TRIGGER IF EXISTS lifecycle_goes ON patients",
        (
            "CREATE TRIGGER lifecycle_goes AFTER DELETE ON patients FOR EACH ROW "
            "EXECUTE FUNCTION lifecycle_goes()"
        ),
    )
