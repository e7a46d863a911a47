"""What only some may see: settings of the service, and where they are kept."""

from __future__ import annotations

from clinigate.reference.care.care import Care
from clinigate.reference.web.care.route import CareRoute

__all__ = ["routes"]


def routes(_care: Care) -> list[CareRoute]:
    """Return the routes."""
    return []
