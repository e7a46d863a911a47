"""Rights of patients: consent, authorizations, restrictions."""

from __future__ import annotations

from clinigate.reference.care.care import Care
from clinigate.reference.web.care.route import CareRoute

__all__ = ["routes"]


def routes(_care: Care) -> list[CareRoute]:
    """Return the routes."""
    return []
