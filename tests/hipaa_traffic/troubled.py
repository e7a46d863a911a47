"""A small service that is right, and can be in one kind of trouble at a time."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from email.utils import formatdate
from pathlib import Path
from typing import Any

import uvicorn

from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.hipaa.premises import Premises, opened

TODAY = date(2026, 11, 22)
TOKEN_PATH = "/token"
HARMLESS = {"test_environment": True, "patience_s": 0.1}


@dataclass
class Troubled:
    """The service.

    Attributes:
        trouble: "", hang, redirect, stream or fail; what every path but the token's is in.
        clock_off_s: by how much its clock is ahead.
        heard: headers of each request, the oldest first.
    """

    trouble: str = ""
    clock_off_s: float = 0.0
    heard: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.heard.append({name.decode(): text.decode() for name, text in scope["headers"]})
        self.paths.append(scope["path"])
        if scope["path"] == TOKEN_PATH:
            await self._say(send, 200, {"access_token": "t", "scope": "all"})
        elif self.trouble == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
        elif self.trouble == "redirect":
            await self._say(send, 302, {}, (b"location", b"https://elsewhere.example/"))
        elif self.trouble == "fail":
            await self._say(send, 500, {"error": "broken"})
        elif self.trouble == "stream":
            await self._stream(receive, send)
        else:
            await self._say(send, 200, self._right(scope["path"]))

    def _right(self, path: str) -> Any:
        if path == "/alerts":
            return []
        if path == "/openapi.json":
            return {"paths": {"/chat": {"post": {}}}}
        return {"said": "Good.", "id": "p-1", "version": "3", "effective": "2026-10-01"}

    async def _say(self, send: Any, status: int, body: Any, *more: tuple[bytes, bytes]) -> None:
        headers = [
            (b"content-type", b"application/json"),
            (b"date", formatdate(time.time() + self.clock_off_s, usegmt=True).encode()),
            (b"cache-control", b"no-store"),
            *more,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _stream(self, receive: Any, send: Any) -> None:
        """Say something for as long as anybody listens."""

        async def left() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        gone = asyncio.create_task(left())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            await asyncio.sleep(0)

    def tables(self, base_url: str) -> dict[str, Any]:
        """Its `[target]` and `[hipaa]`, as far as the probes of its traffic need them."""
        oauth = {"token_url": TOKEN_PATH, "client_id_env": "ID", "client_secret_env": "SECRET"}
        body = {"messages": "{{messages}}"}
        one = {"path": "/patients/{{patient}}", "method": "GET"}
        file = {"path": "/files", "body": {"content": "{{base64}}"}}
        return {
            "target": {
                "kind": "http",
                "base_url": base_url,
                "timeout_s": 0.2,
                "auth": {"oauth2": oauth},
                "chat": {"path": "/chat", "request": body, "answer": {"text": "said"}},
            },
            "hipaa": {
                "test_environment": True,
                "patience_s": 0.1,
                "patients": {
                    "create": {"path": "/patients", "body": {"name": "{{mrn}}"}, "answer": "id"},
                    "read": one,
                    "remove": {**one, "method": "DELETE"},
                },
                "roles": {"reader": {"login": "reader", "password_env": "READER"}},
                "login": {"path": "/login", "body": {"a": "{{login}}", "b": "{{password}}"}},
                "traffic": {
                    "upload": file,
                    "message": {
                        "path": "/messages",
                        "text": "MSH|^~\\&|LAB|||{{id}}",
                        "secret_env": "SIGNS",
                        "headers": {"X-Signature": "t={{timestamp}},v1={{signature}}"},
                    },
                    "activity": {
                        "role": "reader", "charts": 2, "alerts": {"path": "/alerts"},
                        "within_s": 0.1,
                    },
                    "notice": {"path": "/notice", "version": "3", "effective": "2026-10-01"},
                },
            },
        }  # fmt: skip

    def environment(self) -> dict[str, str]:
        """The variables that the tables name."""
        return {"ID": "id", "SECRET": "secret", "READER": "a password", "SIGNS": "a secret"}


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI application over plain HTTP for the length of a block; yields its address."""
    config = uvicorn.Config(
        app,
        log_config=None,
        lifespan="off",
        access_log=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # With the protocol named asyncio switches Nagle's algorithm off, which costs 40 ms a request.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # who asks before the thread runs waits, and is not refused
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def troubled_service() -> Iterator[tuple[Troubled, str]]:
    """Run the service for the length of a block."""
    service = Troubled()
    with serving(service) as base_url:
        yield service, base_url


@contextmanager
def premises_at(
    base_url: str, folder: Path, hipaa: dict[str, Any], **environ: str
) -> Iterator[Premises]:
    """Premises of a service that asks for no credentials."""
    chat = {"path": "/chat", "request": {"m": "{{messages}}"}, "answer": {"text": "t"}}
    target = {"kind": "http", "base_url": base_url, "timeout_s": 5, "chat": chat}
    tables = {"target": target, "hipaa": HARMLESS | hipaa}
    config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    with opened(config, today=TODAY, environ=environ) as found:
        yield found
