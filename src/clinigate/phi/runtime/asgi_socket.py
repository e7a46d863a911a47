"""A web socket, looked at message by message."""

from __future__ import annotations

from collections import Counter

from clinigate.phi.runtime.asgi_exchange import (
    App,
    Message,
    Receive,
    Scope,
    Send,
    Setup,
    Telling,
    as_text,
)
from clinigate.phi.runtime.sightings import PhiBlockedError

__all__ = ["SocketExchange"]

_POLICY_VIOLATION = 1008


class SocketExchange:
    """The messages of one web socket, either way; each is searched by itself."""

    def __init__(self, setup: Setup, scope: Scope, receive: Receive, send: Send) -> None:
        self._telling = Telling(setup, scope)
        self._scope, self._receive, self._send = scope, receive, send
        self._stopped = False

    async def run(self, app: App) -> None:
        """Let the application speak with the client, if it may."""
        if not self._telling.opening():
            await self._close()
            return
        try:
            await app(self._scope, self._from_client, self._to_client)
        except PhiBlockedError:
            if not self._stopped:
                raise

    async def _from_client(self) -> Message:
        if not self._stopped:
            message = await self._receive()
            if self._clear("request.body", message):
                return message
            if message["type"] != "websocket.disconnect":
                await self._close()
        return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

    async def _to_client(self, message: Message) -> None:
        if self._stopped:
            raise PhiBlockedError("the socket was closed: it held identifiers of patients")
        headers = as_text(message.get("headers", ()))
        if not (
            self._telling.look("response.headers", headers)
            and self._clear("response.body", message)
        ):
            await self._close()
            raise PhiBlockedError("the socket was closed: a message held identifiers of patients")
        await self._send(message)

    def _clear(self, surface: str, message: Message) -> bool:
        """Look at what a message says: its text, a reason to close, the body of a refusal."""
        texts = [message.get(name) for name in ("text", "reason", "subprotocol")]
        said = [text.encode("utf-8", "replace") for text in texts if text]
        data = b"\n".join([message.get("bytes") or message.get("body") or b"", *said])
        if len(data) > self._telling.setup.longest:
            return self._telling.tell(surface, Counter(), "a message longer than is searched")
        return self._telling.look(surface, data)

    async def _close(self) -> None:
        self._stopped = True
        await self._send({"type": "websocket.close", "code": _POLICY_VIOLATION})
