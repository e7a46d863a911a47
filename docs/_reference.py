"""Routes and defects of the reference service, out of the service itself."""

from __future__ import annotations

from collections.abc import Iterable

from clinigate.reference.care.care import CareOptions
from clinigate.reference.defects import DEFECTS, Defect
from clinigate.reference.lapses import LAPSES
from clinigate.reference.web.app import asgi_app
from clinigate.reference.web.care import care_routes
from clinigate.reference.web.care.route import CareRoute

__all__ = ["defects", "defects_of_care", "routes_of_care"]


def defects() -> str:
    """Every defect of the service without records of care, and the metrics that show it."""
    return _table(defect for defect in DEFECTS.values() if defect not in LAPSES)


def defects_of_care() -> str:
    """Every defect of the records of care, and the metrics that show it."""
    return _table(LAPSES)


def _table(shown: Iterable[Defect]) -> str:
    rows = [
        f"| `{each.name}` | {each.summary} | {', '.join(f'`{name}`' for name in each.metrics)} |"
        for each in shown
    ]
    return "\n".join(["| name | what goes wrong | metrics that show it |", "|---|---|---|", *rows])


def routes_of_care() -> str:
    """Every route of the records of care, with the scope that it takes."""
    app = asgi_app(model="baseline", care=CareOptions())
    try:
        assert app.care is not None
        rows = [_route(each) for each in care_routes(app.care) if each.summary]
    finally:
        app.close()
    return "\n".join(["| route | scope | |", "|---|---|---|", *rows])


def _route(route: CareRoute) -> str:
    scope = "–" if route.scope is None else f"`{route.scope}`"
    own = "; patients their own" if route.own else ""
    return f"| `{route.method} {route.path}` | {scope}{own} | {route.summary} |"
