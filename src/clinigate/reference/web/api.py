"""The routes: tokens, chat, crisis, emotion, and what the service says about itself."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import Turn
from clinigate.reference import NOTICE
from clinigate.reference.care.care import Care
from clinigate.reference.crisis.trace import EventName, new_trace_id, trace_id_of
from clinigate.reference.defects import CLEAN, Defect
from clinigate.reference.footprint.port import Footprint
from clinigate.reference.instruments import INSTRUMENTS, Scoring, score_sheet
from clinigate.reference.ports import Answer, Exchanged, Mind, Records
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.web import wire
from clinigate.reference.web.care import care_routes
from clinigate.reference.web.care.route import Admission, Who, starlette_route
from clinigate.reference.web.clients import Grant, TokenDesk
from clinigate.reference.web.forms import credentials_of, form_of
from clinigate.reference.web.frame import exchange_of
from clinigate.reference.web.load import Load
from clinigate.reference.web.metrics import CONTENT_TYPE, Metrics
from clinigate.reference.web.openapi import document
from clinigate.reference.web.pacing import Pacing
from clinigate.reference.web.problems import OAuthProblem, Problem
from clinigate.reference.web.ratelimit import RateLimit
from clinigate.reference.web.requests import (
    MOST_TRACES,
    json_object,
    limited_body,
    messages_of,
    optional_bool,
    optional_name,
    required_bool,
    required_name,
)
from clinigate.reference.web.sheets import sheet_of, sheets_of

__all__ = ["Api"]

_TOKEN_REQUESTS_PER_MINUTE = 100
_Row = tuple[str, str, Callable[[Request], Awaitable[Response]]]


@dataclass(frozen=True, slots=True)
class Api:
    """The endpoints over what reads and what records.

    Attributes:
        traced: whether crises leave traces. fault: the defect that it was started with.
        footprint: what it leaves beside its records. care: the records of care, if it keeps any.
    """

    mind: Mind
    records: Records
    desk: TokenDesk
    limit: RateLimit
    metrics: Metrics
    load: Load
    pacing: Pacing
    clock: Callable[[], float]
    traced: bool = False
    fault: Defect = CLEAN
    footprint: Footprint = field(default_factory=Footprint)
    care: Care | None = None

    def routes(self) -> list[Route]:
        """Return the routes of the service."""
        table: list[_Row] = [
            ("POST", "/oauth/token", self.token),
            ("POST", "/v1/chat/completions", self.chat),
            ("POST", "/v1/crisis", self.crisis),
            ("POST", "/v1/emotion", self.emotion),
            ("POST", "/v1/consent", self.consent),
            *self._instruments(),
            ("GET", "/v1/crisis/traces", self.traces),
            ("GET", "/v1/crisis/traces/{id}", self.trace),
            ("GET", "/v1/models", self.models),
            ("GET", "/v1/model", self.model),
            ("GET", "/health", self.health),
            ("GET", "/ready", self.ready),
            ("GET", "/metrics", self.prometheus),
            ("GET", "/openapi.json", self.openapi),
        ]
        if self.footprint.recent() is not None:
            table.append(("GET", "/debug/requests", self.debug))
        routes = [Route(path, endpoint, methods=[method]) for method, path, endpoint in table]
        if self.care is not None:
            admission = Admission(self.care, of_program=self._program, records=self.records)
            routes += [starlette_route(each, admission) for each in care_routes(self.care)]
        return routes

    async def token(self, request: Request) -> Response:
        """Hand out a token. RFC 6749, section 4.4."""
        exchange = exchange_of(request.scope)
        self.limit.admit(f"address:{exchange.address}", _TOKEN_REQUESTS_PER_MINUTE)
        form = form_of(await limited_body(request))
        if form.get("grant_type") != "client_credentials":
            raise OAuthProblem(
                400, "unsupported_grant_type", "send grant_type=client_credentials as a form"
            )
        client_id, secret = credentials_of(request, form)
        scopes = frozenset(form["scope"].split()) if "scope" in form else None
        token = self.desk.issue(client_id, secret, scopes)
        exchange.client = client_id
        # Urgent: without a token nobody can disclose anything.
        await self._audit(request, "token.issue", urgent=True)
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
        arrived = self.clock()
        body, turns = await self._said(request)
        model, patient = self._model_asked_for(body), optional_name(body, "user")
        stream = optional_bool(body, "stream")
        with self.load.held():
            await asyncio.sleep(self.mind.delay_s())
            answer = await self.mind.chat(turns)
            if not answer.assessment.crisis:
                await self._require_consent(request, patient)
            exchanged = self._exchanged(request, turns, answer, arrived)
            without = await self.records.exchange(exchanged)
            self._count_crisis(flagged=answer.assessment.crisis)
            await self.footprint.looked_over(exchanged.access.actor, patient, turns, answer)
            answer = self.footprint.worded(turns, answer)
            trace = exchanged.trace if self.traced else ""
            completion = wire.Completion(
                exchanged.id,
                int(exchanged.read_at),
                model,
                answer,
                trace,
                without,
                self._escalated(answer),
            )
            headers = {"x-trace-id": trace} if trace else {}
            if not stream:
                await self.pacing.whole(answer.text)
                return JSONResponse(wire.completion(completion, turns), headers=headers)
        pieces = self.load.during(wire.events(completion, self.pacing))
        return StreamingResponse(pieces, media_type="text/event-stream", headers=headers)

    async def crisis(self, request: Request) -> Response:
        """Say whether a conversation discloses a crisis."""
        _, turns = await self._conversation(request, "crisis")
        judged = await self.mind.crisis(turns)
        await self._audit(request, "crisis.assess", urgent=judged.assessment.crisis)
        self._count_crisis(flagged=judged.assessment.crisis)
        return JSONResponse({**wire.safety(judged.assessment), **wire.degraded(judged.degraded)})

    async def emotion(self, request: Request) -> Response:
        """Name the emotion of the last user message."""
        body, turns = await self._conversation(request, "emotion")
        await self._require_consent(request, optional_name(body, "user"))
        reading = await self.mind.emotion(turns)
        await self._audit(request, "emotion.read")
        return JSONResponse({"emotion": reading.emotion, "scores": dict(reading.scores)})

    async def score(self, request: Request, name: str) -> Response:
        """Score one sheet of a questionnaire."""
        self._admit(request, "instruments")
        body = await json_object(request)
        patient = optional_name(body, "user")
        scoring = self._scored(name, sheet_of(body, "answers", name))
        if not scoring.follow_up:
            # As with a crisis: who must be looked at is not turned away.
            await self._require_consent(request, patient)
        await self._audit(request, "instrument.score", urgent=bool(scoring.follow_up))
        return JSONResponse(wire.scoring(scoring))

    async def score_many(self, request: Request, name: str) -> Response:
        """Score sheets of nobody in particular, as an import or an evaluation has them."""
        self._admit(request, "instruments")
        sheets = sheets_of(await json_object(request), name)
        results = [wire.scoring(self._scored(name, sheet)) for sheet in sheets]
        await self._audit(request, "instrument.score")
        return JSONResponse({"results": results})

    async def consent(self, request: Request) -> Response:
        """Record that a patient agrees, or takes it back; both take one call."""
        self._admit(request, "consent")
        body = await json_object(request)
        patient, text = required_name(body, "patient"), required_name(body, "text")
        granted = required_bool(body, "granted")
        access = self._event(request, "consent.give" if granted else "consent.withdraw")
        await self.records.consent(patient, granted=granted, text=text, access=access)
        self.footprint.keep_consent(access.actor, patient, granted=granted)
        self.footprint.named(exchange_of(request.scope), patient)
        return JSONResponse({"granted": granted, "text": text})

    async def trace(self, request: Request) -> Response:
        """Return what happened after a disclosure."""
        self._admit(request, "traces")
        found = await self.records.trace(request.path_params["id"])
        await self._audit(request, "trace.read")
        if found is None:
            raise Problem(404, "not_found", "no crisis has this trace id")
        return JSONResponse(found.shown())

    async def traces(self, request: Request) -> Response:
        """List the newest crisis traces."""
        self._admit(request, "traces")
        asked = request.query_params.get("limit", "100")
        if not (asked.isdecimal() and 1 <= int(asked) <= MOST_TRACES):
            raise Problem(422, "invalid_request", f"limit must be 1 to {MOST_TRACES}")
        found = await self.records.traces(int(asked))
        await self._audit(request, "trace.list")
        return JSONResponse({"traces": found})

    async def models(self, _request: Request) -> Response:
        """List the one model that is served, in the form of the OpenAI API."""
        name = self.mind.card.model
        entry = {"id": name, "object": "model", "created": 0, "owned_by": "clinigate-reference"}
        return JSONResponse({"object": "list", "data": [entry]})

    async def model(self, _request: Request) -> Response:
        """Say what the model is, what it has seen, and what it cannot say."""
        return JSONResponse(wire.model_card(self.mind.card))

    async def health(self, _request: Request) -> Response:
        """Say that the process answers, and what it is."""
        card = self.mind.card
        return JSONResponse(
            {"status": "ok", "model": card.model, "fitted_to": card.fitted_to, "notice": NOTICE}
        )

    async def ready(self, _request: Request) -> Response:
        """Say whether requests can be served: the records can be written."""
        ready, lost = self.records.ready(), self.records.lost()
        more = {"lost": list(lost)} if lost else {}
        return JSONResponse({"ready": ready, **more}, 200 if ready else 503)

    async def prometheus(self, request: Request) -> Response:
        """Return the counters. They tell how many people are in a crisis, so they need a scope."""
        self._admit(request, "metrics")
        return PlainTextResponse(self.metrics.render(), media_type=CONTENT_TYPE)

    async def openapi(self, _request: Request) -> Response:
        """Describe every route for programs."""
        return JSONResponse(document(() if self.care is None else care_routes(self.care)))

    async def debug(self, _request: Request) -> Response:
        """Show what was last said, to anyone: the fault of one defect."""
        return JSONResponse({"recent": self.footprint.recent()})

    def _instruments(self) -> Iterator[_Row]:
        """The routes of each questionnaire."""
        for name in INSTRUMENTS:
            yield "POST", f"/v1/instruments/{name}/score", partial(self.score, name=name)
            yield "POST", f"/v1/instruments/{name}/scores", partial(self.score_many, name=name)

    def _scored(self, name: str, sheet: tuple[int, ...]) -> Scoring:
        return self.fault.scored(name, score_sheet(name, sheet))

    async def _conversation(
        self, request: Request, scope: str
    ) -> tuple[dict[str, Any], tuple[Turn, ...]]:
        self._admit(request, scope)
        said = await self._said(request)
        await asyncio.sleep(self.mind.delay_s())
        return said

    async def _said(self, request: Request) -> tuple[dict[str, Any], tuple[Turn, ...]]:
        """Return the body of a request, and the conversation in it."""
        body = await json_object(request)
        turns = messages_of(body)
        exchange = exchange_of(request.scope)
        exchange.logged = self.fault.logged(turns)
        self.footprint.heard(exchange, turns)
        return body, turns

    async def _require_consent(self, request: Request, patient: str | None) -> None:
        """Refuse a named patient who did not agree; without a name there is nobody to ask."""
        if patient is None or not self.fault.asks_consent:
            return
        exchange = exchange_of(request.scope)
        self.footprint.named(exchange, patient)
        agreed = self.footprint.known_consent(exchange.client, patient)
        if agreed is None:
            agreed = await self.records.consented(exchange.client, patient)
        if not agreed:
            raise Problem(
                403, "consent_required", "this patient has not agreed; record it at /v1/consent"
            )

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
        if scope not in grant.scopes | self.fault.unscoped:
            raise Problem(
                403,
                "insufficient_scope",
                f"the token lacks the scope {scope}",
                {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )
        client = grant.client
        self.limit.admit(client.id, client.requests_per_minute, client.requests_per_hour)
        return grant

    def _program(self, request: Request, scope: str) -> Who:
        """Let a program in that asks for records of care."""
        grant = self._admit(request, scope)
        return Who(grant.client.id, "service", None, grant.scopes)

    def _model_asked_for(self, body: dict[str, Any]) -> str:
        served = self.mind.card.model
        if body.get("model", served) != served:
            raise Problem(404, "model_not_found", f"the only model served here is {served}")
        return served

    def _exchanged(
        self, request: Request, turns: tuple[Turn, ...], answer: Answer, arrived: float
    ) -> Exchanged:
        """Put together what goes on record before the reply may be sent.

        A request that is sent again with the same Idempotency-Key is the same conversation, and
        the same crisis.
        """
        key = request.headers.get("idempotency-key", "")
        once = (
            _digest_of(exchange_of(request.scope).client, key, turns)
            if key
            else secrets.token_hex(32)
        )
        given = trace_id_of(request.headers.get("traceparent", ""))
        resource = f"chatcmpl-{once[:24]}"
        return Exchanged(
            id=resource,
            access=self._event(request, "chat.complete", resource),
            turns=turns,
            answer=answer,
            disclosed_at=arrived,
            read_at=self.clock(),
            trace=given or (once[32:] if key else new_trace_id()),
        )

    async def _audit(self, request: Request, action: str, *, urgent: bool = False) -> None:
        if action not in self.fault.unaudited:
            await self.records.access(self._event(request, action), urgent=urgent)

    def _event(self, request: Request, action: str, resource: str = "") -> AuditEvent:
        exchange = exchange_of(request.scope)
        return AuditEvent(
            actor=exchange.client,
            action=action,
            outcome="ok",
            resource=resource,
            request=exchange.request,
            address=exchange.address,
        )

    def _escalated(self, answer: Answer) -> tuple[str, ...]:
        """What was raised for an answer that is on record, and so is its escalation."""
        raised = answer.assessment.crisis and self.fault.escalates
        return (EventName.DETECTED.value, EventName.INITIATED.value) if raised else ()

    def _count_crisis(self, *, flagged: bool) -> None:
        if flagged:
            self.metrics.crises.inc()


def _digest_of(client: str, key: str, turns: tuple[Turn, ...]) -> str:
    # With the words: a key used again for something else must not make a disclosure disappear.
    said = [[turn.role, turn.text] for turn in turns]
    return sha256_hex(canonical_bytes([client, key, said]))
