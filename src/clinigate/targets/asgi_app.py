"""An ASGI application, run in this process behind httpx."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import httpx

from clinigate.core.blame import blame
from clinigate.core.target import Outcome
from clinigate.targets.attempt import AttemptError

__all__ = ["ASGI_BASE_URL", "AppTransport"]

#: The address by which the application sees itself called.
ASGI_BASE_URL = "http://asgi.invalid"

_LONGEST_END_S = 10.0

Message = MutableMapping[str, Any]


class AppTransport(httpx.AsyncBaseTransport):
    """Hands requests to the application, between the start and the end of its lifespan."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._inner = httpx.ASGITransport(app)
        self._lifespan: _Lifespan | None = None
        self._lock = asyncio.Lock()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request.

        Raises:
            AttemptError: the application does not start, or raises an exception.
        """
        async with self._lock:
            if self._lifespan is None:
                self._lifespan = await _Lifespan.start(self._app)
        try:
            return await self._inner.handle_async_request(request)
        except Exception as error:
            # What a server would have turned into a 500.
            raise AttemptError(
                Outcome.ERROR, f"the application raised {blame(error)}", retryable=True
            ) from error

    async def aclose(self) -> None:
        """End the application's lifespan."""
        if self._lifespan is not None:
            await self._lifespan.stop()
            self._lifespan = None


class _Lifespan:
    """The lifespan protocol of ASGI: one task that the application starts and ends in."""

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._events: asyncio.Queue[str] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, app: Any) -> _Lifespan:
        """Start the application. One that knows no lifespan is served without, as ASGI has it."""
        self = cls()
        self._task = asyncio.create_task(self._run(app))
        await self._inbox.put({"type": "lifespan.startup"})
        try:
            started = await self._events.get()
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if started == "lifespan.startup.failed":
            await self._task
            raise AttemptError(Outcome.ERROR, "the application reports that its start failed")
        return self

    async def stop(self) -> None:
        """End the application; one that does not end in `_LONGEST_END_S` is cancelled."""
        if self._task is None:
            return
        await self._inbox.put({"type": "lifespan.shutdown"})
        await asyncio.wait({self._task}, timeout=_LONGEST_END_S)
        self._task.cancel()

    async def _run(self, app: Any) -> None:
        async def send(message: Message) -> None:
            await self._events.put(message["type"])

        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        try:
            await app({**scope, "state": {}}, self._inbox.get, send)
        except Exception:  # noqa: BLE001 - an application that knows no lifespan raises
            await self._events.put("lifespan.unknown")
        else:
            await self._events.put("lifespan.ended")
