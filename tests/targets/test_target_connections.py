"""Our own connections: used again where they may be, never where they may not, always closed."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from clinigate.targets.connections import Connections
from clinigate.targets.credentials import Credentials
from clinigate.targets.wire import Wire, body_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LONG_S = 60.0


class Server:
    """Answers each request on a connection by the next of its answers, and keeps what it saw."""

    def __init__(self, *answers: bytes, hang_up: bool = False) -> None:
        self.answers = list(answers)
        self.hang_up = hang_up
        self.requests: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                self.requests.append(head + await reader.readexactly(int(length or 0)))
                writer.write(self.answers.pop(0))
                await writer.drain()
                if self.hang_up:
                    break
            else:
                await reader.read()
        self.open -= 1
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
        self.left.set()


@contextlib.asynccontextmanager
async def talking(
    server: Server, *, idle_s: float = LONG_S, authority: Any = None, host: str = "127.0.0.1"
) -> AsyncIterator[tuple[Connections, str]]:
    """Run the server, and connections that trust it."""
    context = authority.server_context() if authority else None
    listening = await asyncio.start_server(server.serve, host, 0, ssl=context)
    connections = Connections(
        lambda: ssl.create_default_context(cafile=authority.ca_file), idle_s=idle_s
    )
    port = listening.sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    async with listening:
        try:
            yield connections, f"{'https' if authority else 'http'}://{shown}:{port}/path?q=1"
        finally:
            await connections.aclose()
            while server.open:
                server.left.clear()
                await asyncio.wait_for(server.left.wait(), 20)


async def ask(connections: Connections, url: str, body: bytes = b"hello") -> bytes:
    request = httpx.Request("POST", url, content=body)
    response = await connections.handle_async_request(request)
    response.request = request
    return await response.aread()


async def asked(connections: Connections, url: str, times: int) -> list[bytes]:
    return [await ask(connections, url) for _ in range(times)]


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_one_connection_serves_many_requests(authority: Any, secure: bool) -> None:
    """Each request arrives whole, in one connection, and the last answer closes nothing."""
    server_made = []

    async def run() -> list[bytes]:
        server = Server(OK, OK, OK)
        server_made.append(server)
        async with talking(server, authority=authority if secure else None) as (links, url):
            return await asked(links, url, 3)

    assert asyncio.run(run()) == [b"ok"] * 3
    (server,) = server_made
    assert server.connections == 1
    assert [request.partition(b"\r\n")[0] for request in server.requests] == [
        b"POST /path?q=1 HTTP/1.1"
    ] * 3
    assert all(request.endswith(b"\r\n\r\nhello") for request in server.requests)


def test_requests_at_one_time_have_connections_of_their_own() -> None:
    """Ten at once need ten; the eleventh finds one free."""

    async def run() -> int:
        server = Server(*[OK] * 11)
        async with talking(server) as (links, url):
            await asyncio.gather(*(ask(links, url) for _ in range(10)))
            assert server.connections == 10
            await ask(links, url)
        return server.connections

    assert asyncio.run(run()) == 10


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["close", "HTTP/1.0"],
)
def test_what_may_not_be_used_again_is_not(answer: bytes) -> None:
    """A service that says so gets a new connection for the next request."""

    async def run() -> int:
        server = Server(answer, OK)
        async with talking(server) as (links, url):
            assert await asked(links, url, 2) == [b"ok", b"ok"]
        return server.connections

    assert asyncio.run(run()) == 2


def test_a_connection_that_was_hung_up_on_is_not_used_again() -> None:
    """Between two requests the service leaves: the second one notices, and is no lost answer."""

    async def run() -> int:
        server = Server(OK, OK, hang_up=True)
        async with talking(server) as (links, url):
            await ask(links, url)
            await server.left.wait()
            await ask(links, url)
        return server.connections

    assert asyncio.run(run()) == 2


def test_a_connection_grows_old() -> None:
    """One that was unused for longer than services keep it is left alone."""

    async def run() -> int:
        server = Server(OK, OK)
        async with talking(server, idle_s=-1) as (links, url):
            await asked(links, url, 2)
        return server.connections

    assert asyncio.run(run()) == 2


def test_bytes_that_nobody_asked_for_end_a_connection() -> None:
    """A second answer to one request is not taken for the answer to the next."""

    async def run() -> list[bytes]:
        server = Server(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", OK)
        async with talking(server) as (links, url):
            return await asked(links, url, 2)

    assert asyncio.run(run()) == [b"ok", b"ok"]


def test_an_answer_that_is_not_read_closes_its_connection() -> None:
    """The rest of it would else be read as the next answer."""

    async def run() -> int:
        server = Server(OK.replace(b"2\r\n", b"9\r\n"), OK)
        async with talking(server) as (links, url):
            request = httpx.Request("POST", url, content=b"x")
            response = await links.handle_async_request(request)
            await response.aclose()
            await ask(links, url)
        return server.connections

    assert asyncio.run(run()) == 2


def test_a_request_that_is_given_up_closes_its_connection() -> None:
    """Cancelled while it waits, as a time limit does: the service sees it go."""

    async def run() -> None:
        server = Server(b"", OK)
        async with talking(server) as (links, url):
            task = asyncio.create_task(ask(links, url))
            while not server.requests:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.left.wait(), 20)
            assert server.open == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
    ids=["continue", "chunked", "no content"],
)
def test_answers_of_every_form(answer: bytes, body: bytes) -> None:
    """And the connection is used again after each."""

    async def run() -> int:
        server = Server(answer, OK)
        async with talking(server) as (links, url):
            assert await ask(links, url) == body
            assert await ask(links, url) == b"ok"
        return server.connections

    assert asyncio.run(run()) == 1


def test_an_answer_that_lasts_until_the_end_of_the_connection() -> None:
    """Without a length, whatever comes until the service hangs up."""

    async def run() -> bytes:
        server = Server(b"HTTP/1.1 200 OK\r\n\r\nall of it", hang_up=True)
        async with talking(server) as (links, url):
            return await ask(links, url)

    assert asyncio.run(run()) == b"all of it"


def test_an_answer_before_the_question_was_read() -> None:
    """A service that refuses a long request early is heard."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Long\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()
        left.set()

    left = asyncio.Event()

    async def run() -> int:
        listening = await asyncio.start_server(refuse, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        links = Connections(ssl.create_default_context, idle_s=LONG_S)
        async with listening:
            request = httpx.Request("POST", f"http://127.0.0.1:{port}/", content=b"x" * 4_000_000)
            response = await links.handle_async_request(request)
            await response.aclose()
            await links.aclose()
            await asyncio.wait_for(left.wait(), 20)
        return response.status_code

    assert asyncio.run(run()) == 413


@pytest.mark.parametrize(
    ("header", "error"), [("a\r\nb: c", httpx.LocalProtocolError), (None, httpx.ConnectError)]
)
def test_errors_are_those_of_httpx(header: str | None, error: type, unused_port: int) -> None:
    """Whoever calls knows one tree of errors, and the cause is kept."""

    async def run() -> None:
        server = Server(OK)
        async with talking(server) as (links, url):
            headers = {"X-Test": header} if header else {}
            address = url if header else f"http://127.0.0.1:{unused_port}/"
            request = httpx.Request("POST", address, headers=headers, content=b"")
            with pytest.raises(error) as raised:
                await links.handle_async_request(request)
            assert raised.value.__cause__ is not None

    asyncio.run(run())


def test_a_service_that_nobody_vouches_for(authority: Any) -> None:
    """The certificate is verified against what the context trusts."""

    async def run() -> None:
        server = Server(OK)
        async with talking(server, authority=authority) as (_, url):
            strangers = Connections(ssl.create_default_context, idle_s=LONG_S)
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                await ask(strangers, url)
        async with talking(Server(OK), authority=authority, host="127.0.0.2") as (links, url):
            with pytest.raises(httpx.ConnectError, match="certificate is not valid for '127"):
                await ask(links, url)

    asyncio.run(run())


def wire(base_url: str, **how: Any) -> Wire:
    from clinigate.config.target import Auth
    from clinigate.targets.clock import SystemClock

    return Wire(
        base_url,
        credentials=Credentials(Auth(), None, {}),
        tokens=None,
        clock=SystemClock(),
        concurrency=2,
        **how,
    )


@pytest.mark.parametrize(
    ("base_url", "proxy", "ours"),
    [
        ("https://service.example", None, True),
        ("https://service.example", "http://proxy.example:3128", False),
        ("https://127.0.0.1:8443", "http://proxy.example:3128", True),
    ],
)
def test_a_proxy_is_left_to_httpx(
    monkeypatch: pytest.MonkeyPatch, base_url: str, proxy: str | None, ours: bool
) -> None:
    """Where the environment names one, and a proxy may stand before the service."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    if proxy:
        monkeypatch.setenv("https_proxy", proxy)

    async def run() -> bool:
        made = wire(base_url)
        client = made._clients.get()
        is_ours = isinstance(client._transport, Connections)
        await made.aclose()
        return is_ours

    assert asyncio.run(run()) is ours


def test_the_context_is_made_once(authority: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many loops and connections there are."""
    made = []
    original: Callable[..., ssl.SSLContext] = httpx.create_ssl_context
    monkeypatch.setattr(
        httpx, "create_ssl_context", lambda **how: made.append(how) or original(**how)
    )
    unverified = {}

    async def run() -> None:
        server = Server(OK, OK)
        context = authority.server_context()
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        link = unverified.setdefault("wire", wire("https://127.0.0.1", verify=False))
        link._base_url = f"https://127.0.0.1:{port}"
        async with listening:
            for _ in range(2):
                received = await link.exchange("POST", "/", {}, field="[target.chat]", read=body_of)
                assert received.value == b"ok"
            await link.aclose()

    asyncio.run(run())
    asyncio.run(run())
    assert made == [{"verify": False}]
