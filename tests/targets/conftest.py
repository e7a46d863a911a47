"""A clock that tests drive, and real servers on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvicorn


class FakeClock:
    """Time that passes only while everybody sleeps, and then up to the first who wakes."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_700_000_000.0 + self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, len(self.slept), woken))
        if len(self._sleepers) == 1:
            loop.call_soon(self._pass, loop, 20)
        await woken

    def _pass(self, loop: asyncio.AbstractEventLoop, patience: int) -> None:
        """Wake the first sleeper, after those who are awake had their turns."""
        if patience:
            loop.call_soon(self._pass, loop, patience - 1)
            return
        wake, _, woken = heapq.heappop(self._sleepers)
        self.time = max(self.time, wake)
        if not woken.done():
            woken.set_result(None)
        if self._sleepers:
            loop.call_soon(self._pass, loop, 20)


class ThreadedServer(uvicorn.Server):
    """uvicorn in a thread, which says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.port = 0

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.port = self.servers[0].sockets[0].getsockname()[1]
        self.ready.set()


class Authority:
    """A certificate authority of its own, and a server certificate by it."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", "localhost")
        self.ca_file = folder / "ca.pem"
        self.cert = folder / "server.pem"
        self.key = folder / "server.key"
        authority.cert_pem.write_to_path(self.ca_file)
        issued.cert_chain_pems[0].write_to_path(self.cert)
        issued.private_key_pem.write_to_path(self.key)

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def raw_service(answer: Handler, **how: Any) -> AsyncIterator[str]:
    """A server that reads one request and leaves the rest to `answer`; yields its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    await reader.readexactly(int(line.partition(b":")[2]))
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, **how)
    scheme = "https" if how.get("ssl") else "http"
    async with server:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def serve(authority: Authority) -> Iterator[Callable[..., str]]:
    """Start an ASGI application on loopback and return its URL."""
    running: list[tuple[ThreadedServer, threading.Thread]] = []

    def start(app: Any, *, tls: bool = False) -> str:
        config = uvicorn.Config(
            app,
            port=0,
            log_level="critical",
            lifespan="off",
            ssl_keyfile=authority.key if tls else None,
            ssl_certfile=authority.cert if tls else None,
        )
        server = ThreadedServer(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        assert server.ready.wait(20), "the test's server does not start"
        return f"{'https' if tls else 'http'}://127.0.0.1:{server.port}"

    yield start
    for server, _ in running:
        server.should_exit = True
    for _, thread in running:
        thread.join(20)


@pytest.fixture
def unused_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def raw() -> Callable[..., AbstractAsyncContextManager[str]]:
    return raw_service
