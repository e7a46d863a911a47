"""Who asks, as the defects of who sees what take them to be; without one, as they are."""

from __future__ import annotations

from dataclasses import replace

from clinigate.reference.care.care import Care
from clinigate.reference.care.people import PATIENT, WRITE
from clinigate.reference.lapses import access
from clinigate.reference.web.care.who import Who

__all__ = ["widened"]

_FRONT_DESK, _PROGRAM = "front_desk", "service"
_READ, _SEARCH = "patient.read", "patient.search"


def widened(care: Care, who: Who, action: str, patient: str | None) -> Who:
    """Return who asks for `action` on the record of `patient`."""
    fault = care.fault
    if fault is access.ROLE_TOO_WIDE and who.role == _FRONT_DESK:
        return replace(who, scopes=who.scopes | {WRITE})
    if fault is access.FACILITY_IGNORED and action == _SEARCH:
        return replace(who, facility=None)
    if fault is access.EVERY_FIELD and action in (_READ, _SEARCH) and who.role != PATIENT:
        return replace(who, role=_PROGRAM)
    if fault is access.OTHERS_RECORDS and action == _READ and who.role == PATIENT:
        there = patient is not None and care.patients.get(patient) is not None
        return replace(who, patient=patient) if there else who
    return who
