"""The keeping of records: backups, how they are sealed, and what the audit table holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clinigate.errors import IntegrityError
from clinigate.reference.care.audit_table import AuditTable
from clinigate.reference.care.backups import ASKED, FOLDER, Backups
from clinigate.reference.care.care import Care
from clinigate.reference.care.people import CONFIG
from clinigate.reference.care.sealing import ALGORITHM, KEY_BITS
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.web.care.route import CareRoute, Endpoint, Who
from clinigate.reference.web.frame import exchange_of
from clinigate.reference.web.problems import Problem

__all__ = ["begin_backups", "on_record", "routes"]

_BACKUPS, _AUDIT = "records.backups", "records.audit"


def routes(care: Care) -> list[CareRoute]:
    """Return the routes."""
    care.state[_BACKUPS] = Backups(
        care.data_dir / FOLDER, care.base, care.patients, fault=care.fault, clock=care.clock
    )
    return [
        CareRoute("POST", "/v1/backups", back_up, "backup.make", CONFIG, "Make a backup now."),
        CareRoute("GET", "/v1/encryption", encryption, "encryption.read", CONFIG,
                  "Tell how records are sealed."),
    ]  # fmt: skip


def begin_backups(care: Care) -> None:
    """Make the first backup; every route that defines a table is there."""
    _backups(care).begin()


async def back_up(care: Care, _request: Request, _who: Who) -> Response:
    """Make a backup."""
    return JSONResponse(_backups(care).make(ASKED))


async def encryption(_care: Care, _request: Request, _who: Who) -> Response:
    """Tell how records are sealed."""
    return JSONResponse({"algorithm": ALGORITHM, "key_bits": KEY_BITS})


def on_record(care: Care, found: Sequence[CareRoute]) -> list[CareRoute]:
    """Return routes that leave a row in the audit table as well, and keep the backups going."""
    care.state.setdefault(_AUDIT, AuditTable(care.base, care.fault))
    return [replace(each, endpoint=_recorded(each)) for each in found]


def _recorded(route: CareRoute) -> Endpoint:
    async def endpoint(care: Care, request: Request, who: Who) -> Response:
        outcome = "ok"
        try:
            return await route.endpoint(care, request, who)
        except Problem as problem:
            outcome = problem.code
            raise
        except IntegrityError:
            outcome = "altered"
            raise
        finally:
            exchange = exchange_of(request.scope)
            event = AuditEvent(
                exchange.client,
                route.action,
                outcome,
                request=exchange.request,
                patient=exchange.patient,
            )
            cast("AuditTable", care.state[_AUDIT]).append(event, at=care.clock())
            if _BACKUPS in care.state:
                _backups(care).on_schedule()

    return endpoint


def _backups(care: Care) -> Backups:
    return cast("Backups", care.state[_BACKUPS])
