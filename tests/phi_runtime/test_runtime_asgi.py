"""The middleware sees what passes on every surface, holds little, and stops what it shall stop."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.phi.runtime.asgi import PhiMiddleware, Sighting
from clinigate.phi.runtime.holding import LEAST_LIMIT
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.window import SLICE, Window

Message = MutableMapping[str, Any]
FILL = b"the quick brown fox jumps over the lazy dog\n"


def scope(**more: Any) -> Message:
    return {
        "type": "http",
        "method": "POST",
        "path": "/notes",
        "raw_path": b"/notes",
        "query_string": b"",
        "headers": [],
        **more,
    }


class Client:
    """Sends pieces of a request, and keeps what comes back, and in which order."""

    def __init__(self, *pieces: bytes) -> None:
        parts = pieces or (b"",)
        self.to_send: list[Message] = [
            {"type": "http.request", "body": piece, "more_body": number < len(parts)}
            for number, piece in enumerate(parts, start=1)
        ]
        self.got: list[Message] = []

    async def receive(self) -> Message:
        return self.to_send.pop(0) if self.to_send else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.got.append(message)

    @property
    def status(self) -> int:
        return int(self.got[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(each.get("body", b"") for each in self.got[1:])

    @property
    def whole(self) -> bool:
        return not self.got[-1].get("more_body", False)


class Service:
    """Reads its request and answers with given pieces."""

    def __init__(self, *pieces: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.pieces, self.headers = pieces or (b"fine",), headers
        self.read = b""
        self.called = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.called = True
        while (message := await receive())["type"] == "http.request":
            self.read += message["body"]
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        for number, piece in enumerate(self.pieces, start=1):
            more = number < len(self.pieces)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


def passed(
    service: Any, client: Client, given: Message | None = None, **options: Any
) -> list[Sighting]:
    seen: list[Sighting] = []
    middleware = PhiMiddleware(service, report=seen.append, **options)
    asyncio.run(middleware(given or scope(), client.receive, client.send))
    return seen


def test_what_is_clean_passes_as_it_is_either_way() -> None:
    for block in (False, True):
        service, client = Service(b"a", b"b", headers=((b"x-a", b"1"),)), Client(b"one", b"two")
        assert passed(service, client, block=block) == []
        assert service.read == b"onetwo"
        assert client.got[0]["headers"] == ((b"x-a", b"1"),)
        assert client.body == b"ab"
        assert client.whole


def test_each_surface_is_told_by_its_name(ssn: str) -> None:
    planted = f"ssn {ssn}".encode()
    exchange: Callable[..., tuple[Service, Client, Message]] = lambda **more: (  # noqa: E731
        Service(),
        Client(),
        scope(**more),
    )
    seen = passed(*exchange(raw_path=b"/p/" + planted.replace(b" ", b"%20"), path="/p/x"))
    assert [(each.surface, each.path) for each in seen] == [("request.url", "/p/ssn [CG-PHI-SSN]")]
    seen = passed(*exchange(query_string=b"ssn=" + ssn.encode()))
    assert [each.surface for each in seen] == ["request.url"]
    seen = passed(*exchange(headers=[(b"x-ssn", ssn.encode())]))
    assert [each.surface for each in seen] == ["request.headers"]
    seen = passed(Service(), Client(planted))
    assert [each.surface for each in seen] == ["request.body"]
    seen = passed(Service(headers=((b"x-ssn", ssn.encode()),)), Client())
    assert [(each.surface, each.status) for each in seen] == [("response.headers", 200)]
    seen = passed(Service(planted), Client())
    assert seen == [
        Sighting("response.body", {"CG-PHI-SSN": 1}, "POST", "/notes", status=200)  # type: ignore[arg-type]
    ]
    assert passed(Service(planted), Client(), surfaces=["request.url"]) == []


@pytest.mark.parametrize("surface", ["request.url", "request.headers", "request.body"])
def test_a_blocked_request_never_reaches_the_application(ssn: str, surface: str) -> None:
    service = Service()
    given = scope()
    client = Client(f"ssn {ssn}".encode() if surface == "request.body" else b"")
    if surface == "request.url":
        given["query_string"] = f"ssn={ssn}".encode()
    if surface == "request.headers":
        given["headers"] = [(b"x-ssn", ssn.encode())]
    seen = passed(service, client, given, block=True)
    assert [(each.surface, each.blocked) for each in seen] == [(surface, True)]
    assert client.status == 400
    assert client.whole
    assert not service.called
    assert ssn.encode() not in client.body


@pytest.mark.parametrize("where", ["response.headers", "response.body"])
def test_a_blocked_reply_is_replaced(ssn: str, where: str) -> None:
    body = b"fine" if where == "response.headers" else f"ssn {ssn}".encode()
    headers = ((b"x-ssn", ssn.encode()),) if where == "response.headers" else ()
    client = Client()
    seen = passed(Service(b"first ", body, b" last", headers=headers), client, block=True)
    assert [each.surface for each in seen] == [where]
    assert client.status == 500
    assert ssn.encode() not in repr(client.got).encode()


def test_of_a_long_reply_only_what_was_searched_is_out_and_then_it_is_cut(ssn: str) -> None:
    before = FILL * (3 * LEAST_LIMIT // len(FILL))
    client = Client()
    with pytest.raises(ConnectionError, match="holds identifiers") as raised:
        passed(Service(before, f"ssn {ssn[:5]}".encode(), f"{ssn[5:]}\n".encode(), FILL), client,
               block=True, limit=LEAST_LIMIT)  # fmt: skip
    assert client.status == 200
    assert not client.whole
    assert before.startswith(client.body)
    assert len(client.body) >= len(before) - 2 * LEAST_LIMIT
    assert ssn not in str(raised.value)


def test_a_long_request_is_stopped_in_its_middle(ssn: str) -> None:
    before = FILL * (3 * LEAST_LIMIT // len(FILL))
    service, client = Service(), Client(before, f"ssn {ssn}\n".encode(), FILL)
    passed(service, client, block=True, limit=LEAST_LIMIT)
    assert client.status == 400
    assert before.startswith(service.read)
    assert service.read


def test_no_more_is_held_than_the_limit() -> None:
    """Of a long clean body the application is never further ahead of the client than the limit."""
    client = Client()
    piece = FILL * (SLICE // len(FILL))
    ahead: list[int] = []

    async def service(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(1, 41):
            await send({"type": "http.response.body", "body": piece, "more_body": number < 40})
            ahead.append(number * len(piece) - len(client.body))

    assert passed(service, client, block=True, limit=LEAST_LIMIT) == []
    assert max(ahead) <= LEAST_LIMIT + SLICE
    assert client.body == piece * 40
    assert client.whole


def test_observing_holds_nothing_at_all() -> None:
    """Streamed tokens reach the client at once."""
    client = Client()

    async def service(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(3):
            await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
            assert len(client.got) == number + 2
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    assert passed(service, client) == []


def test_packed_bodies_are_unpacked_and_others_are_told(ssn: str) -> None:
    packed = gzip.compress(FILL * 2000 + f"ssn {ssn}\n".encode() + FILL)
    zipped = ((b"content-encoding", b"gzip"),)
    for block, status in ((False, 200), (True, 500)):
        client = Client()
        seen = passed(Service(packed[:100], packed[100:], headers=zipped), client, block=block)
        assert [each.rules for each in seen] == [{"CG-PHI-SSN": 1}]
        assert client.status == status
    for headers, body in (
        (((b"content-encoding", b"br"),), b"anything"),
        (zipped, b"not gzip at all"),
    ):
        seen = passed(Service(body, headers=headers), Client())
        assert [(each.surface, bool(each.unseen)) for each in seen] == [("response.body", True)]
        client = Client()
        passed(Service(body, headers=headers), client, block=True)
        assert client.status == 500


def test_streams_that_follow_on_the_first_are_unpacked_too(ssn: str) -> None:
    body = gzip.compress(FILL * 900) + gzip.compress(f"ssn {ssn}".encode())
    zipped = ((b"content-encoding", b"gzip"),)
    for at in (1, 100, len(body) - 3):
        seen = passed(Service(body[:at], body[at:], headers=zipped), Client())
        assert [(each.rules, each.unseen) for each in seen] == [({"CG-PHI-SSN": 1}, "")]
    client = Client()
    clean = gzip.compress(FILL * 90_000)
    assert passed(Service(clean, headers=zipped), client, block=True) == []
    assert client.body == clean


def test_a_bomb_ends_at_the_longest() -> None:
    bomb = gzip.compress(b"\0" * 2**22)
    seen = passed(Service(bomb, headers=((b"content-encoding", b"gzip"),)), Client(), longest=2**20)
    assert [each.unseen for each in seen] == ["longer than 1048576 bytes"]


def test_an_error_of_the_application_is_its_own_and_what_was_seen_is_told(ssn: str) -> None:
    async def service(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"ssn {ssn}".encode(), "more_body": True})
        raise LookupError("its own")

    seen: list[Sighting] = []
    client = Client()
    middleware = PhiMiddleware(service, report=seen.append)
    with pytest.raises(LookupError, match="its own"):
        asyncio.run(middleware(scope(), client.receive, client.send))
    assert [each.surface for each in seen] == ["response.body"]


def test_ways_past_the_middleware_are_not_offered() -> None:
    got: list[Any] = []

    async def service(scope: Any, receive: Any, send: Any) -> None:
        got.append(scope["extensions"])

    offered: Message = {name: {} for name in ("http.response.pathsend", "http.response.push")}
    offered["http.response.trailers"] = {}
    passed(service, Client(), scope(extensions=offered))
    passed(service, Client(), {"type": "lifespan", "extensions": {}})
    assert got == [{"http.response.trailers": {}}, {}]


@pytest.mark.parametrize("block", [False, True])
@pytest.mark.parametrize("way", ["url", "in", "out", "neither"])
def test_web_sockets(ssn: str, block: bool, way: str) -> None:
    planted = f"ssn {ssn}"
    given = {**scope(), "type": "websocket"}
    if way == "url":
        given["query_string"] = planted.encode()
    client = Client()
    client.to_send = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": planted if way == "in" else "hello"},
        {"type": "websocket.receive", "bytes": b"hello"},
    ]
    heard: list[str] = []

    async def service(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        heard.append((await receive())["type"])
        await send({"type": "websocket.send", "text": planted if way == "out" else "hi"})
        heard.append("sent")

    seen = passed(service, client, given, block=block)
    surface = {"url": "request.url", "in": "request.body", "out": "response.body"}
    assert [each.surface for each in seen] == ([surface[way]] if way in surface else [])
    if block and way != "neither":
        assert client.got[-1] == {"type": "websocket.close", "code": 1008}
        assert ssn not in repr(client.got)
        assert (
            heard == {"url": [], "in": ["websocket.disconnect"], "out": ["websocket.receive"]}[way]
        )
    else:
        assert heard == ["websocket.receive", "sent"]


@pytest.mark.parametrize("wrong", [{"surfaces": ["reply"]}, {"limit": 100}])
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        PhiMiddleware(Service(), report=print, **wrong)


@settings(max_examples=30)
@given(
    offset=st.integers(SLICE - 60, SLICE + 60) | st.integers(0, 3 * SLICE),
    cuts=st.lists(st.integers(0, 3 * SLICE + 200), max_size=4),
)
def test_a_find_is_found_once_wherever_pieces_end(offset: int, cuts: list[int]) -> None:
    line = b"ssn " + b"219-53-" + b"8841\n"
    at = offset // len(FILL) * len(FILL)
    data = FILL * (at // len(FILL)) + line + FILL * 400
    window = Window(Redactor())
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        window.feed(data[begin:end])
        assert window.rules or window.searched <= at + 4
    window.finish()
    assert window.rules == {"CG-PHI-SSN": 1}
    assert window.searched == len(data)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """A real server on a port of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def test_behind_a_real_server_a_reply_that_is_cut_is_no_whole_one(ssn: str) -> None:
    seen: list[Sighting] = []
    long = FILL * (3 * LEAST_LIMIT // len(FILL))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        pieces = (long, f"ssn {ssn}".encode()) if scope["path"] == "/long" else (b"fine",)
        await Service(*pieces)(scope, receive, send)

    with served(PhiMiddleware(app, report=seen.append, block=True, limit=LEAST_LIMIT)) as address:
        assert httpx.post(f"{address}/short", content=b"hello").text == "fine"
        assert httpx.post(f"{address}/short", content=f"ssn {ssn}".encode()).status_code == 400
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{address}/long")
    assert [each.surface for each in seen] == ["request.body", "response.body"]
