"""The life of a record: FHIR, copies for the patient, amendments, disclosures, its end."""

from __future__ import annotations

from clinigate.reference.care.care import Care
from clinigate.reference.care.lifecycle import lifecycle_of
from clinigate.reference.web.care import lifecycle_ends, lifecycle_fhir, lifecycle_patient
from clinigate.reference.web.care.route import CareRoute

__all__ = ["routes"]


def routes(care: Care) -> list[CareRoute]:
    """Return the routes, the tables that they need made."""
    lifecycle_of(care)
    return [*lifecycle_fhir.routes(), *lifecycle_patient.routes(), *lifecycle_ends.routes()]
