"""What the routes of the records of care stand on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinigate.reference.care.base import Base
from clinigate.reference.care.patients import Patients
from clinigate.reference.care.people import PATIENT, ROLES, SEEDS, People, digest_of
from clinigate.reference.care.sessions import Sessions
from clinigate.reference.defect import Defect
from clinigate.reference.records.sealing import Sealer

__all__ = ["CARE_FILE", "IDLE_S", "Care", "CareOptions", "open_care"]

CARE_FILE = "care.db"
IDLE_S = 900.0
"""How long a session lasts without a request, unless the start says otherwise."""
_LONGEST_S = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class CareOptions:
    """How the records of care are kept.

    Attributes:
        idle_s: how long a session lasts without a request.
        dsn: of a PostgreSQL server; None keeps them in a file.
    """

    idle_s: float = IDLE_S
    dsn: str | None = None


@dataclass(slots=True)
class Care:
    """The records of care of one start.

    Attributes:
        fault: the defect that the service was started with.
        base: the database. data_dir: where files of the service lie.
        seeds: how those whom every start knows log in, by login, as the ready-file tells it.
        state: what a slice of the routes keeps between requests, by a name of its own.
    """

    fault: Defect
    base: Base
    sealer: Sealer
    people: People
    sessions: Sessions
    patients: Patients
    clock: Callable[[], float]
    data_dir: Path
    seeds: Mapping[str, Mapping[str, Any]]
    state: dict[str, Any] = field(default_factory=dict)

    def close(self) -> None:
        """Close the database. Calling it twice is harmless."""
        self.base.close()


def open_care(
    data_dir: Path,
    *,
    key: bytes,
    fault: Defect,
    clock: Callable[[], float],
    options: CareOptions = CareOptions(),
) -> Care:
    """Open the records of care, with the people whom every start knows.

    Args:
        data_dir: where the file goes.
        key: 32 bytes that records are sealed with.
        fault: a defect, or `CLEAN`.
        clock: seconds since the epoch.
        options: how they are kept.

    Raises:
        EvidenceError: the database cannot be opened.
    """
    base = Base(data_dir / CARE_FILE, dsn=options.dsn)
    sealer = Sealer(key, "records of care")
    people = People(base)
    patients = Patients(base, sealer, clock=clock)
    seeds = {
        seed.login: _seeded(people, patients, seed.login, seed.role, seed.facility, clock())
        for seed in SEEDS
    }
    return Care(
        fault=fault,
        base=base,
        sealer=sealer,
        people=people,
        sessions=Sessions(idle_s=options.idle_s, longest_s=_LONGEST_S, clock=clock),
        patients=patients,
        clock=clock,
        data_dir=data_dir,
        seeds=seeds,
    )


def _seeded(
    people: People, patients: Patients, login: str, role: str, facility: str | None, now: float
) -> dict[str, Any]:
    """Let somebody log in with fresh credentials, whether an earlier start knew them or not."""
    password = secrets.token_urlsafe(18)
    known = people.get(login)
    if known is None:
        own = None
        if role == PATIENT:
            fields = {"family_name": "Example", "given_name": login.partition(".")[2].title()}
            own = patients.add(facility or "north", fields).id
        known = people.add(login, password, role, facility=facility, patient=own, now=now)
    else:
        people.change(login, "password", digest_of(password), now=now)
    return {
        "password": password,
        "totp": known.totp,
        "role": role,
        "facility": facility,
        "scopes": sorted(ROLES[role]),
        "patient": known.patient,
    }
