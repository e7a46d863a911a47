"""One request and its reply, looked at as they pass."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from clinigate.phi.runtime.holding import Hold
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.sightings import PhiBlockedError, Report, Sighting
from clinigate.phi.runtime.window import BodySearch

__all__ = ["App", "Exchange", "Message", "Receive", "Scope", "Send", "Setup", "Telling",
           "as_text"]  # fmt: skip

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: By these a server would send what nobody has seen.
_PAST_US = ("http.response.pathsend", "http.response.zerocopysend", "http.response.push")
_Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a middleware was told; see `PhiMiddleware`."""

    redactor: Redactor
    report: Report
    block: bool
    surfaces: frozenset[str]
    limit: int
    longest: int


class Telling:
    """What is looked at before an exchange begins, and how sightings are told."""

    def __init__(self, setup: Setup, scope: Scope) -> None:
        self.setup = setup
        self.status: int | None = None
        self._scope = scope
        self._method = str(scope.get("method", "WEBSOCKET"))
        raw = scope.get("raw_path") or str(scope.get("path", "")).encode("utf-8", "surrogateescape")
        query: bytes = scope.get("query_string", b"")
        self._url = unquote_to_bytes(raw + (b"?" + query.replace(b"+", b" ") if query else b""))
        self._path = setup.redactor.data(unquote_to_bytes(raw)).decode("utf-8", "replace")

    def opening(self) -> bool:
        """Look at URL and headers; return whether the exchange may go on."""
        url = b"%s %s" % (self._method.encode("ascii", "replace"), self._url)
        clear = [
            self.look("request.url", url),
            self.look("request.headers", as_text(self._scope.get("headers", ()))),
        ]
        return all(clear)

    def look(self, surface: str, data: bytes) -> bool:
        """Look at all of a surface at once; return whether it may pass."""
        if surface not in self.setup.surfaces:
            return True
        rules = Counter(find.rule for find in self.setup.redactor.finds(data))
        return self.tell(surface, rules)

    def tell(self, surface: str, rules: Counter[str], unseen: str = "") -> bool:
        """Report what was seen of a surface; return whether it may pass."""
        if not rules and not unseen:
            return True
        self.setup.report(
            Sighting(
                surface,
                rules,
                self._method,
                self._path,
                status=self.status,
                unseen=unseen,
                blocked=self.setup.block,
            )
        )
        return not self.setup.block


class Exchange:
    """A request and its reply."""

    def __init__(self, setup: Setup, scope: Scope, receive: Receive, send: Send) -> None:
        self._telling = Telling(setup, scope)
        self._scope = _without_shortcuts(scope)
        self._receive, self._send = receive, send
        self._request = _Body(self._telling, "request.body", scope.get("headers", ()))
        self._reply: _Body | None = None
        self._start: Message | None = None
        self._out = False  # whether the start of a reply is out
        self._stopped = False
        self._waiting: deque[Message] = deque()

    async def run(self, app: App) -> None:
        """Let the application answer, if it may."""
        if not self._telling.opening():
            await self._refuse(400)
            return
        try:
            if self._request.holds:
                await self._fill()
            if not self._stopped:
                await app(self._scope, self._from_client, self._to_client)
        except PhiBlockedError:
            if self._out:
                raise
        finally:
            # An application need not read its request, and may fail in the middle of a reply.
            for body in (self._request, self._reply):
                if body is not None:
                    body.end()

    async def _from_client(self) -> Message:
        """What the application receives."""
        while not self._waiting:
            await self._fill()
        return self._waiting.popleft()

    async def _fill(self) -> None:
        """Read from the client until something may pass."""
        while not self._waiting:
            if self._stopped:
                self._waiting.append({"type": "http.disconnect"})
                return
            message = await self._receive()
            if message["type"] != "http.request":
                self._waiting.append(message)
                return
            pieces = self._request.put(message.get("body", b""), message.get("more_body", False))
            if pieces is None:
                await self._stop(400)
            self._waiting.extend(
                {"type": "http.request", "body": body, "more_body": more}
                for body, more in pieces or ()
            )

    async def _to_client(self, message: Message) -> None:
        """What the application sends."""
        if self._stopped:
            raise PhiBlockedError("the exchange was stopped: it holds identifiers of patients")
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body" and self._reply is not None:
            pieces = self._reply.put(message.get("body", b""), message.get("more_body", False))
            if pieces is None:
                await self._stop(500)
                raise PhiBlockedError("the reply was stopped: it holds identifiers of patients")
            for body, more in pieces:
                await self._send_start()
                await self._send({"type": message["type"], "body": body, "more_body": more})
        else:
            # Trailers, and hints that go before a reply.
            await self._look_at_headers([*message.get("headers", ()), *_links(message)])
            await self._send(message)

    async def _look_at_headers(self, headers: _Headers) -> None:
        if not self._telling.look("response.headers", as_text(headers)):
            await self._stop(500)
            raise PhiBlockedError("the reply was stopped: its headers hold identifiers of patients")

    async def _begin(self, message: Message) -> None:
        self._telling.status = message["status"]
        headers = list(message.get("headers", ()))
        await self._look_at_headers(headers)
        self._start = message
        self._reply = _Body(self._telling, "response.body", headers)
        if not self._reply.holds:
            await self._send_start()

    async def _send_start(self) -> None:
        if self._start is not None:
            self._out = True
            start, self._start = self._start, None
            await self._send(start)

    async def _stop(self, status: int) -> None:
        self._stopped = True
        if not self._out:
            await self._refuse(status)

    async def _refuse(self, status: int) -> None:
        body = json.dumps({"error": "stopped: it holds identifiers of patients"}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


class _Body:
    """A body on its way, looked at and held back as the setup says.

    Attributes:
        holds: whether its pieces wait until they are searched.
    """

    def __init__(self, telling: Telling, surface: str, headers: _Headers) -> None:
        setup = telling.setup
        seen = surface in setup.surfaces
        self._telling, self._surface = telling, surface
        self._search = BodySearch(
            setup.redactor,
            encoding=_header(headers, b"content-encoding"),
            media=_header(headers, b"content-type"),
            longest=setup.longest,
        ) if seen else None  # fmt: skip
        self.holds = seen and setup.block
        self._hold = Hold(self._search, limit=setup.limit) if self._search and self.holds else None
        self._told = False

    def put(self, body: bytes, more: bool) -> list[tuple[bytes, bool]] | None:
        """Take a piece; return those that may pass now, or None where all is over."""
        if self._hold is not None:
            self._hold.put(body, more=more)
            if self._hold.refused:
                self._tell()
                return None
            return self._hold.ready()
        if self._search is not None:
            self._search.feed(body)
            if not more:
                self.end()
        return [(body, more)]

    def end(self) -> None:
        """Search what is left, and tell what was seen."""
        if self._search is not None and not self._told:
            self._search.finish()
            self._tell()

    def _tell(self) -> None:
        if self._search is not None and not self._told:
            self._told = True
            self._telling.tell(self._surface, self._search.rules, self._search.unseen)


def as_text(headers: _Headers) -> bytes:
    """Headers as lines: their names are the context of their values."""
    return b"".join(b"%s: %s\n" % (name, value) for name, value in headers)


def _header(headers: _Headers, wanted: bytes) -> str:
    found = [value for name, value in headers if name.lower() == wanted]
    return b", ".join(found).decode("latin-1").strip().lower()


def _links(message: Message) -> _Headers:
    return ((b"link", link) for link in message.get("links", ()))


def _without_shortcuts(scope: Scope) -> Scope:
    extensions = scope.get("extensions") or {}
    if not any(name in extensions for name in _PAST_US):
        return scope
    kept = {name: value for name, value in extensions.items() if name not in _PAST_US}
    return {**scope, "extensions": kept}
