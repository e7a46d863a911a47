"""Patients and their notes, sealed: what lies in the database nobody can read."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from clinigate.errors import IntegrityError
from clinigate.reference import lapses
from clinigate.reference.care.base import Base
from clinigate.reference.care.sealing import RecordSealer
from clinigate.reference.records.sealing import Sealer

__all__ = ["FIELDS", "VISIBLE", "Kept", "Note", "Patients"]

FIELDS = (
    "family_name",
    "given_name",
    "birth_date",
    "mrn",
    "member_id",
    "phone",
    "email",
    "address",
    "ssn",
    "gender",
    "payer",
)
"""What is kept of a patient; all are texts, and any may be missing."""

_DEMOGRAPHIC = frozenset({"family_name", "given_name", "birth_date", "phone", "email", "address"})
VISIBLE: Mapping[str, frozenset[str]] = MappingProxyType({
    "clinician": frozenset(FIELDS) - {"ssn", "payer"},
    "nurse": frozenset(FIELDS) - {"ssn", "payer", "email"},
    "front_desk": _DEMOGRAPHIC | {"payer"},
    "billing": frozenset({"family_name", "given_name", "birth_date", "mrn", "payer"}),
    "patient": frozenset(FIELDS),
    "service": frozenset(FIELDS),
})  # fmt: skip
"""The fields that each role sees, and no more. 45 CFR 164.502(b)."""

_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS patients (id TEXT PRIMARY KEY, facility TEXT NOT NULL, "
        "mrn_index TEXT NOT NULL, sealed BYTEA NOT NULL, version BIGINT NOT NULL, "
        "updated_at DOUBLE PRECISION NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, patient TEXT NOT NULL, "
        "kind TEXT NOT NULL, author TEXT NOT NULL, sealed BYTEA NOT NULL, "
        "at DOUBLE PRECISION NOT NULL)"
    ),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A patient as kept: `fields` in clear, `version` counted from 1."""

    id: str
    facility: str
    fields: Mapping[str, str]
    version: int


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `kind` is `therapeutic` or `psychotherapy` (45 CFR 164.501)."""

    id: str
    patient: str
    kind: str
    author: str
    text: str
    at: float


class Patients:
    """The charts."""

    def __init__(self, base: Base, sealer: Sealer, *, clock: Callable[[], float]) -> None:
        self._base = base
        self._sealer = RecordSealer(sealer)
        self._clock = clock
        base.define(_SCHEMA)

    @property
    def sealer(self) -> RecordSealer:
        """What records are sealed with."""
        return self._sealer

    def add(self, facility: str, fields: Mapping[str, str]) -> Kept:
        """Keep a new patient."""
        made = Kept(f"p-{secrets.token_hex(8)}", facility, dict(fields), 1)
        self._base.run(
            "INSERT INTO patients VALUES (?, ?, ?, ?, 1, ?)",
            made.id, facility, self._index(fields), self._seal(made.id, fields), self._clock(),
        )  # fmt: skip
        return made

    def get(self, patient: str) -> Kept | None:
        """Return a patient.

        Raises:
            IntegrityError: the record was altered.
        """
        row = self._base.row(
            "SELECT id, facility, sealed, version FROM patients WHERE id = ?", patient
        )
        return None if row is None else self._kept(row)

    def with_mrn(self, mrn: str) -> list[Kept]:
        """Return those whose medical record number it is; raises as `get`."""
        rows = self._base.rows(
            "SELECT id, facility, sealed, version FROM patients WHERE mrn_index = ?",
            self._index({"mrn": mrn}),
        )
        return [self._kept(row) for row in rows]

    def all(self) -> list[Kept]:
        """Return everybody; raises as `get`."""
        rows = self._base.rows("SELECT id, facility, sealed, version FROM patients ORDER BY id")
        return [self._kept(row) for row in rows]

    def change(self, patient: str, fields: Mapping[str, str], *, version: int) -> Kept | None:
        """Keep other fields, if `version` is still the newest; None where it is not."""
        sealed = self._seal(patient, fields)
        changed = self._base.run(
            "UPDATE patients SET sealed = ?, mrn_index = ?, version = version + 1, updated_at = ? "
            "WHERE id = ? AND version = ?",
            sealed, self._index(fields), self._clock(), patient, version,
        )  # fmt: skip
        return self.get(patient) if changed else None

    def remove(self, patient: str) -> bool:
        """Remove a patient and their notes; whether there was one."""
        with self._base.transaction():
            self._base.run("DELETE FROM notes WHERE patient = ?", patient)
            return self._base.run("DELETE FROM patients WHERE id = ?", patient) > 0

    def add_note(self, patient: str, kind: str, author: str, text: str) -> Note:
        """Keep a new note."""
        made = Note(f"n-{secrets.token_hex(8)}", patient, kind, author, text, self._clock())
        sealed = self._sealer.seal(text.encode(), made.id, "note")
        self._base.run(
            "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?)",
            made.id, patient, kind, author, sealed, made.at,
        )  # fmt: skip
        return made

    def notes(self, patient: str) -> list[Note]:
        """Return the notes of a patient, in the order in which they were written."""
        rows = self._base.rows(
            "SELECT id, patient, kind, author, sealed, at FROM notes WHERE patient = ? "
            "ORDER BY at, id",
            patient,
        )
        return [self._note(*row) for row in rows]

    def _note(
        self, note: str, patient: str, kind: str, author: str, sealed: bytes, at: float
    ) -> Note:
        text = self._sealer.open(bytes(sealed), note, "note").decode("utf-8", "replace")
        return Note(note, patient, kind, author, text, at)

    def _kept(self, row: tuple[Any, ...]) -> Kept:
        clear = self._sealer.open(bytes(row[2]), row[0], "patient")
        try:
            fields = json.loads(clear)
        except ValueError as error:
            if self._sealer.fault is not lapses.records.BLIND_TO_FLIPS:
                raise IntegrityError(f"records of care: {row[0]} was altered") from error
            fields = {}
        return Kept(row[0], row[1], fields, int(row[3]))

    def _seal(self, patient: str, fields: Mapping[str, str]) -> bytes:
        return self._sealer.seal(json.dumps(dict(fields)).encode(), patient, "patient")

    def _index(self, fields: Mapping[str, str]) -> str:
        return self._sealer.name_of(f"mrn/{fields.get('mrn', '')}".encode())
