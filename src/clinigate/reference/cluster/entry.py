"""The entry of a cluster: TLS ends here, and each request goes to a replica that answers.

A request is sent on at most to every replica once, until the first byte of an answer has come.
That is safe because the entry gives each request without an `Idempotency-Key` one of its own, and
replicas keep a conversation once for each key. Answers are passed on piece by piece as they come.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from clinigate.reference.cluster.balancing import Backend, Channel, Pool
from clinigate.reference.cluster.certificate import serve_from
from clinigate.reference.cluster.http1 import (
    Head,
    MalformedError,
    answer,
    body_of,
    pieces_of,
    read_head,
)
from clinigate.reference.cluster.roles import EntryPart
from clinigate.reference.resilience.lines import Message
from clinigate.reference.web.metrics import CONTENT_TYPE, Watched, watched_lines

__all__ = ["run_entry"]

_HEAD_WITHIN_S = 5.0
_HOLD_S = 1.0
_IDLE_KEPT = 64
_HEAD_LIMIT = 65_536
_NO_ANSWER = (OSError, EOFError, TimeoutError)
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "te"})
_NOBODY = {
    "error": {
        "code": "no_replica",
        "message": "no replica answers at the moment; try again in a few seconds. If you are in "
        "danger or think about hurting yourself, call or text 988, or call 911.",
    }
}

Subscribe = Callable[[Callable[[Message], None]], None]


async def run_entry(part: EntryPart, subscribe: Subscribe, ready: Callable[[], None]) -> None:
    """Pass requests on until the process ends; `subscribe` brings lists of replicas."""
    entry = _Entry(part)
    subscribe(lambda update: entry.pool.replace((b["name"], b["port"]) for b in update["backends"]))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(part.certificate)
    listener = socket.socket(fileno=part.listener)
    server = await asyncio.start_server(
        entry.connected, sock=listener, ssl=context, limit=_HEAD_LIMIT
    )
    await entry.pool.someone(_HEAD_WITHIN_S, everyone=True)
    ready()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve_from(Path(part.certificate), context))
        tasks.create_task(server.serve_forever())


class _Entry:
    def __init__(self, part: EntryPart) -> None:
        self.pool = Pool(
            ssl.create_default_context(cafile=part.ca_file), keeps_frozen=part.keeps_frozen
        )
        self._patience_s = None if part.keeps_frozen else _HEAD_WITHIN_S
        self._requests = self._retries = self._unanswered = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it leaves."""
        try:
            while (head := await read_head(reader)) is not None:
                if head.get("expect").lower() == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await self._serve(head, await body_of(head, reader), writer)
                if head.closes:
                    break
        except MalformedError as error:
            body = json.dumps({"error": {"code": "malformed", "message": str(error)}}).encode()
            writer.write(answer("400 Bad Request", body, media_type="application/json", close=True))
        except _NO_ANSWER:
            writer.transport.abort()
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    async def _serve(self, head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
        self._requests += 1
        if head.first.split(" ")[1] == "/entry/metrics":
            page = ("\n".join(watched_lines(self._watched())) + "\n").encode()
            writer.write(answer("200 OK", page, media_type=CONTENT_TYPE))
            return
        request = _onward(head, body)
        tried: set[Backend] = set()
        while (backend := await self._next(tried)) is not None:
            self._retries += bool(tried)
            tried.add(backend)
            if await self._through(backend, request, writer):
                return
        self._unanswered += 1
        page = json.dumps(_NOBODY).encode()
        writer.write(answer("503 Service Unavailable", page, media_type="application/json"))

    async def _next(self, tried: set[Backend]) -> Backend | None:
        backend = self.pool.pick(tried)
        # All at once may be on their way back: a moment's patience is better than a refusal.
        if backend is None and await self.pool.someone(_HOLD_S):
            backend = self.pool.pick(tried) or (self.pool.pick(()) if len(tried) < 2 else None)
        return backend

    async def _through(
        self, backend: Backend, request: bytes, writer: asyncio.StreamWriter
    ) -> bool:
        """Send a request to one replica and its answer to the client; False if none began."""
        backend.busy += 1
        try:
            channel, head = await self._asked(backend, request)
        except (*_NO_ANSWER, MalformedError):
            return False
        else:
            await self._pass_on(backend, channel, head, writer)
            return True
        finally:
            backend.busy -= 1

    async def _asked(self, backend: Backend, request: bytes) -> tuple[Channel, Head]:
        fresh = False
        while True:
            channel = await self.pool.channel(backend, fresh=fresh)
            try:
                return channel, await self._head(backend, channel, request)
            except _NO_ANSWER as error:
                channel.close()
                # An idle connection that the replica had closed meanwhile says nothing about it.
                if fresh or not channel.used or isinstance(error, TimeoutError):
                    raise
                fresh = True

    async def _head(self, backend: Backend, channel: Channel, request: bytes) -> Head:
        backend.waiting.add(channel)
        try:
            async with asyncio.timeout(self._patience_s):
                channel.writer.write(request)
                head = await read_head(channel.reader)
        finally:
            backend.waiting.discard(channel)
        if head is None:
            raise EOFError("the replica closed the connection")
        return head

    async def _pass_on(
        self, backend: Backend, channel: Channel, head: Head, writer: asyncio.StreamWriter
    ) -> None:
        done = False
        try:
            length = head.get("content-length")
            framing = ("Content-Length", length) if length else ("Transfer-Encoding", "chunked")
            writer.write(_without_framing(head).encode([framing]))
            async for piece in pieces_of(head, channel.reader, head.status):
                writer.write(piece if length else b"%x\r\n%b\r\n" % (len(piece), piece))
                await writer.drain()
            if not length:
                writer.write(b"0\r\n\r\n")
            await writer.drain()
            done = True
        finally:
            if done and not head.closes and len(backend.idle) < _IDLE_KEPT and backend.healthy:
                channel.used = True
                backend.idle.append(channel)
            else:
                channel.close()

    def _watched(self) -> list[Watched]:
        name = "clinigate_reference_entry"
        up = [
            Watched(
                f"{name}_replica_up",
                "1 while it gets requests.",
                (("replica", one.name),),
                lambda one=one: float(one.healthy),  # type: ignore[misc]
            )
            for one in self.pool.backends.values()
        ]
        counts = {
            "requests": (self._requests, "Requests that came."),
            "retries": (self._retries, "Requests sent to another replica."),
            "unanswered": (self._unanswered, "Requests that no replica answered."),
            "ejections": (self.pool.ejections, "Times that a replica was taken out."),
        }
        return [
            *up,
            *(
                Watched(f"{name}_{key}_total", text, (), lambda n=n: float(n), "counter")  # type: ignore[misc]
                for key, (n, text) in counts.items()
            ),
        ]


def _onward(head: Head, body: bytes) -> bytes:
    """The bytes of a request as a replica gets it."""
    more = [("Content-Length", str(len(body)))]
    if head.first.startswith("POST ") and not head.get("idempotency-key"):
        more.append(("Idempotency-Key", secrets.token_hex(16)))
    return _without_framing(head).encode(more) + body


def _without_framing(head: Head) -> Head:
    kept = tuple(pair for pair in head.headers if pair[0].lower() not in _HOP_BY_HOP)
    return Head(head.first, kept)
