"""Defects of the life of a record."""

from __future__ import annotations

from clinigate.reference.defect import Defect

__all__ = [
    "AMENDMENT_OVERWRITES",
    "DERIVED_CODE",
    "INCOMPLETE_COPY",
    "INCOMPLETE_ERASURE",
    "INVALID_FHIR",
    "LAPSES",
    "NO_HUMAN_REVIEW",
    "RETENTION_FORGETS",
    "UNACCOUNTED_DISCLOSURES",
]

INVALID_FHIR = Defect(
    "invalid-fhir", "FHIR resources lack what R4 requires.", ("hipaa.fhir_valid",)
)
INCOMPLETE_COPY = Defect(
    "incomplete-copy",
    "The copy that a patient is given lacks their notes.",
    ("hipaa.access_completeness",),
)
UNACCOUNTED_DISCLOSURES = Defect(
    "unaccounted-disclosures", "Disclosures are not accounted for.", ("hipaa.accounting",)
)
AMENDMENT_OVERWRITES = Defect(
    "amendment-overwrites", "An amendment wipes out what stood there.", ("hipaa.amendment",)
)
INCOMPLETE_ERASURE = Defect(
    "incomplete-erasure", "What was erased stays in the search index.", ("hipaa.erasure",)
)
RETENTION_FORGETS = Defect(
    "retention-forgets",
    "The retention job removes records that must be kept.",
    ("hipaa.retention_job",),
)
DERIVED_CODE = Defect(
    "derived-code",
    "The code of a patient is a digest of their number.",
    ("hipaa.reidentification_code",),
)
NO_HUMAN_REVIEW = Defect(
    "no-human-review",
    "Nobody can have a decision of the model looked at.",
    ("hipaa.automated_decision",),
)

LAPSES = (
    INVALID_FHIR,
    INCOMPLETE_COPY,
    UNACCOUNTED_DISCLOSURES,
    AMENDMENT_OVERWRITES,
    INCOMPLETE_ERASURE,
    RETENTION_FORGETS,
    DERIVED_CODE,
    NO_HUMAN_REVIEW,
)
