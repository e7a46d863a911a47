"""What surrounds every request: its id, the headers of every answer, errors, metrics, logs."""

from __future__ import annotations

import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clinigate.errors import EvidenceError
from clinigate.reference.footprint.port import Exchange, Footprint
from clinigate.reference.ports import Records
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.web.logs import log_request
from clinigate.reference.web.metrics import Metrics
from clinigate.reference.web.problems import Problem

__all__ = ["Exchange", "Frame", "exchange_of"]

_HEADERS = [
    (b"strict-transport-security", b"max-age=31536000"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
_AUDITED_REFUSALS = frozenset({401, 403, 429})
_KEY = "clinigate.exchange"


def exchange_of(scope: MutableMapping[str, Any]) -> Exchange:
    """Return the exchange that an ASGI scope belongs to."""
    exchange = scope[_KEY]
    assert isinstance(exchange, Exchange)
    return exchange


class Frame:
    """ASGI middleware around the router; it alone turns a `Problem` into an answer."""

    def __init__(
        self, app: ASGIApp, *, records: Records, metrics: Metrics, footprint: Footprint
    ) -> None:
        self._app = app
        self._records = records
        self._metrics = metrics
        self._footprint = footprint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        exchange = Exchange(secrets.token_hex(8), (scope.get("client") or ("-", 0))[0])
        scope[_KEY] = exchange
        try:
            await self._answer(scope, receive, _framed(send, exchange))
        finally:
            self._count(scope, exchange, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            exchange_of(scope).status = 499
        except (Problem, HTTPException, EvidenceError) as refusal:
            problem = await self._audited(scope, _as_problem(refusal))
            if problem.unread:
                self._footprint.failed(exchange_of(scope), problem)
            problem.message = self._footprint.refusal(scope, problem.message)
            await problem.response()(scope, receive, send)

    async def _audited(self, scope: Scope, problem: Problem) -> Problem:
        if problem.status not in _AUDITED_REFUSALS:
            return problem
        exchange = exchange_of(scope)
        event = AuditEvent(
            actor=exchange.client,
            action="access.refused",
            outcome=problem.code,
            resource=_route(scope),
            request=exchange.request,
            address=exchange.address,
            patient=exchange.patient,
        )
        try:
            await self._records.access(event)
        except EvidenceError as error:
            return _as_problem(error)
        return problem

    def _count(self, scope: Scope, exchange: Exchange, seconds: float) -> None:
        route = _route(scope)
        label = self._footprint.label(scope, route)
        self._metrics.requests.inc(label, str(exchange.status))
        self._metrics.seconds.observe(label, seconds)
        self._footprint.answered(scope, exchange, route, seconds)
        log_request(
            request=exchange.request,
            method=scope["method"],
            route=route,
            status=exchange.status,
            seconds=seconds,
            client=exchange.client,
            **exchange.logged,
        )


def _route(scope: Scope) -> str:
    # The router leaves the endpoint in the scope; a path that matched none is the client's own
    # words and must not become a label or a line in a log.
    if "endpoint" not in scope:
        return "unknown"
    return str(scope["path"]) if not scope.get("path_params") else _template(scope)


def _template(scope: Scope) -> str:
    path = str(scope["path"])
    for name, value in scope["path_params"].items():
        path = path.replace(f"/{value}", f"/{{{name}}}")
    return path


def _framed(send: Send, exchange: Exchange) -> Send:
    async def framed(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            headers = message["headers"]
            present = {name for name, _ in headers}
            headers += [pair for pair in _HEADERS if pair[0] not in present]
            headers += [(name.encode(), text.encode()) for name, text in exchange.headers.items()]
            headers.append((b"x-request-id", exchange.request.encode()))
        await send(message)

    return framed


def _as_problem(refusal: Problem | HTTPException | EvidenceError) -> Problem:
    if isinstance(refusal, Problem):
        return refusal
    if isinstance(refusal, EvidenceError):
        return Problem(503, "records_unavailable", "the request could not be recorded; not served")
    code = {404: "not_found", 405: "method_not_allowed"}.get(refusal.status_code, "refused")
    return Problem(refusal.status_code, code, refusal.detail, refusal.headers)
