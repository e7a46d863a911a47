"""Asking a system at its entry, as its users do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from clinigate.chaos.drivers.local_topology import EntryPoint
from clinigate.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    import aiohttp

__all__ = ["OK", "Asker", "EntryProbe", "NoAnswerError", "Reply"]

OK = "ok"
_LAST_TURNS_S = 0.02


class NoAnswerError(ConnectionError):
    """No answer came; the text is the name of the error that came instead."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status code and its text."""

    status: int
    text: str

    def json(self) -> Any:
        """Return the text as JSON.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.text)


class Asker:
    """Sends requests to a system with its credentials, each under way over its own connection.

    Time limits are the caller's: a request here has none. Made, used and closed in one event loop.
    """

    def __init__(self, entry: EntryPoint) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            ConfigError: the certificate or the token that the topology names is not there.
            MissingExtraError: aiohttp is not installed.
        """
        self._entry = entry
        self._token, self._trust = _token(entry), _trust(entry)
        self._opened: aiohttp.ClientSession | None = None
        self._sockets: WeakSet[socket.socket] = WeakSet()
        try:
            import aiohttp
        except ImportError:
            raise MissingExtraError("asking a system while it is broken", "chaos") from None
        self._broken = (aiohttp.ClientError, OSError)

    async def request(
        self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request, with `body` as JSON; a `url` that is a path is the entry's.

        Raises:
            NoAnswerError: no answer came.
        """
        content = None if body is None else json.dumps(body).encode()
        said = {"Content-Type": "application/json", **(headers or {})}
        place = self._entry.url + url if url.startswith("/") else url
        try:
            async with self._session().request(
                method,
                place,
                data=content,
                headers=said,
                ssl=self._trust,
                # To be sent elsewhere is no answer, however well the other place answers.
                allow_redirects=False,
            ) as answer:
                return Reply(answer.status, await answer.text())
        except self._broken as error:
            raise NoAnswerError(type(error).__name__) from error

    async def aclose(self) -> None:
        """Close connections."""
        if self._opened is not None:
            await self._opened.close()
            # A connection that was given up before its handshake ended would outlive the loop.
            for each in list(self._sockets):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            await asyncio.sleep(_LAST_TURNS_S)

    async def __aenter__(self) -> Asker:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _socket(self, place: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol = place[:3]
        made = socket.socket(family, kind, protocol)
        self._sockets.add(made)
        return made

    def _session(self) -> aiohttp.ClientSession:
        """The session; it belongs to the loop that first asks, and trusts no proxy settings."""
        import aiohttp

        if self._opened is None:
            headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
            self._opened = aiohttp.ClientSession(
                headers=headers,
                connector=aiohttp.TCPConnector(limit=0, socket_factory=self._socket),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                trust_env=False,
            )
        return self._opened


class EntryProbe:
    """Sends the entry's own request; `ok` for an answer with one of its good status codes."""

    def __init__(self, entry: EntryPoint) -> None:
        self._asked = entry.request
        self._asker = Asker(entry)

    async def __call__(self, _number: int, /) -> str:
        """Send one request; every one is the same."""
        asked = self._asked
        try:
            answer = await self._asker.request(asked.method, asked.path, asked.body)
        except NoAnswerError as error:
            return str(error)
        return OK if answer.status in asked.good else f"http-{answer.status}"

    async def aclose(self) -> None:
        """Close connections."""
        await self._asker.aclose()


def _token(entry: EntryPoint) -> str | None:
    """The bearer token; a file belongs to this system alone and so counts before the variable."""
    if entry.token_file is not None and entry.token_file.is_file():
        return entry.token_file.read_text(encoding="ascii").strip()
    if entry.token_env is None:
        return None
    token = os.environ.get(entry.token_env)
    if not token:
        raise ConfigError(
            f"topology: entry.token_env names {entry.token_env}, which is not set; "
            "export the bearer token there"
        )
    return token


def _trust(entry: EntryPoint) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=entry.ca_file)
    except OSError as error:
        raise ConfigError(
            f"topology: entry.ca_file {entry.ca_file} cannot be read: {error.strerror or error}"
        ) from error
