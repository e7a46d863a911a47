"""What surrounds the routes where records of care are kept: the watch, and headers that lapse."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clinigate.reference.care.care import Care
from clinigate.reference.lapses.traffic import CACHEABLE_RECORDS, NO_HSTS, SILENT_ANOMALY
from clinigate.reference.web.care.traffic import state_of
from clinigate.reference.web.frame import exchange_of

__all__ = ["Around"]

_Headers = list[tuple[bytes, bytes]]
_RECORDS = "/v1/patients"


class Around:
    """ASGI middleware around the frame."""

    def __init__(self, app: ASGIApp, care: Care) -> None:
        """`app` is the frame, `care` what is watched."""
        self._app = app
        self._care = care

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and have the watch look at how it ended."""

        async def lapsing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._lapsed(str(scope["path"]), message["headers"])
            await send(message)

        await self._app(scope, receive, lapsing)
        if scope["type"] == "http":
            self._watch(scope)

    def _watch(self, scope: Scope) -> None:
        exchange, state = exchange_of(scope), state_of(self._care)
        served = 200 <= exchange.status < 300 and exchange.patient
        if served and scope["method"] == "DELETE" and scope["path"].endswith(exchange.patient):
            state.files.forget(exchange.patient)
        if self._care.fault is SILENT_ANOMALY:
            return
        if exchange.status == 403:
            state.watch.denied(exchange.client)
        elif served and scope["method"] == "GET":
            state.watch.read(exchange.client, exchange.patient)

    def _lapsed(self, path: str, headers: _Headers) -> _Headers:
        if self._care.fault is NO_HSTS:
            return [pair for pair in headers if pair[0] != b"strict-transport-security"]
        if self._care.fault is CACHEABLE_RECORDS and path.startswith(_RECORDS):
            others = [pair for pair in headers if pair[0] != b"cache-control"]
            return [*others, (b"cache-control", b"private, max-age=600")]
        return headers
