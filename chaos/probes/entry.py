"""Asking a system at its entry, as its users do."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from clinigate.chaos.drivers.local_topology import EntryPoint
from clinigate.errors import ConfigError

if TYPE_CHECKING:
    import httpx

__all__ = ["OK", "Asker", "EntryProbe"]

OK = "ok"


class Asker:
    """Sends requests to a system with its credentials, each under way through a client of its own.

    Time limits are the caller's: a request here has none. Used and closed in one event loop.
    """

    def __init__(self, entry: EntryPoint) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            ConfigError: the certificate or the token that the topology names is not there.
        """
        import httpx

        from clinigate.targets.clients import Clients

        token, trust = _token(entry), _trust(entry)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}

        def opened() -> httpx.AsyncClient:
            return httpx.AsyncClient(
                base_url=entry.url,
                verify=trust,
                headers=headers,
                timeout=None,  # noqa: S113 - who asks limits each request
                # What the environment says of proxies is about other machines.
                trust_env=False,
            )

        self._clients = Clients(opened, shared=False)

    async def request(
        self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send one request, with `body` as JSON; a `url` that is a path is the entry's.

        Raises:
            httpx.HTTPError: no answer came.
        """
        content = None if body is None else json.dumps(body).encode()
        said = {"Content-Type": "application/json", **(headers or {})}
        with self._clients.one() as client:
            return await client.request(method, url, content=content, headers=said)

    async def aclose(self) -> None:
        """Close connections."""
        await self._clients.aclose()

    async def __aenter__(self) -> Asker:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


class EntryProbe:
    """Sends the entry's own request; `ok` for an answer with one of its good status codes."""

    def __init__(self, entry: EntryPoint) -> None:
        self._asked = entry.request
        self._asker = Asker(entry)

    async def __call__(self, _number: int, /) -> str:
        """Send one request; every one is the same."""
        asked = self._asked
        answer = await self._asker.request(asked.method, asked.path, asked.body)
        return OK if answer.status_code in asked.good else f"http-{answer.status_code}"

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
