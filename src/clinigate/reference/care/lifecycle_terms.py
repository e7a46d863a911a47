"""How long records stay, what patients are told of, and what a model decides: rules alone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from clinigate.reference.care.base import Value

__all__ = ["PURPOSES", "SIX_YEARS_S", "code_of", "is_accounted", "model_outcome"]

SIX_YEARS_S = 2192 * 86_400.0
"""Six years with two leap days: 45 CFR 164.316(b)(2)(i)."""

PURPOSES: Mapping[str, bool] = {
    "treatment": False,
    "payment": False,
    "operations": False,
    "authorization": False,
    "public_health": True,
    "law_enforcement": True,
    "judicial": True,
    "research": True,
}
"""Purposes of disclosures, and whether a patient is told of them. 45 CFR 164.528(a)(1)."""

_URGENT_FROM = 15


def is_accounted(purpose: Value, authorization: Value = None) -> bool:
    """Whether a disclosure stands in the accounting: not if the patient authorized it.

    45 CFR 164.528(a)(1)(iv). `authorization`: its id, where the disclosure was made under one.
    """
    told = isinstance(purpose, str) and PURPOSES.get(purpose, False)
    return told and authorization is None


def model_outcome(score: int) -> str:
    """Return what the model makes of a score: how soon somebody is seen."""
    return "urgent" if score >= _URGENT_FROM else "routine"


def code_of(mrn: str, *, derived: bool) -> str:
    """Return a code for research. 45 CFR 164.514(c): not derived from what is known of somebody."""
    return hashlib.sha256(mrn.encode()).hexdigest() if derived else secrets.token_hex(16)
