"""Defects of who sees what."""

from __future__ import annotations

from clinigate.reference.defect import Defect

__all__ = [
    "EVERY_FIELD",
    "FACILITY_IGNORED",
    "FORGEABLE_TOKENS",
    "INJECTABLE_SEARCH",
    "LAPSES",
    "OPEN_DEBUG_ADDRESS",
    "OTHERS_RECORDS",
    "ROLE_TOO_WIDE",
    "SCOPELESS_TOKEN",
    "UNLIMITED_REQUESTS",
]

OPEN_DEBUG_ADDRESS = Defect(
    "open-debug-address", "An address for debugging answers to anyone.", ("hipaa.anonymous_sweep",)
)
ROLE_TOO_WIDE = Defect("role-too-wide", "The front desk may write records.", ("hipaa.role_matrix",))
OTHERS_RECORDS = Defect(
    "others-records", "Patients may read the records of others.", ("hipaa.idor",)
)
FACILITY_IGNORED = Defect(
    "facility-ignored",
    "Those who work at one facility find the records of another.",
    ("hipaa.facility_matrix",),
)
INJECTABLE_SEARCH = Defect(
    "injectable-search",
    "The setting that is asked for becomes part of the query.",
    ("hipaa.injection",),
)
SCOPELESS_TOKEN = Defect(
    "scopeless-token",
    "Who asks for a token without any scope is given every scope.",
    ("hipaa.scopes",),
)
FORGEABLE_TOKENS = Defect(
    "forgeable-tokens", "A token without a signature opens a session.", ("hipaa.token_forgery",)
)
EVERY_FIELD = Defect(
    "every-field", "Every role is shown every field.", ("hipaa.minimum_necessary",)
)
UNLIMITED_REQUESTS = Defect(
    "unlimited-requests", "No program is ever told to slow down.", ("hipaa.rate_limits",)
)

LAPSES = (
    OPEN_DEBUG_ADDRESS,
    ROLE_TOO_WIDE,
    OTHERS_RECORDS,
    FACILITY_IGNORED,
    INJECTABLE_SEARCH,
    SCOPELESS_TOKEN,
    FORGEABLE_TOKENS,
    EVERY_FIELD,
    UNLIMITED_REQUESTS,
)
