"""A small service that is right, and can be wrong in one way at a time."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_KEY = b"a key of the service's own"
_PATHS = ("/chat", "/emotion")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(*, scope: str, expires: float, key: bytes = _KEY) -> str:
    """A JSON Web Token of the service."""
    head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    claims = _b64(json.dumps({"sub": "target", "scope": scope, "exp": expires}).encode())
    digest = hmac.new(key, f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return f"{head}.{claims}.{_b64(digest)}"


@dataclass
class Hostile:
    """The service; `flaws` says how it is wrong, and may be changed between two requests."""

    folder: Path
    flaws: set[str] = field(default_factory=set)
    agreed: dict[str, bool] = field(default_factory=dict)
    requests: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "audit.jsonl"

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    def app(self) -> Starlette:
        routes = [Route(path, self.speak, methods=["POST"]) for path in _PATHS]
        more = [
            Route("/token", self.hand_out, methods=["POST"]),
            Route("/consent", self.consent, methods=["POST"]),
            Route("/openapi.json", self.document),
        ]
        return Starlette(routes=[*routes, *more])

    async def hand_out(self, request: Request) -> JSONResponse:
        form = await request.body()
        asked = [part[6:] for part in form.decode().split("&") if part.startswith("scope=")]
        scope = asked[0].replace("+", " ") if asked else "chat emotion consent"
        value = token(scope=scope, expires=time.time() + 600)
        return JSONResponse({"access_token": value, "scope": scope})

    async def document(self, _request: Request) -> JSONResponse:
        def operation(scope: str) -> dict[str, Any]:
            return {"post": {"security": [{"oauth": [scope]}]}}

        paths = {path: operation(path[1:]) for path in (*_PATHS, "/consent")}
        if "emotion-undocumented" in self.flaws:
            del paths["/emotion"]
        return JSONResponse({"paths": paths})

    async def speak(self, request: Request) -> JSONResponse:
        path = request.url.path
        refused = self._refusal(request, path[1:])
        if refused is not None:
            return self._answer(request, refused)
        body = await request.json()
        patient = body.get("user")
        text = str(body["messages"])
        ignores = "emotion-ignores-consent" in self.flaws and path == "/emotion"
        if "serves-the-unknown" in self.flaws and patient not in self.agreed:
            ignores = True
        if patient and not self.agreed.get(patient) and not ignores and "end my life" not in text:
            return self._answer(request, 429 if "rate-limited" in self.flaws else 403)
        self._keep(path, text)
        return self._answer(request, 200)

    async def consent(self, request: Request) -> JSONResponse:
        refused = self._refusal(request, "consent")
        if refused is None:
            body = await request.json()
            if body:
                self.agreed[body["patient"]] = body["granted"]
        return self._answer(request, refused or 200)

    def _refusal(self, request: Request, scope: str) -> int | None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if "token-in-address" in self.flaws and "access_token" in request.query_params:
            kind, given = "Bearer", request.query_params["access_token"]
        weak = request.url.path == "/emotion"
        try:
            head, claims, signature = given.split(".")
            said = json.loads(base64.urlsafe_b64decode(claims + "=="))
            header = json.loads(base64.urlsafe_b64decode(head + "=="))
        except (ValueError, UnicodeDecodeError):
            return 401
        digest = hmac.new(_KEY, f"{head}.{claims}".encode(), hashlib.sha256).digest()
        signed = kind == "Bearer" and hmac.compare_digest(_b64(digest), signature)
        if weak and "none-at-emotion" in self.flaws and header["alg"] == "none":
            signed = True
        if weak and "unverified-at-emotion" in self.flaws:
            signed = True
        immortal = weak and "expired-at-emotion" in self.flaws
        if not signed or (said.get("exp", 0) < time.time() and not immortal):
            return 401
        return None if scope in said.get("scope", "").split() else 403

    def _keep(self, path: str, text: str) -> None:
        kept = hashlib.sha256(text.encode()).hexdigest().encode()
        with closing(sqlite3.connect(self.store)) as database, database:
            wide = "utf-16-store" in self.flaws
            database.execute(f"PRAGMA encoding = 'UTF-{'16' if wide else '8'}'")
            for table in ("chat", "emotion"):
                database.execute(f"CREATE TABLE IF NOT EXISTS {table} (said)")
            value: str | bytes = kept
            if "gzip-store" in self.flaws:
                value = gzip.compress(text.encode())
            elif "gzip-base64-store" in self.flaws:
                value = base64.b64encode(gzip.compress(text.encode()))
            elif wide or ("emotion-in-clear" in self.flaws and path == "/emotion"):
                value = text
            database.execute(f"INSERT INTO {path[1:]} VALUES (?)", (value,))

    def _answer(self, request: Request, status: int) -> JSONResponse:
        self.requests += 1
        name = f"r{self.requests}"
        row = {
            "request": name,
            "time": time.time(),
            "outcome": status,
            "actor": "target" if status != 401 else None,
        }
        if "constant-actor" in self.flaws:
            row["actor"] = "system"
        if "wrong-actor" in self.flaws and status != 401:
            row["actor"] = "somebody-else"
        if "a-new-actor-each-time" in self.flaws and status != 401:
            row["actor"] = name
        if not ("only-successes" in self.flaws and status != 200):
            with self.log.open("a") as file:
                file.write(json.dumps(row) + "\n")
        return JSONResponse({"emotion": "joy", "said": "Good."}, status, {"x-request-id": name})

    def tables(self, base_url: str) -> dict[str, Any]:
        """Its `[target]` and `[hipaa]`."""
        body = {"messages": "{{messages}}"}
        oauth = {"token_url": "/token", "client_id_env": "ID", "client_secret_env": "SECRET"}
        consent = {"patient": "{{patient}}"}
        return {
            "target": {
                "kind": "http",
                "base_url": base_url,
                "auth": {"oauth2": oauth},
                "chat": {"path": "/chat", "request": body, "answer": {"text": "said"}},
                "emotion": {"path": "/emotion", "request": body, "answer": {"emotion": "emotion"}},
            },
            "hipaa": {
                "test_environment": True,
                "stores": [str(self.store)],
                "expired_token_env": "EXPIRED",
                "patience_s": 0.25,
                "audit": {
                    "file": str(self.log), "request": "request", "target_actor": "target",
                    "verify": ["true", "{copy}"],
                },
                "consent": {
                    "path": "/consent",
                    "give": {**consent, "granted": True},
                    "withdraw": {**consent, "granted": False},
                    "chat": {"user": "{{patient}}"},
                },
            },
        }  # fmt: skip

    def environment(self) -> dict[str, str]:
        """The variables that the tables name."""
        expired = token(scope="chat emotion consent", expires=time.time() - 60)
        return {"ID": "id", "SECRET": "secret", "EXPIRED": expired}


@contextmanager
def hostile_service(folder: Path) -> Iterator[tuple[Hostile, str]]:
    """Run the service for the length of a block."""
    service = Hostile(folder)
    service.log.touch()
    service._keep("/chat", "begin")
    config = uvicorn.Config(service.app(), log_config=None, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    # With the protocol named asyncio switches Nagle's algorithm off, which costs 40 ms a request.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # who asks before the thread runs waits, and is not refused
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield service, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
