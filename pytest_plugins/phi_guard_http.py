"""HTTP as a test's program speaks and hears it: httpx, requests, urllib3, urllib, http.client.

urllib, urllib3 and requests end in http.client, so that one place hears all of them; httpx, whose
in-process transports use no socket, has its own. requests is heard itself as well, for the
libraries that answer in its place.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType, ModuleType
from typing import Any

from clinigate.pytest_plugins.phi_guard_hearing import Hearing

__all__ = ["CLIENTS"]

OUT, IN = "http out", "http in"
_Replace = Callable[..., None]


def _httpx(module: ModuleType, hearing: Hearing, replace: _Replace) -> None:
    def sending(send: Callable[..., Any]) -> Callable[..., Any]:
        def heard(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            body = getattr(request, "_content", b"")
            hearing.hear(OUT, _message(request.url, request.headers, body), depth=2)
            return send(self, request, *args, **kwargs)

        return heard

    def reading(iterate: Callable[..., Iterator[bytes]]) -> Callable[..., Iterator[bytes]]:
        def heard(self: Any, *args: Any, **kwargs: Any) -> Iterator[bytes]:
            hearing.hear(IN, _message("", self.headers, b""), depth=2)
            for chunk in iterate(self, *args, **kwargs):
                hearing.hear(IN, _decoded(chunk), depth=2)
                yield chunk

        return heard

    def awaiting(iterate: Callable[..., Any]) -> Callable[..., AsyncIterator[bytes]]:
        async def heard(self: Any, *args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
            hearing.hear(IN, _message("", self.headers, b""), depth=2)
            async for chunk in iterate(self, *args, **kwargs):
                hearing.hear(IN, _decoded(chunk), depth=2)
                yield chunk

        return heard

    replace(module.Client, "send", sending)
    replace(module.AsyncClient, "send", sending)
    replace(module.Response, "iter_bytes", reading)
    replace(module.Response, "aiter_bytes", awaiting)


def _http_client(module: ModuleType, hearing: Hearing, replace: _Replace) -> None:
    def sending(send: Callable[..., Any]) -> Callable[..., Any]:
        def heard(self: Any, data: Any) -> Any:
            if isinstance(data, (bytes, bytearray, str)):
                hearing.hear(OUT, _decoded(data), depth=2)
            return send(self, data)

        return heard

    def answering(getresponse: Callable[..., Any]) -> Callable[..., Any]:
        def heard(self: Any, *args: Any, **kwargs: Any) -> Any:
            response = getresponse(self, *args, **kwargs)
            hearing.hear(IN, str(getattr(response, "msg", "") or ""), depth=2)
            return response

        return heard

    def reading(read: Callable[..., bytes]) -> Callable[..., bytes]:
        def heard(self: Any, *args: Any, **kwargs: Any) -> bytes:
            data = read(self, *args, **kwargs)
            hearing.hear(IN, _decoded(data), depth=2)
            return data

        return heard

    replace(module.HTTPConnection, "send", sending)
    replace(module.HTTPConnection, "getresponse", answering)
    for name in ("read", "read1", "readline"):
        replace(module.HTTPResponse, name, reading)


def _requests(module: ModuleType, hearing: Hearing, replace: _Replace) -> None:
    def sending(send: Callable[..., Any]) -> Callable[..., Any]:
        def heard(self: Any, request: Any, **kwargs: Any) -> Any:
            hearing.hear(OUT, _message(request.url, request.headers, request.body), depth=2)
            response = send(self, request, **kwargs)
            # A body that is still to come is heard where it is read.
            content = getattr(response, "_content", b"")
            hearing.hear(IN, _message("", response.headers, content or b""), depth=2)
            return response

        return heard

    replace(module.Session, "send", sending)


def _message(url: Any, headers: Mapping[str, str], body: Any) -> str:
    fields = "\n".join(f"{name}: {value}" for name, value in headers.items())
    text = _decoded(body) if isinstance(body, (bytes, bytearray, str)) else ""
    return f"{url}\n{fields}\n\n{text}"


def _decoded(data: bytes | bytearray | str) -> str:
    """Return a body as text; one in gzip as what is in it."""
    if isinstance(data, str):
        return data
    if data[:3] == b"\x1f\x8b\x08":
        with suppress(zlib.error):
            data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, 2**20)
    return data.decode("utf-8", "replace")


#: By module, what listens in it.
CLIENTS = MappingProxyType(
    {"httpx": _httpx, "http.client": _http_client, "requests.sessions": _requests}
)
