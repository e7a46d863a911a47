"""The routes of the records of care, one module a slice; each is found in `SLICES`."""

from __future__ import annotations

from typing import cast

from clinigate.reference.care.care import Care
from clinigate.reference.web.care import (
    access,
    accounts,
    charts,
    lifecycle,
    login,
    records,
    rights,
    traffic,
)
from clinigate.reference.web.care.route import CareRoute

__all__ = ["care_routes"]

_ROUTES = "routes"
_SLICES = (login, charts, accounts, access, records, rights, lifecycle, traffic)


def care_routes(care: Care) -> list[CareRoute]:
    """Return the routes of every slice; what they keep is made when they are first asked for."""
    if _ROUTES not in care.state:
        care.state[_ROUTES] = [route for each in _SLICES for route in each.routes(care)]
        records.begin_backups(care)
    return cast("list[CareRoute]", care.state[_ROUTES])
