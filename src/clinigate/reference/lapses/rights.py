"""Defects of what patients agreed to."""

from __future__ import annotations

from clinigate.reference.defect import Defect

__all__ = [
    "CONSENT_TOO_WIDE",
    "ENDLESS_AUTHORIZATION",
    "ENDLESS_CONSENT",
    "FHIR_CONSENT_IGNORED",
    "LAPSES",
    "NOTES_FOR_EVERYBODY",
    "OPT_OUT_IGNORED",
    "RESEARCH_FOR_ALL",
    "RESTRICTION_IGNORED",
]

NOTES_FOR_EVERYBODY = Defect(
    "notes-for-everybody",
    "Psychotherapy notes are shown without an authorization.",
    ("hipaa.psychotherapy_notes",),
)
ENDLESS_AUTHORIZATION = Defect(
    "endless-authorization",
    "An authorization that has expired or was revoked still counts.",
    ("hipaa.authorization",),
)
CONSENT_TOO_WIDE = Defect(
    "consent-too-wide",
    "Consent to one kind of data of one source opens all.",
    ("hipaa.consent_scope",),
)
ENDLESS_CONSENT = Defect(
    "endless-consent", "Consent that has expired still counts.", ("hipaa.consent_expiry",)
)
FHIR_CONSENT_IGNORED = Defect(
    "fhir-consent-ignored",
    "A FHIR Consent that denies is kept, and not heeded.",
    ("hipaa.fhir_consent",),
)
RESTRICTION_IGNORED = Defect(
    "restriction-ignored", "A restriction that was agreed to is not heeded.", ("hipaa.restriction",)
)
OPT_OUT_IGNORED = Defect(
    "opt-out-ignored", "Who objected to the directory stands in it.", ("hipaa.opt_out",)
)
RESEARCH_FOR_ALL = Defect(
    "research-for-all",
    "Data for research is handed out without an approval.",
    ("hipaa.research_release",),
)

LAPSES = (
    NOTES_FOR_EVERYBODY,
    ENDLESS_AUTHORIZATION,
    CONSENT_TOO_WIDE,
    ENDLESS_CONSENT,
    FHIR_CONSENT_IGNORED,
    RESTRICTION_IGNORED,
    OPT_OUT_IGNORED,
    RESEARCH_FOR_ALL,
)
