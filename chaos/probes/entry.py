"""Asking a system at its entry, as its users do."""

from __future__ import annotations

import json
import os
import ssl
from typing import TYPE_CHECKING

from clinigate.chaos.drivers.local_topology import EntryPoint
from clinigate.errors import ConfigError

if TYPE_CHECKING:
    import httpx

__all__ = ["OK", "EntryProbe", "client_of"]

OK = "ok"
_CONNECTIONS = 200


def client_of(entry: EntryPoint, url: str | None = None) -> httpx.AsyncClient:
    """Return a client for the entry, or with its credentials for another `url` of the system.

    Time limits are the caller's: the client has none.

    Raises:
        ConfigError: the certificate or the token that the topology names is not there.
    """
    import httpx

    headers = {}
    if entry.token_env is not None:
        token = os.environ.get(entry.token_env)
        if not token:
            raise ConfigError(
                f"topology: entry.token_env names {entry.token_env}, which is not set; "
                "export the bearer token there"
            )
        headers["Authorization"] = f"Bearer {token}"
    return httpx.AsyncClient(
        base_url=url or entry.url,
        verify=_trust(entry),
        headers=headers,
        timeout=None,  # noqa: S113 - the prober limits each request
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS),
        # What the environment says of proxies is about other machines.
        trust_env=False,
    )


class EntryProbe:
    """Sends the entry's own request; `ok` for an answer with one of its good status codes."""

    def __init__(self, entry: EntryPoint) -> None:
        self._request = entry.request
        self._client = client_of(entry)
        self._body = None
        if entry.request.body is not None:
            self._body = json.dumps(entry.request.body).encode()

    async def __call__(self, _number: int, /) -> str:
        """Send one request; every one is the same."""
        answer = await self._client.request(
            self._request.method,
            self._request.path,
            content=self._body,
            headers={"Content-Type": "application/json"},
        )
        good = answer.status_code in self._request.good
        return OK if good else f"http-{answer.status_code}"

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()


def _trust(entry: EntryPoint) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=entry.ca_file)
    except OSError as error:
        raise ConfigError(
            f"topology: entry.ca_file {entry.ca_file} cannot be read: {error.strerror or error}"
        ) from error
