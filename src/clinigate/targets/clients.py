"""HTTP clients, one for each request under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

__all__ = ["Clients"]


class Clients:
    """Lends a client to each request, and uses it again for the next.

    For every request httpx looks at every connection of its pool, several times over. With a pool
    for each request under way, of one connection, a request takes half the time of this process;
    and whatever it takes, the service seems to take.
    """

    def __init__(self, open_client: Callable[[], httpx.AsyncClient], *, shared: bool) -> None:
        """Open nothing yet; `shared` sends all requests through one client."""
        self._open = open_client
        self._shared = shared
        self._all: list[httpx.AsyncClient] = []
        self._free: list[httpx.AsyncClient] = []

    @contextmanager
    def one(self) -> Iterator[httpx.AsyncClient]:
        """Lend a client, the one used last: its connection is the least likely to be gone."""
        client = self._free.pop() if self._free else self._opened()
        if self._shared:
            self._free.append(client)
        try:
            yield client
        finally:
            if not self._shared:
                self._free.append(client)

    async def aclose(self) -> None:
        """Close the connections of all."""
        for client in self._all:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        self._all.append(self._open())
        return self._all[-1]
