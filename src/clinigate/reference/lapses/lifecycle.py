"""Defects of the life of a record."""

from __future__ import annotations

from clinigate.reference.defect import Defect

__all__ = [
    "AMENDMENT_OVERWRITES",
    "COPY_IN_CLEAR",
    "DERIVED_CODE",
    "INCOMPLETE_COPY",
    "INCOMPLETE_ERASURE",
    "INVALID_FHIR",
    "LAPSES",
    "NO_HUMAN_REVIEW",
    "RETENTION_FORGETS",
    "UNACCOUNTED_DISCLOSURES",
    "UNPORTABLE_COPY",
]

INVALID_FHIR = Defect(
    "invalid-fhir", "An observation that is read lacks what R4 requires.", ("hipaa.fhir_valid",)
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
    "incomplete-erasure",
    "A copy that was made before can still be fetched when its patient was erased.",
    ("hipaa.erasure",),
)
COPY_IN_CLEAR = Defect(
    "copy-in-clear",
    "A copy that was made is also a file in clear, which stays when its patient was erased.",
    ("hipaa.erasure",),
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
    "What a person says of a decision of the model is noted, and changes nothing.",
    ("hipaa.automated_decision",),
)
UNPORTABLE_COPY = Defect(
    "unportable-copy",
    "Of a record that is taken in from elsewhere the patient's particulars alone are kept.",
    ("hipaa.portability",),
)

LAPSES = (
    INVALID_FHIR,
    INCOMPLETE_COPY,
    UNACCOUNTED_DISCLOSURES,
    AMENDMENT_OVERWRITES,
    INCOMPLETE_ERASURE,
    COPY_IN_CLEAR,
    RETENTION_FORGETS,
    DERIVED_CODE,
    NO_HUMAN_REVIEW,
    UNPORTABLE_COPY,
)
