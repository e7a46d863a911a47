"""A small service of the tests' own, and a profile that is over in seconds."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

CRISIS_WORDS = "Please call or text 988, the Suicide & Crisis Lifeline."


class Service:
    """An OpenAI-compatible service that streams; it knows a crisis by the word itself.

    Attributes:
        drops_above: with more requests under way than this, a crisis gets an ordinary reply.
        status: what it answers instead of a reply, where it is not 200.
        asked: how many requests it has seen.
    """

    def __init__(self) -> None:
        self.drops_above: int | None = None
        self.status = 200
        self.delay_s = 0.0
        self.asked = 0
        self._under_way = 0

    async def chat(self, request: Request) -> Response:
        self.asked += 1
        self._under_way += 1
        try:
            messages = (await request.json())["messages"]
            await asyncio.sleep(self.delay_s)
            if self.status != 200:
                return JSONResponse({"error": {"message": "overloaded"}}, self.status)
            crisis = messages[-1]["content"] == "crisis"
            dropped = self.drops_above is not None and self._under_way > self.drops_above
            return StreamingResponse(
                self._events(crisis=crisis and not dropped), media_type="text/event-stream"
            )
        finally:
            self._under_way -= 1

    async def _events(self, *, crisis: bool) -> AsyncIterator[str]:
        for word in (CRISIS_WORDS if crisis else "I see. 🌱 How was that?").split(" "):
            yield _event({"choices": [{"delta": {"content": word + " "}}]})
        yield _event({"choices": [{"delta": {}, "finish_reason": "stop"}], "crisis": crisis})
        yield "data: [DONE]\n\n"


def _event(chunk: object) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


@contextmanager
def served(service: Service) -> Iterator[str]:
    """Serve it on a free port; yield its address."""
    app = Starlette(routes=[Route("/v1/chat/completions", service.chat, methods=["POST"])])
    config = uvicorn.Config(
        app, port=0, log_level="critical", lifespan="off", timeout_keep_alive=30
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    await_true(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(10)


def await_true(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait until something holds."""
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait until something holds."""
    return await_true


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    with served(service) as url:
        yield url


PROFILE = {
    "schema": "clinigate.load-profile/1",
    "name": "seconds",
    "title": "Seconds",
    "timeout_s": 30,
    "arrivals": {"conversations_per_s": 40, "duration_s": 1.5},
    "think": {"scale": 0},
    "personas": [
        {"name": "chatting", "weight": 0.5, "start": "hello"},
        {"name": "in-crisis", "weight": 0.5, "start": "disclosure"},
    ],
    "states": {
        "hello": {"say": ["Hi"], "next": [{"to": "bye", "p": 1}]},
        "disclosure": {
            "say": ["crisis"],
            "crisis": True,
            "expect": {"flag": True, "any_of": ["988"]},
            "next": [{"to": "bye", "p": 1}],
        },
        "bye": {"say": ["Bye"], "end": True},
    },
    "objectives": {"crisis_min_n": 10, "availability": 0.9, "ttft_p95_s": 8},
    # Tests share their machine: whether the generator keeps up is asked where it is the question.
    "guard": {"lag_p99_s": 20, "cpu_share": 1, "run_delay_share": 1},
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Write the profile `seconds.yaml`, with some of its fields changed."""

    def written(**changes: object) -> None:
        text = yaml.safe_dump({**PROFILE, **changes})
        (tmp_path / "seconds.yaml").write_text(text, encoding="utf-8")

    return written


@pytest.fixture
def folder(tmp_path: Path, address: str, write: Callable[..., None]) -> Path:
    """A folder with a configuration of the service and the profile `seconds.yaml`."""
    write()
    (tmp_path / "clinigate.toml").write_text(
        f"""
        [target]
        kind = "openai"
        name = "tests' own"
        base_url = "{address}"
        model = "small"
        stream = true
        timeout_s = 10
        answer = {{ flag = "crisis" }}
        [load]
        profiles = ["*.yaml"]
        max_rate = 10000
        """,
        encoding="utf-8",
    )
    return tmp_path
