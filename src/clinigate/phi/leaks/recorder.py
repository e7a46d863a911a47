"""A proxy between the service and its model provider that keeps what passes, in memory alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

__all__ = ["Recorded", "Recorder", "recording"]

_MOST = 64 * 2**20
_LONGEST = 16 * 2**20
_TIMEOUT_S = 120.0
#: What belongs to one connection (RFC 9110, 7.6.1), or is made anew for the next one.
_OF_THE_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
     "upgrade", "host", "content-length", "accept-encoding")
)  # fmt: skip
#: Fits what is asked for by chat, completions, embeddings and moderations alike.
_ANSWER: dict[str, Any] = {
    "id": "recorded",
    "object": "chat.completion",
    "model": "recording-proxy",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "text": "I hear you.",
            "message": {"role": "assistant", "content": "I hear you."},
        }
    ],
    "results": [{"flagged": False, "categories": {}}],
    "data": [],
    "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request, with headers that may hold credentials: it is shown nowhere."""

    method: str
    target: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Recorder:
    """What passed.

    Attributes:
        url: where the service finds its provider now.
        cut: whether something passed that is not kept: too much of it, or nothing like HTTP.
    """

    url: str = ""
    cut: bool = False
    _held: list[Recorded] = field(default_factory=list)
    _size: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, recorded: Recorded) -> None:
        """Keep a request, as long as there is room."""
        with self._lock:
            self._size += len(recorded.body) + len(recorded.target)
            if self._size > _MOST:
                self.cut = True
            else:
                self._held.append(recorded)

    def taken(self) -> tuple[Recorded, ...]:
        """Return what has passed until now."""
        with self._lock:
            return tuple(self._held)


@contextmanager
def recording(*, port: int = 0, forward: str | None = None) -> Iterator[Recorder]:
    """Listen on a port of the loopback for the length of a block.

    Requests are passed on to `forward`, and its answers back, each as a whole; without it they are
    answered here, with a few words that a chat can go on with.

    Raises:
        OSError: the port cannot be had.
    """
    recorder = Recorder()
    with httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as client:
        handler = _handler(recorder, client, forward)
        with _Server(("127.0.0.1", port), handler) as server:
            recorder.url = f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield recorder
            finally:
                server.shutdown()
                thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Write nothing: who asked has gone, and a traceback may hold what it asked for."""


def _handler(
    recorder: Recorder, client: httpx.Client, forward: str | None
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _TIMEOUT_S

        def log_message(self, *_: object) -> None:
            """Write nothing: an address may hold what it must not."""

        def send_error(self, code: int, *_: object, **__: object) -> None:
            """Refuse what is no request, or of a method that nobody passes on, and say so."""
            recorder.cut = True
            super().send_error(code)

        def _pass(self) -> None:
            body = self._body()
            # A path alone: a whole address would be asked in place of the provider's.
            if body is None or not self.path.startswith("/"):
                recorder.cut = True
                self.close_connection = True
                self._answer(413 if body is None else 400, [], b"")
                return
            headers = [(k, v) for k, v in self.headers.items() if k.lower() not in _OF_THE_HOP]
            recorder.keep(Recorded(self.command, self.path, tuple(headers), body))
            if forward is None:
                kind = [("Content-Type", "application/json")]
                self._answer(200, kind, json.dumps(_ANSWER).encode())
                return
            try:
                # As they came, in Latin-1; httpx would refuse what is no ASCII.
                raw = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers]
                answer = client.request(
                    self.command, forward.rstrip("/") + self.path, headers=raw, content=body
                )
            except (httpx.HTTPError, httpx.InvalidURL):
                self._answer(502, [], b"")
                return
            # httpx has unpacked what it hands on.
            left = {*_OF_THE_HOP, "content-encoding"}
            back = [(k, v) for k, v in answer.headers.items() if k.lower() not in left]
            self._answer(answer.status_code, back, answer.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - http.server's names

        def _body(self) -> bytes | None:
            length = self.headers.get("Content-Length", "0")
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                return _chunked(self.rfile)
            if not length.isdecimal() or int(length) > _LONGEST:
                return None
            return self.rfile.read(int(length))

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _chunked(stream: Any) -> bytes | None:
    """Read a body of chunks (RFC 9112, 7.1); None where it is none or too long."""
    body = bytearray()
    while True:
        head = stream.readline(64).split(b";")[0].strip()
        try:
            size = int(head, 16)
        except ValueError:
            return None
        if size < 0 or len(body) + size > _LONGEST:
            return None
        body += stream.read(size)
        stream.readline(8)
        if size == 0:
            return bytes(body)
