"""One route of the records of care: who may use it, what it does, and that it is on record.

Each access leaves one row in the audit log, with who, which patient and how it ended: what is
refused for who asks by the frame around all routes, everything else here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clinigate.errors import IntegrityError
from clinigate.reference import lapses
from clinigate.reference.care.accounts_emergency import EMERGENCY, emergencies_of
from clinigate.reference.care.care import Care
from clinigate.reference.care.people import PATIENT, ROLES
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.web.care.who import Who
from clinigate.reference.web.care.widening import widened
from clinigate.reference.web.frame import exchange_of
from clinigate.reference.web.problems import Problem

__all__ = ["Admission", "CareRoute", "Who", "about", "concerning", "starlette_route"]

_BY_FRAME = frozenset({401, 403, 429})


Endpoint = Callable[[Care, Request, Who], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class CareRoute:
    """One route.

    Attributes:
        path: with parameters as `{id}`; one named `patient` says whose record it is about.
        endpoint: what it does. action: as the audit log names it, as `patient.read`.
        scope: what who asks must be allowed; None opens it to anyone.
        summary: for the OpenAPI document, which leaves out a route without one.
        example: a body for it; None takes none.
        own: whether patients may use it for their own record.
        answers: further statuses that it may answer, by what they mean.
        media: of what it answers where it does what it is asked to.
    """

    method: str
    path: str
    endpoint: Endpoint
    action: str
    scope: str | None
    summary: str
    example: Any = None
    own: bool = False
    answers: Mapping[int, str] = field(default_factory=dict)
    media: str = "application/json"


class Admission:
    """Lets requests in: by the token of a session, or of a program."""

    def __init__(
        self, care: Care, *, of_program: Callable[[Request, str], Who], records: Any
    ) -> None:
        """`of_program` admits a program by its scope; `records` takes rows of the audit log."""
        self._care = care
        self._of_program = of_program
        self._records = records

    async def serve(self, route: CareRoute, request: Request) -> Response:
        """Answer one request, and put it on record."""
        exchange = exchange_of(request.scope)
        patient = request.path_params.get("patient")
        if patient is not None:
            about(request, patient)
        who = Who("-", "nobody", None, frozenset())
        if route.scope is not None:
            who = widened(self._care, self._admitted(route, request), route.action, patient)
            exchange.client = who.id
            self._permitted(route, who, patient, request)
        try:
            answer = await route.endpoint(self._care, request, who)
        except Problem as problem:
            if problem.status not in _BY_FRAME:
                await self._audit(request, route, problem.code)
            raise
        except IntegrityError as error:
            await self._audit(request, route, "altered")
            raise Problem(500, "altered", "the record was altered; it is not served") from error
        if not self._goes_unseen(route, who):
            await self._audit(request, route, "ok")
        return answer

    def _goes_unseen(self, route: CareRoute, who: Who) -> bool:
        """Whether the defect leaves this read of a session out of the log."""
        if self._care.fault is not lapses.drills.READS_UNSEEN:
            return False
        if not who.token or route.action != "patient.read":
            return False
        reads: Counter[str] = self._care.state.setdefault("reads", Counter())
        reads[who.token] += 1
        return reads[who.token] > lapses.drills.SEEN_READS

    def _admitted(self, route: CareRoute, request: Request) -> Who:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            raise Problem(
                401,
                "missing_token",
                "send Authorization: Bearer with the token of a session or a program",
                {"WWW-Authenticate": "Bearer"},
            )
        session = self._care.sessions.used(token)
        if session is None:
            return self._of_program(request, route.scope or "")
        return Who(
            session.login,
            session.role,
            session.facility,
            ROLES[session.role],
            session.patient,
            token,
        )

    def _permitted(self, route: CareRoute, who: Who, patient: str | None, request: Request) -> None:
        """Refuse who may not: without the scope, or beyond their own record or facility."""
        if who.role == PATIENT:
            if not (route.own and patient is not None and patient == who.patient):
                raise Problem(403, "not_yours", "this is not your record")
            return
        if route.scope not in who.scopes:
            raise Problem(403, "insufficient_scope", f"this needs the scope {route.scope}")
        if patient is None or who.facility is None:
            return
        kept = self._care.patients.get(patient)
        if kept is not None and kept.facility != who.facility:
            if emergencies_of(self._care).is_on(who.id, patient):
                concerning(request, EMERGENCY)
                return
            raise Problem(403, "other_facility", "this record is another facility's")

    async def _audit(self, request: Request, route: CareRoute, outcome: str) -> None:
        exchange = exchange_of(request.scope)
        event = AuditEvent(
            actor=exchange.client,
            action=route.action,
            outcome=outcome,
            resource=getattr(request.state, "resource", ""),
            request=exchange.request,
            address=exchange.address,
            patient=exchange.patient,
        )
        await self._records.access(event)


def about(request: Request, patient: str) -> None:
    """Say whose record a request is about, for the audit log."""
    exchange_of(request.scope).patient = patient


def concerning(request: Request, resource: str) -> None:
    """Say what else a request is about, for the audit log: an account, or an emergency."""
    request.state.resource = resource


def starlette_route(route: CareRoute, admission: Admission) -> Route:
    """Return the route as the router takes it."""

    async def endpoint(request: Request) -> Response:
        return await admission.serve(route, request)

    return Route(route.path, endpoint, methods=[route.method])
