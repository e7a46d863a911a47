"""What may be done with a record, by what its patient said. Each rule asks for nothing else."""

from __future__ import annotations

from clinigate.reference import lapses
from clinigate.reference.care.care import Care
from clinigate.reference.care.rights import NOBODY, Saying, rights_of
from clinigate.reference.care.rights_directives import Use, denies

__all__ = [
    "AUTHORIZED",
    "BY_LAW",
    "CARE",
    "PSYCHOTHERAPY",
    "approved",
    "authorizing",
    "consented",
    "denied",
    "objected",
    "restricted",
]

CARE = ("treatment", "payment", "operations")
"""Purposes that need no authorization. 45 CFR 164.506."""

AUTHORIZED = ("research", "marketing")
"""Purposes that take one. 45 CFR 164.508."""

BY_LAW = ("public_health", "law_enforcement", "judicial")
"""Purposes that patients cannot forbid, and are told of. 45 CFR 164.512 and 164.528."""

PSYCHOTHERAPY = "psychotherapy_notes"
"""What an authorization is for that opens such notes; none for anything else does."""


def consented(care: Care, patient: str, source: str, kind: str) -> bool:
    """Whether a patient lets data of one kind be taken from one source."""
    for each in rights_of(care).of(patient, "consent"):
        if each.ended_at is not None:
            continue
        if each.is_over(care.clock()) and care.fault is not lapses.rights.ENDLESS_CONSENT:
            continue
        if _says(each, source=source, kind=kind):
            return True
        if care.fault is lapses.rights.CONSENT_TOO_WIDE:
            return True
    return False


def authorizing(
    care: Care, patient: str, authorization: str | None, *, purpose: str, recipient: str | None
) -> Saying | None:
    """Return the authorization by that id, if it is the patient's, for this and alive.

    `recipient`: None where nobody outside is told.
    """
    found = None if authorization is None else rights_of(care).get(authorization, "authorization")
    if found is None or found.patient != patient:
        return None
    whom = {} if recipient is None else {"recipient": recipient}
    if not _says(found, purpose=purpose, **whom):
        return None
    over = found.ended_at is not None or found.is_over(care.clock())
    return None if over and care.fault is not lapses.rights.ENDLESS_AUTHORIZATION else found


def restricted(
    care: Care, patient: str, *, purpose: str, recipient: str, service: str | None
) -> bool:
    """Whether a restriction that was agreed to forbids a disclosure; one may be of one service."""
    if care.fault is lapses.rights.RESTRICTION_IGNORED:
        return False
    return any(
        each.ended_at is None
        and _says(each, purpose=purpose, recipient=recipient)
        and each.content["service"] in (None, service)
        for each in rights_of(care).of(patient, "restriction")
    )


def denied(care: Care, patient: str, *, purpose: str, recipient: str) -> bool:
    """Whether a FHIR Consent of a patient denies a use."""
    if care.fault is lapses.rights.FHIR_CONSENT_IGNORED:
        return False
    use = Use(purpose, recipient, care.clock())
    return any(denies(each.content, use) for each in rights_of(care).of(patient, "directive"))


def objected(care: Care, patient: str, to: str) -> bool:
    """Whether a patient objected to being named in the directory, or to family being told."""
    if care.fault is lapses.rights.OPT_OUT_IGNORED:
        return False
    return any(
        each.ended_at is None and each.content["to"] in (to, "all")
        for each in rights_of(care).of(patient, "objection")
    )


def approved(care: Care, approval: str | None, study: str) -> bool:
    """Whether a review board lets data go out for a study."""
    if care.fault is lapses.rights.RESEARCH_FOR_ALL:
        return True
    found = None if approval is None else rights_of(care).get(approval, "approval")
    return (
        found is not None
        and found.patient == NOBODY
        and found.ended_at is None
        and not found.is_over(care.clock())
        and _says(found, study=study)
    )


def _says(saying: Saying, **what: str) -> bool:
    return all(saying.content.get(name) == value for name, value in what.items())
