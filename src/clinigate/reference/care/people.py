"""Who logs in: people with a role, a place of work and a password of which the digest is kept."""

from __future__ import annotations

import base64
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinigate.reference.care.base import Base
from clinigate.reference.care.passwords import digest_of

__all__ = ["CARE_SCOPES", "PATIENT", "ROLES", "SEEDS", "People", "Person", "Seed", "digest_of"]

READ, WRITE, NOTES = "read:patient_data", "write:patient_data", "write:therapeutic_notes"
CONFIG, AUDIT = "admin:system_config", "read:audit_log"

CARE_SCOPES: Mapping[str, str] = MappingProxyType({
    READ: "read records of patients",
    WRITE: "write and remove records of patients",
    NOTES: "write notes of a therapy",
    CONFIG: "see to people, settings and jobs of the service",
    AUDIT: "read who did what",
})  # fmt: skip
"""What may be done with records of care, and what each scope means."""

PATIENT = "patient"
"""The role of somebody who may see their own record, and no other."""

ROLES: Mapping[str, frozenset[str]] = MappingProxyType({
    "clinician": frozenset({READ, WRITE, NOTES}),
    "nurse": frozenset({READ}),
    "front_desk": frozenset({READ}),
    "billing": frozenset({READ}),
    "auditor": frozenset({AUDIT}),
    "admin": frozenset({CONFIG}),
    PATIENT: frozenset(),
})  # fmt: skip
"""What each role may do; which fields of a record it sees is said in `care.patients`."""


@dataclass(frozen=True, slots=True)
class Seed:
    """Somebody whom every start knows. `facility`: None works everywhere."""

    login: str
    role: str
    facility: str | None


SEEDS = (
    Seed("clinician.north", "clinician", "north"),
    Seed("clinician.south", "clinician", "south"),
    Seed("nurse.north", "nurse", "north"),
    Seed("desk.north", "front_desk", "north"),
    Seed("billing.north", "billing", "north"),
    Seed("auditor", "auditor", None),
    Seed("admin", "admin", None),
    Seed("patient.one", PATIENT, "north"),
    Seed("patient.two", PATIENT, "north"),
)

_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS people (login TEXT PRIMARY KEY, password TEXT NOT NULL, "
        "role TEXT NOT NULL, facility TEXT, patient TEXT, totp TEXT NOT NULL, "
        "active BIGINT NOT NULL, changed_at DOUBLE PRECISION NOT NULL)"
    ),
)
_COLUMNS = "login, password, role, facility, patient, totp, active"


@dataclass(frozen=True, slots=True)
class Person:
    """One who can log in. `patient`: whose record is theirs; `totp`: their second factor."""

    login: str
    password: str
    role: str
    facility: str | None
    patient: str | None
    totp: str
    active: bool


class People:
    """The register of people.

    Attributes:
        digest: what is kept of a password. folds: whether a login is one in whatever spelling.
    """

    def __init__(self, base: Base) -> None:
        self._base = base
        self.digest = digest_of
        self.folds = True
        base.define(_SCHEMA)

    def add(
        self,
        login: str,
        password: str,
        role: str,
        *,
        facility: str | None,
        patient: str | None = None,
        now: float,
    ) -> Person:
        """Add somebody, with a second factor of their own.

        Raises:
            EvidenceError: the login is taken, in whatever spelling.
        """
        made = Person(
            self.key_of(login),
            self.digest(password),
            role,
            facility,
            patient,
            base64.b32encode(secrets.token_bytes(20)).decode(),
            active=True,
        )
        self._base.run(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
            made.login, made.password, role, facility, patient, made.totp, now,
        )  # fmt: skip
        return made

    def get(self, login: str) -> Person | None:
        """Return somebody by whatever spelling of their login."""
        sql = f"SELECT {_COLUMNS} FROM people WHERE login = ?"  # noqa: S608
        row = self._base.row(sql, self.key_of(login))
        if row is None:
            return None
        login, password, role, facility, patient, totp, active = row
        return Person(login, password, role, facility, patient, totp, bool(active))

    def change(self, login: str, column: str, value: str | int | None, *, now: float) -> bool:
        """Change one of password, role, facility, totp, active; whether there is such a person."""
        assert column in ("password", "role", "facility", "totp", "active")
        sql = f"UPDATE people SET {column} = ?, changed_at = ? WHERE login = ?"  # noqa: S608
        return self._base.run(sql, value, now, self.key_of(login)) > 0

    def remove(self, login: str) -> bool:
        """Remove somebody; whether there was such a person."""
        return self._base.run("DELETE FROM people WHERE login = ?", self.key_of(login)) > 0

    def key_of(self, login: str) -> str:
        """Return the spelling that somebody is kept under."""
        return folded(login) if self.folds else login


def folded(login: str) -> str:
    """Return one spelling for each login, so that a capital or a wide letter makes no second."""
    return unicodedata.normalize("NFKC", login).casefold().strip()
