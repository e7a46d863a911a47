"""A small service whose every answer a test decides; it runs in a thread of this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Asked:
    """A request as it came. `path`: with what follows a question mark, decoded."""

    method: str
    path: str
    token: str
    body: Any


@dataclass(frozen=True)
class Said:
    """An answer. `hangs`: it never comes; `endless`: it never ends."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    endless: bool = False


Answers = Callable[[Asked], Said]


@dataclass
class Odd:
    """The service. `answers` may be changed between two requests."""

    answers: Answers
    base_url: str = ""
    asked: list[Asked] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def odd_service(answers: Answers) -> Iterator[Odd]:
    """Run it for the length of a block."""
    odd = Odd(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            sent = self.rfile.read(length)
            try:
                body = json.loads(sent)
            except ValueError:
                body = None
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            asked = Asked(self.command, unquote(self.path), token, body)
            odd.asked.append(asked)
            self.say(odd.answers(asked))

        def say(self, said: Said) -> None:
            if said.hangs:
                odd.ended.wait()
                self.close_connection = True
                return
            content = b"" if said.body is None else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, text in said.headers.items():
                self.send_header(name, text)
            if said.endless:
                self.close_connection = True
                self.end_headers()
                try:
                    while not odd.ended.is_set():
                        self.wfile.write(b" " * 2**16)
                except OSError:
                    return
                return
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    odd.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield odd
    finally:
        odd.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def document(**operations: Any) -> dict[str, Any]:
    """An OpenAPI document; operations as `GET_records=["read"]`, open ones with None."""
    paths: dict[str, Any] = {}
    for name, scopes in operations.items():
        method, _, place = name.partition("_")
        path = "/" + place.replace("__", "/{id}").replace("_", "/")
        security: list[Any] = [] if scopes is None else [{"oauth": scopes}]
        paths.setdefault(path, {})[method.lower()] = {"security": security}
    return {"paths": paths}
