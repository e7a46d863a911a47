"""A JSON service over real connections: what is sent, what comes back, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clinigate.config.target import HttpSpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import ConfigError
from clinigate.targets import build_target, check_reachable, failed_outcomes

CHAT, CRISIS = Capability.CHAT, Capability.CRISIS
TALK = (Turn("user", "I feel low"), Turn("assistant", "Tell me more."), Turn("user", "No."))
SECTIONS = {
    "chat": {
        "path": "/chat",
        "request": {"messages": "{{messages}}", "seed": "{{seed}}"},
        "answer": {"text": "reply.text", "refusal": "reply.declined"},
    },
    "crisis": {
        "path": "/crisis",
        "method": "PUT",
        "request": {"text": "{{text}}"},
        "answer": {"flag": "$.result.flag", "score": "result.score"},
    },
}


class Service:
    """An application that answers what it is told to, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.bodies: list[Any] = []
        route = Route("/{rest:path}", self.answer, methods=["GET", "POST", "PUT"])
        self.app = Starlette(routes=[route])

    async def answer(self, request: Request) -> Response:
        self.requests.append(request)
        self.bodies.append(json.loads(await request.body() or b"null"))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Response) else JSONResponse(answer)


def ask(
    base_url: str,
    capability: Capability = CHAT,
    *,
    times: int = 1,
    base_dir: Path = Path(),
    environ: dict[str, str] | None = None,
    clock: Any = None,
    timeout_s: float = 20,
    **table: Any,
) -> Any:
    """Ask once and return the reply, or several times and return all."""
    spec = HttpSpec.model_validate({"kind": "http", "base_url": base_url, **SECTIONS, **table})

    async def run() -> list[Reply]:
        target = build_target(spec, base_dir=base_dir, environ=environ or {}, clock=clock)
        try:
            return [
                await target.ask(TALK, capability=capability, timeout_s=timeout_s, seed=3)
                for _ in range(times)
            ]
        finally:
            await target.aclose()

    replies = asyncio.run(run())
    return replies if times > 1 else replies[0]


def test_a_conversation_goes_out_and_an_answer_comes_back(serve: Any) -> None:
    """The template is filled, the path is followed, the whole answer is kept."""
    service = Service({"reply": {"text": "I hear you."}})
    reply = ask(serve(service.app))
    assert (reply.outcome, reply.text, reply.attempts) == (Outcome.ANSWERED, "I hear you.", 1)
    assert reply.raw == {"status": 200, "body": {"reply": {"text": "I hear you."}}}
    assert reply.latency_s > 0
    assert service.bodies == [
        {
            "messages": [
                {"role": "user", "content": "I feel low"},
                {"role": "assistant", "content": "Tell me more."},
                {"role": "user", "content": "No."},
            ],
            "seed": 3,
        }
    ]
    assert service.requests[0].method == "POST"


def test_a_crisis_answer(serve: Any) -> None:
    """Its own address and method; JSONPath and JMESPath side by side."""
    service = Service({"result": {"flag": True, "score": 0.75}})
    reply = ask(serve(service.app) + "/api", CRISIS)
    assert (reply.flag, reply.score) == (True, 0.75)
    assert (service.requests[0].method, service.requests[0].url.path) == ("PUT", "/api/crisis")


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        ({"result": {"flag": True}}, Outcome.UNPARSABLE, "score, looked up as 'result.score'"),
        ({"result": {"flag": "false", "score": 0}}, Outcome.UNPARSABLE, "flag, looked up as '$.re"),
        ({"data": 1}, Outcome.UNPARSABLE, 'the keys "data"; mend [target.crisis.answer]'),
        ([1], Outcome.UNPARSABLE, "no keys: it is a list"),
        (Response(b"", 200), Outcome.EMPTY, "no body"),
        (Response(b"", 204), Outcome.EMPTY, "no body"),
        (Response(b"<html>", 200), Outcome.UNPARSABLE, "not JSON"),
        (Response(b'{"a": NaN}', 200), Outcome.UNPARSABLE, "not JSON"),
        (Response(b'{"a": 1, "a": 2}', 200), Outcome.UNPARSABLE, "not JSON"),
        (Response(b'{"a": "\xff"}', 200), Outcome.UNPARSABLE, "not JSON"),
        (Response(b'{"a": ["\\ud800"]}', 200), Outcome.UNPARSABLE, "not JSON"),
        (Response(b"[" * 100_000, 200), Outcome.UNPARSABLE, "not JSON"),
        (
            Response(b"no gzip", 200, {"content-encoding": "gzip"}),
            Outcome.UNPARSABLE,
            "Content-Encoding",
        ),
        (Response(b" " * 9_000_000, 200), Outcome.UNPARSABLE, "longer than"),
        (Response(b"", 302, {"location": "/x"}), Outcome.ERROR, "redirects are not followed"),
        (Response(b"", 400), Outcome.ERROR, "does not understand the request (400)"),
        (Response(b"", 401), Outcome.ERROR, "(401); add [target.auth]"),
        (Response(b"", 403), Outcome.ERROR, "denies access (403)"),
        (Response(b"", 404), Outcome.ERROR, "nothing there (404); mend [target.crisis]"),
        (Response(b"", 405), Outcome.ERROR, "method there (405)"),
        (Response(b"", 418), Outcome.ERROR, "status 418"),
        (Response(b"", 422), Outcome.ERROR, "mend [target.crisis] request"),
        (Response(b"", 429, {"retry-after": "90"}), Outcome.THROTTLED, "throttles (429)"),
        (Response(b"secret 7", 500), Outcome.ERROR, "failed (500)"),
        (Response(b"", 503), Outcome.ERROR, "failed (503)"),
    ],
)
def test_outcomes(serve: Any, answer: Any, outcome: Outcome, words: str) -> None:
    """Each way of not answering has its outcome and its sentence, without what the body said."""
    reply = ask(serve(Service(answer).app), CRISIS, retries=0)
    assert reply.outcome is outcome
    assert words in reply.error
    assert "secret" not in reply.error


def test_a_refusal_and_a_blank(serve: Any) -> None:
    """A declared refusal is one, and blank words are no answer."""
    url = serve(Service({"reply": {"text": "x", "declined": True}}, {"reply": {"text": " "}}).app)
    assert [reply.outcome for reply in ask(url, times=2)] == [Outcome.REFUSED, Outcome.EMPTY]


def test_a_path_that_cannot_be_evaluated_finds_nothing(serve: Any) -> None:
    """A JMESPath function on the wrong type is the answer's fault, not an exception."""
    url = serve(Service({"n": None}).app)
    section = SECTIONS["chat"] | {"answer": {"text": "join('', n)"}}
    assert ask(url, chat=section).outcome is Outcome.UNPARSABLE


def test_throttling_over_the_wire(serve: Any, clock: Any) -> None:
    """429 with `Retry-After` in seconds and as a date is waited out and recorded."""
    dated = Response(b"", 429, {"retry-after": "Tue, 14 Nov 2023 22:31:00 GMT"})
    service = Service(Response(b"", 429, {"retry-after": "10"}), dated, {"reply": {"text": "hi"}})
    clock.time = 1000.0  # 2023-11-14 22:30:00 UTC on the test's clock
    reply = ask(serve(service.app), clock=clock)
    assert reply.answered
    assert failed_outcomes(reply) == (Outcome.THROTTLED, Outcome.THROTTLED)
    assert clock.slept == [10, 50]


def test_a_failing_service_gets_its_second_try(serve: Any, clock: Any) -> None:
    """A 500 is tried again, and the miss stays on record."""
    reply = ask(serve(Service(Response(b"", 500), {"reply": {"text": "hi"}}).app), clock=clock)
    assert reply.answered
    assert reply.attempts == 2
    assert failed_outcomes(reply) == (Outcome.ERROR,)


def test_cookies_do_not_tie_cases_together(serve: Any) -> None:
    """Each case stands for itself, whatever the service would like to remember."""
    greeting = JSONResponse({"reply": {"text": "hi"}})
    greeting.set_cookie("session", "abc")
    service = Service(greeting)
    ask(serve(service.app), times=2)
    assert "cookie" not in service.requests[1].headers


def test_tls_with_an_authority_of_one_s_own(serve: Any, authority: Any) -> None:
    """Trusted by its file, relative to the configuration; not trusted without."""
    url = serve(Service({"reply": {"text": "hi"}}).app, tls=True)
    trusted: Any = {"tls": {"ca_file": authority.ca_file.name}}
    assert ask(url, base_dir=authority.ca_file.parent, **trusted).answered
    stranger = ask(url)
    assert stranger.outcome is Outcome.ERROR
    assert "certificate that is not trusted" in stranger.error
    assert "[target.tls] ca_file" in stranger.error
    assert stranger.attempts == 1
    assert ask(url, tls={"verify": False}).answered


def test_a_file_of_authorities_must_be_one(tmp_path: Path) -> None:
    """Missing, or no certificate in it: said with file and field before anything is sent."""
    (tmp_path / "not.pem").write_text("hello")
    with pytest.raises(ConfigError, match=r"\[target.tls\] ca_file: gone\.pem cannot be read"):
        ask("https://127.0.0.1:1", base_dir=tmp_path, tls={"ca_file": "gone.pem"})
    with pytest.raises(ConfigError, match=r"not\.pem holds no certificate"):
        ask("https://127.0.0.1:1", base_dir=tmp_path, tls={"ca_file": "not.pem"})


def test_what_cannot_be_reached_says_why(serve: Any, unused_port: int, clock: Any) -> None:
    """Refused, unknown, no TLS: one sentence each, with the field to mend."""
    plain = serve(Service({}).app)
    cases = {
        f"http://127.0.0.1:{unused_port}": "is not reachable: connection refused; start it or mend",
        "http://no-such-host.invalid": "is not reachable",
        plain.replace("http:", "https:"): "speaks no TLS",
    }
    for url, words in cases.items():
        reply = ask(url, clock=clock)
        assert reply.outcome is Outcome.ERROR
        assert words in reply.error
        assert "[target] base_url" in reply.error


def test_reachability(serve: Any, unused_port: int, clock: Any) -> None:
    """One sentence before a run, or None."""

    async def look(url: str) -> str | None:
        spec = HttpSpec.model_validate(
            {"kind": "http", "name": "bot", "base_url": url, "chat": SECTIONS["chat"]}
        )
        target = build_target(spec, base_dir=Path(), environ={}, clock=clock)
        try:
            return await check_reachable(target)
        finally:
            await target.aclose()

    def reason(answer: Any) -> str | None:
        return asyncio.run(look(serve(Service(answer).app)))

    assert reason({"reply": {"text": "hi"}}) is None
    assert reason({"reply": {"text": ""}}) is None
    assert "mend [target.chat.answer]" in (reason({"answer": "hi"}) or "")
    challenge = {"www-authenticate": 'Bearer error="invalid_token", error_description="expired"'}
    assert "says the token has expired (401)" in (reason(Response(b"", 401, challenge)) or "")
    refused = asyncio.run(look(f"http://127.0.0.1:{unused_port}"))
    assert refused == (
        f"bot, chat: service at http://127.0.0.1:{unused_port}/chat is not reachable: "
        "connection refused; start it or mend [target] base_url"
    )
