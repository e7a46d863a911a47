"""The routes: tokens, chat, crisis, emotion, and what the service says about itself."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from clinigate.core.case import Turn
from clinigate.reference import NOTICE
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.records.store import Conversation
from clinigate.reference.service import Service
from clinigate.reference.web import wire
from clinigate.reference.web.clients import Grant, TokenDesk
from clinigate.reference.web.frame import exchange_of
from clinigate.reference.web.metrics import CONTENT_TYPE, Metrics
from clinigate.reference.web.problems import OAuthProblem, Problem
from clinigate.reference.web.ratelimit import RateLimit
from clinigate.reference.web.requests import (
    json_object,
    limited_body,
    messages_of,
    optional_bool,
)

__all__ = ["Api"]

_TOKEN_REQUESTS_PER_MINUTE = 100


@dataclass(frozen=True, slots=True)
class Api:
    """The endpoints over one service."""

    service: Service
    desk: TokenDesk
    limit: RateLimit
    metrics: Metrics

    def routes(self) -> list[Route]:
        """Return the routes of the service."""
        table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("POST", "/oauth/token", self.token),
            ("POST", "/v1/chat/completions", self.chat),
            ("POST", "/v1/crisis", self.crisis),
            ("POST", "/v1/emotion", self.emotion),
            ("GET", "/v1/models", self.models),
            ("GET", "/v1/model", self.model),
            ("GET", "/health", self.health),
            ("GET", "/ready", self.ready),
            ("GET", "/metrics", self.prometheus),
        ]
        return [Route(path, endpoint, methods=[method]) for method, path, endpoint in table]

    async def token(self, request: Request) -> Response:
        """Hand out a token. RFC 6749, section 4.4."""
        exchange = exchange_of(request.scope)
        self.limit.admit(f"address:{exchange.address}", _TOKEN_REQUESTS_PER_MINUTE)
        form = _form(await limited_body(request))
        if form.get("grant_type") != "client_credentials":
            raise OAuthProblem(
                400, "unsupported_grant_type", "send grant_type=client_credentials as a form"
            )
        client_id, secret = _credentials(request, form)
        scopes = frozenset(form["scope"].split()) if "scope" in form else None
        token = self.desk.issue(client_id, secret, scopes)
        exchange.client = client_id
        self._audit(request, "token.issue")
        self.metrics.tokens.inc()
        return JSONResponse(
            {
                "access_token": token.value,
                "token_type": "Bearer",
                "expires_in": token.expires_in,
                "scope": " ".join(sorted(token.scopes)),
            },
            headers={"Pragma": "no-cache"},
        )

    async def chat(self, request: Request) -> Response:
        """Answer a conversation, whole or as a stream."""
        self._admit(request, "chat")
        body = await json_object(request)
        turns = messages_of(body)
        model = self._model_asked_for(body)
        stream = optional_bool(body, "stream")
        await asyncio.sleep(self.service.delay_s())
        answer = self.service.chat(turns)
        completion_id = f"chatcmpl-{secrets.token_hex(12)}"
        self._keep(request, completion_id, turns, answer.text)
        self._count_crisis(flagged=answer.assessment.crisis)
        completion = wire.Completion(completion_id, int(self.service.clock()), model, answer)
        if stream:
            return StreamingResponse(wire.events(completion), media_type="text/event-stream")
        return JSONResponse(wire.completion(completion, turns))

    async def crisis(self, request: Request) -> Response:
        """Say whether a conversation discloses a crisis."""
        turns = await self._conversation(request, "crisis")
        assessment = self.service.crisis(turns)
        self._audit(request, "crisis.assess")
        self._count_crisis(flagged=assessment.crisis)
        return JSONResponse(wire.safety(assessment))

    async def emotion(self, request: Request) -> Response:
        """Name the emotion of the last user message."""
        turns = await self._conversation(request, "emotion")
        reading = self.service.emotion(turns)
        self._audit(request, "emotion.read")
        return JSONResponse({"emotion": reading.emotion, "scores": dict(reading.scores)})

    async def models(self, _request: Request) -> Response:
        """List the one model that is served, in the form of the OpenAI API."""
        name = self.service.engine.card.model
        entry = {"id": name, "object": "model", "created": 0, "owned_by": "clinigate-reference"}
        return JSONResponse({"object": "list", "data": [entry]})

    async def model(self, _request: Request) -> Response:
        """Say what the model is, what it has seen, and what it cannot say."""
        return JSONResponse(wire.model_card(self.service.engine.card))

    async def health(self, _request: Request) -> Response:
        """Say that the process answers, and what it is."""
        card = self.service.engine.card
        return JSONResponse(
            {"status": "ok", "model": card.model, "fitted_to": card.fitted_to, "notice": NOTICE}
        )

    async def ready(self, _request: Request) -> Response:
        """Say whether requests can be served: the records can be written."""
        ready = self.service.store.ready()
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    async def prometheus(self, request: Request) -> Response:
        """Return the counters. They tell how many people are in a crisis, so they need a scope."""
        self._admit(request, "metrics")
        return PlainTextResponse(self.metrics.render(), media_type=CONTENT_TYPE)

    async def _conversation(self, request: Request, scope: str) -> tuple[Turn, ...]:
        self._admit(request, scope)
        turns = messages_of(await json_object(request))
        await asyncio.sleep(self.service.delay_s())
        return turns

    def _admit(self, request: Request, scope: str) -> Grant:
        """Let a request in: a token that lives, the right scope, within the client's limit."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Problem(
                401,
                "missing_token",
                "send Authorization: Bearer with a token from /oauth/token",
                {"WWW-Authenticate": "Bearer"},
            )
        grant = self.desk.grant(token.strip())
        exchange_of(request.scope).client = grant.client.id
        if scope not in grant.scopes:
            raise Problem(
                403,
                "insufficient_scope",
                f"the token lacks the scope {scope}",
                {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )
        self.limit.admit(grant.client.id, grant.client.requests_per_minute)
        return grant

    def _model_asked_for(self, body: dict[str, Any]) -> str:
        served = self.service.engine.card.model
        if body.get("model", served) != served:
            raise Problem(404, "model_not_found", f"the only model served here is {served}")
        return served

    def _keep(self, request: Request, resource: str, turns: tuple[Turn, ...], reply: str) -> None:
        """Write the audit line, then the conversation; only then may the reply be sent."""
        self._audit(request, "chat.complete", resource)
        client = exchange_of(request.scope).client
        record = Conversation(resource, self.service.clock(), client, turns, reply)
        self.service.store.add(record)

    def _audit(self, request: Request, action: str, resource: str = "") -> None:
        exchange = exchange_of(request.scope)
        self.service.audit.append(
            AuditEvent(
                actor=exchange.client,
                action=action,
                outcome="ok",
                resource=resource,
                request=exchange.request,
                address=exchange.address,
            )
        )

    def _count_crisis(self, *, flagged: bool) -> None:
        if flagged:
            self.metrics.crises.inc()


def _form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise OAuthProblem(400, "invalid_request", "the body is not a form in UTF-8") from None
    repeated = sorted(name for name, values in fields.items() if len(values) > 1)
    if repeated:
        raise OAuthProblem(400, "invalid_request", "a field of the form stands twice")
    return {name: values[0] for name, values in fields.items()}


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        pair = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthProblem(400, "invalid_request", "the Basic credentials are malformed") from None
    client_id, _, secret = pair.partition(":")
    return unquote(client_id), unquote(secret)
