"""Credentials come from the environment, go to the service, and appear nowhere else."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clinigate.config.target import HttpSpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import ConfigError
from clinigate.targets import build_target

HELLO = (Turn("user", "hello"),)
ENVIRON = {
    "TOKEN": "bearer-secret-1",
    "KEY": "key-secret-2",
    "ID": "client:1",
    "SECRET": "s%cret-3",
}
OAUTH2 = {"token_url": "/token", "client_id_env": "ID", "client_secret_env": "SECRET"}


class Guarded:
    """A service that wants a token, and the endpoint that issues them."""

    def __init__(self, *, life_s: Any = 3600) -> None:
        self.life_s = life_s
        self.issued = 0
        self.valid: set[str] = set()
        self.token_requests: list[tuple[dict[str, str], dict[str, list[str]]]] = []
        self.seen: list[dict[str, str]] = []
        self.token_answer: Response | None = None
        self.app = Starlette(
            routes=[
                Route("/token", self.token, methods=["POST"]),
                Route("/chat", self.chat, methods=["POST"]),
                Route("/echo", self.echo, methods=["POST"]),
            ]
        )

    async def token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        self.token_requests.append((dict(request.headers), form))
        if self.token_answer is not None:
            return self.token_answer
        self.issued += 1
        token = f"access-token-{self.issued}"
        self.valid = {token}
        return JSONResponse({"access_token": token, "expires_in": self.life_s})

    async def chat(self, request: Request) -> Response:
        self.seen.append(dict(request.headers))
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            return Response(b"", 401)
        return JSONResponse({"text": "hi"})

    async def echo(self, request: Request) -> Response:
        self.seen.append(dict(request.headers))
        return JSONResponse({"text": "hi", "headers": dict(request.headers)})


def build(base_url: str, auth: dict[str, Any], clock: Any = None, **table: Any) -> Any:
    path = table.pop("path", "/chat")
    chat = {"path": path, "request": {"t": "{{text}}"}, "answer": {"text": "text"}}
    spec = HttpSpec.model_validate(
        {"kind": "http", "base_url": base_url, "chat": chat, "auth": auth, "retries": 0, **table}
    )
    return build_target(spec, base_dir=Path(), environ=ENVIRON, clock=clock)


async def ask(target: Any) -> Reply:
    reply: Reply = await target.ask(HELLO, capability=Capability.CHAT, timeout_s=20)
    return reply


def ask_once(target: Any) -> Reply:
    async def run() -> Reply:
        try:
            return await ask(target)
        finally:
            await target.aclose()

    return asyncio.run(run())


def test_bearer_header_and_evaluator(serve: Any) -> None:
    """Each travels in its header, with its value from the environment."""
    service = Guarded()
    evaluator = {"evaluator_header": {"name": "X-Evaluator", "value": {"env": "KEY"}}}
    auth = {"bearer_env": "TOKEN", "headers": {"X-Team": "care", "X-Api-Key": {"env": "KEY"}}}
    assert ask_once(build(serve(service.app), auth, path="/echo", limits=evaluator)).answered
    seen = service.seen[0]
    assert seen["authorization"] == "Bearer bearer-secret-1"
    assert seen["x-api-key"] == seen["x-evaluator"] == "key-secret-2"
    assert seen["x-team"] == "care"


def test_a_service_that_echoes_a_secret_does_not_get_it_into_the_evidence(serve: Any) -> None:
    """What is kept of the answer holds none of our secrets."""
    auth = {"bearer_env": "TOKEN", "headers": {"X-Api-Key": {"env": "KEY"}}}
    reply = ask_once(build(serve(Guarded().app), auth, path="/echo"))
    assert reply.raw["body"]["headers"]["authorization"] == "Bearer [secret]"
    assert "secret-" not in repr(reply)


@pytest.mark.parametrize(
    ("auth", "field"),
    [
        ({"bearer_env": "GONE"}, "bearer_env"),
        ({"headers": {"X-Api-Key": {"env": "GONE"}}}, "headers.X-Api-Key"),
        ({"oauth2": OAUTH2 | {"client_id_env": "GONE"}}, "client_id_env"),
        ({"oauth2": OAUTH2 | {"client_secret_env": "GONE"}}, "client_secret_env"),
    ],
)
def test_a_missing_variable_is_named_with_its_field(auth: dict[str, Any], field: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError) as caught:
        build("http://127.0.0.1:1", auth)
    assert f"{field}: the environment variable GONE is not set; export it" in str(caught.value)


@pytest.mark.parametrize("value", ["", "  ", "two\nlines-secret", "sécret"])
def test_a_variable_must_hold_a_header_value(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty or unfit: refused without a word of its value."""
    monkeypatch.setitem(ENVIRON, "TOKEN", value)
    with pytest.raises(ConfigError) as caught:
        build("http://127.0.0.1:1", {"bearer_env": "TOKEN"})
    assert "TOKEN" in str(caught.value)
    assert "cret" not in str(caught.value)


def test_no_repr_shows_a_secret() -> None:
    """Neither the target nor what it is made of."""
    auth = {"headers": {"X-Api-Key": {"env": "KEY"}}, "oauth2": OAUTH2}
    target = build("http://127.0.0.1:1", auth)
    wire = target._backend._wire
    shown = [repr(target), repr(wire), repr(wire._credentials), repr(wire._tokens)]
    assert not [text for text in shown if "cret" in text]


def test_one_token_serves_many_requests(serve: Any) -> None:
    """Fetched once though ten ask at the same time; id and secret are encoded as RFC 6749 says."""
    service = Guarded()

    async def run() -> list[Reply]:
        target = build(serve(service.app), {"oauth2": OAUTH2 | {"scope": "chat crisis"}})
        replies = await asyncio.gather(*(ask(target) for _ in range(10)))
        await target.aclose()
        return replies

    assert all(reply.answered and reply.attempts == 1 for reply in asyncio.run(run()))
    assert service.issued == 1
    headers, form = service.token_requests[0]
    pair = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "client%3A1:s%25cret-3"
    assert form == {"grant_type": ["client_credentials"], "scope": ["chat crisis"]}


def test_the_client_in_the_form(serve: Any) -> None:
    """For token services that want it there."""
    service = Guarded()
    assert ask_once(
        build(serve(service.app), {"oauth2": OAUTH2 | {"client_auth": "body"}})
    ).answered
    headers, form = service.token_requests[0]
    assert "authorization" not in headers
    assert (form["client_id"], form["client_secret"]) == (["client:1"], ["s%cret-3"])


def test_the_service_s_own_keys_do_not_go_to_the_token_service(serve: Any) -> None:
    """It may be somebody else's."""
    service = Guarded()
    auth = {"headers": {"X-Api-Key": {"env": "KEY"}}, "oauth2": OAUTH2}
    assert ask_once(build(serve(service.app), auth)).answered
    assert "x-api-key" not in service.token_requests[0][0]


@pytest.mark.parametrize(
    ("life_s", "pause_s", "issued"),
    [(3600, 3569, 1), (3600, 3570, 2), (60, 53, 1), (60, 54, 2), (None, 1e6, 1), ("60", 1e6, 1)],
)
def test_a_token_is_renewed_before_it_expires(
    serve: Any, clock: Any, life_s: Any, pause_s: float, issued: int
) -> None:
    """30 s before its end, or a tenth of its life; one without an end is kept."""
    service = Guarded(life_s=life_s)

    async def run() -> list[Reply]:
        target = build(serve(service.app), {"oauth2": OAUTH2}, clock)
        first = await ask(target)
        clock.time += pause_s
        replies = [first, await ask(target)]
        await target.aclose()
        return replies

    assert all(reply.answered for reply in asyncio.run(run()))
    assert service.issued == issued


def test_a_token_that_is_refused_is_renewed_once(serve: Any) -> None:
    """A revoked token is our affair, not a failed attempt of the service; twice is an error."""
    service = Guarded()

    async def run() -> list[Reply]:
        target = build(serve(service.app), {"oauth2": OAUTH2})
        await ask(target)
        service.valid.clear()
        renewed = await asyncio.gather(*(ask(target) for _ in range(5)))
        await target.aclose()
        return renewed

    replies = asyncio.run(run())
    assert all(reply.answered and not reply.failures for reply in replies)
    assert service.issued == 2


def test_a_token_that_never_helps_is_an_error(serve: Any) -> None:
    """Renewed once, refused again: said with the variables to check."""
    service = Guarded()
    service.token_answer = JSONResponse({"access_token": "worthless-token"})
    reply = ask_once(build(serve(service.app), {"oauth2": OAUTH2}))
    assert reply.outcome is Outcome.ERROR
    assert "refuses the credentials (401); check ID, SECRET and [target.auth.oauth2]" in str(
        reply.error
    )
    assert len(service.token_requests) == len(service.seen) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(b"", 401), "refuses the client (401)"),
        (Response(b'{"error":"invalid_client"}', 400), "refuses the client (400)"),
        (Response(b"", 500), "failed (500)"),
        (Response(b"", 404), "status 404; mend [target.auth.oauth2] token_url"),
        (Response(b"hello", 200), "gives no access_token"),
        (JSONResponse([1]), "gives no access_token"),
        (JSONResponse({"access_token": ""}), "gives no access_token"),
        (JSONResponse({"access_token": "a\nb"}), "gives no access_token"),
    ],
)
def test_a_token_service_that_gives_none(serve: Any, answer: Response, words: str) -> None:
    """One sentence that speaks of the token, not of the service under test."""
    service = Guarded()
    service.token_answer = answer
    reply = ask_once(build(serve(service.app), {"oauth2": OAUTH2}))
    assert reply.outcome is Outcome.ERROR
    assert str(reply.error).startswith("no access token: service at http://127.0.0.1:")
    assert words in str(reply.error)
    assert service.seen == []


def test_a_token_service_that_is_not_there(serve: Any, unused_port: int) -> None:
    """Its address is named, and the field to mend."""
    auth = {"oauth2": OAUTH2 | {"token_url": f"http://127.0.0.1:{unused_port}/token"}}
    reply = ask_once(build(serve(Guarded().app), auth))
    assert "connection refused; start it or mend [target.auth.oauth2] token_url" in str(reply.error)
