"""Connections: used again, no more of them than requests under way, and all closed at the end."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from clinigate.config.target import AsgiSpec, HttpSpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Reply
from clinigate.targets import build_target

SECTION = {"path": "/chat", "request": {"t": "{{text}}"}, "answer": {"text": "text"}}
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"text":"hi"}'


class Server:
    """Answers every request on every connection, as many at once as it is told to wait for."""

    def __init__(self, *, together: int = 1) -> None:
        self.connections = 0
        self.open = 0
        self.requests = 0
        self._together = together
        self._waiting = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                await self._meet()
                writer.write(ANSWER)
        self.open -= 1
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    async def _meet(self) -> None:
        """Wait until as many requests are under way as were announced."""
        async with self._waiting:
            self.requests += 1
            self._waiting.notify_all()
            await self._waiting.wait_for(lambda: self.requests >= self._together)


def asked(together: int, *rounds: int, authority: Any = None) -> tuple[list[Reply], Server]:
    """Ask in rounds of so many requests at once; return the replies and the server."""

    async def run() -> tuple[list[Reply], Server]:
        server = Server(together=together)
        context = authority.server_context() if authority else None
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        table = {
            "kind": "http",
            "base_url": f"{'https' if authority else 'http'}://127.0.0.1:{port}",
            "chat": SECTION,
            "limits": {"concurrency": 16},
        }
        if authority:
            table["tls"] = {"ca_file": str(authority.ca_file)}
        target = build_target(HttpSpec.model_validate(table), base_dir=Path(), environ={})
        async with listening:
            replies = [reply for count in rounds for reply in await _ask(target, count)]
            await target.aclose()
            while server.open:
                await asyncio.sleep(0)
        return replies, server

    return asyncio.run(run())


async def _ask(target: Any, count: int) -> list[Reply]:
    hello = [Turn("user", "hello")]
    asking = [target.ask(hello, capability=Capability.CHAT, timeout_s=20) for _ in range(count)]
    return list(await asyncio.gather(*asking))


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_one_after_the_other_needs_one_connection(authority: Any, secure: bool) -> None:
    """Used again for every request, and closed with the target."""
    replies, server = asked(1, 1, 1, 1, authority=authority if secure else None)
    assert [reply.text for reply in replies] == ["hi"] * 3
    assert (server.connections, server.open) == (1, 0)


def test_at_one_time_each_has_its_own_and_they_are_used_again() -> None:
    """Ten at once need ten; the next ten, one after the other or at once, need none more."""
    replies, server = asked(10, 10, 1, 1, 10)
    assert {reply.text for reply in replies} == {"hi"}
    assert (server.connections, server.open, server.requests) == (10, 0, 22)


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What contexts were made of."""
    made: list[dict[str, Any]] = []
    original: Callable[..., ssl.SSLContext] = httpx.create_ssl_context

    def counted(**how: Any) -> ssl.SSLContext:
        made.append(how)
        return original(**how)

    monkeypatch.setattr(httpx, "create_ssl_context", counted)
    return made


def test_a_context_is_made_once(contexts: list[dict[str, Any]], unused_port: int) -> None:
    """However many requests there are, and in however many loops: it takes longer than they do."""
    table = {"kind": "http", "base_url": f"https://127.0.0.1:{unused_port}", "chat": SECTION}
    spec = HttpSpec.model_validate({**table, "tls": {"verify": False}, "retries": 0})
    target = build_target(spec, base_dir=Path(), environ={})

    async def run() -> list[Reply]:
        replies = await _ask(target, 8)
        await target.aclose()
        return replies

    for _ in range(2):
        assert all("connection refused" in str(reply.error) for reply in asyncio.run(run()))
    assert contexts == [{"verify": False}]


def test_an_application_is_started_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to an ASGI application of this process share one client, and so its lifespan."""
    started = []

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> Any:
        started.append(app)
        yield

    async def chat(request: Any) -> JSONResponse:
        await asyncio.sleep(0)
        return JSONResponse({"text": "hi"})

    app = Starlette(routes=[Route("/chat", chat, methods=["POST"])], lifespan=lifespan)
    monkeypatch.setattr("clinigate.targets.build._load", lambda *_: app)
    spec = AsgiSpec.model_validate({"kind": "asgi", "app": "own:app", "chat": SECTION})
    target = build_target(spec, base_dir=tmp_path, environ={})

    async def run() -> list[Reply]:
        replies = await _ask(target, 8)
        await target.aclose()
        return replies

    assert {reply.text for reply in asyncio.run(run())} == {"hi"}
    assert len(started) == 1
