"""A cache of readings in Redis: nobody depends on it, and nothing readable lies in it.

Keys are digests keyed with the store's own key, values are sealed with it. Whatever goes wrong is a
miss.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from clinigate.core.canonical import canonical_bytes
from clinigate.core.case import Turn
from clinigate.errors import IntegrityError, MissingExtraError
from clinigate.reference.cluster.readings import turns_to
from clinigate.reference.records.sealing import Sealer
from clinigate.reference.resilience.dependency import Dependency, DependencyLost
from clinigate.reference.resilience.lines import Message

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Cache", "NoCache", "RedisCache", "cache_at", "require_redis"]

_LIVES_S = 300
_COLUMN = "reading"


class Cache(Protocol):
    """Readings of conversations that came before."""

    hits: int

    async def get(self, turns: Sequence[Turn]) -> Message | None:
        """Return a reading; None when there is none, or none in time."""
        ...

    def put_soon(self, turns: Sequence[Turn], reading: Message) -> None:
        """Keep a reading; nobody waits for it."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class NoCache:
    """Keeps nothing."""

    hits = 0

    async def get(self, turns: Sequence[Turn]) -> Message | None:  # noqa: ARG002
        """Return None."""
        return None

    def put_soon(self, turns: Sequence[Turn], reading: Message) -> None:
        """Keep nothing."""

    async def close(self) -> None:
        """Nothing is open."""


def require_redis() -> None:
    """Make sure that a cache can be used.

    Raises:
        MissingExtraError: redis-py is not installed.
    """
    if find_spec("redis") is None:
        raise MissingExtraError("a Redis cache", "db")


def cache_at(url: str, sealer: Sealer, dependency: Dependency) -> Cache:
    """Return the cache at `url`; without one, a cache that keeps nothing.

    Raises:
        MissingExtraError: redis-py is not installed.
    """
    return RedisCache(url, sealer, dependency) if url else NoCache()


class RedisCache:
    """Readings in Redis, for five minutes each."""

    def __init__(self, url: str, sealer: Sealer, dependency: Dependency) -> None:
        require_redis()
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        self.hits = 0
        self._redis: Redis = Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._failed = RedisError
        self._sealer = sealer
        self._dependency = dependency
        self._putting: set[asyncio.Task[None]] = set()

    async def get(self, turns: Sequence[Turn]) -> Message | None:
        """Return a reading; None when there is none, or none in time."""
        key = self._key(turns)
        sealed = await self._do(self._redis.get, key)
        if sealed is None:
            return None
        try:
            reading: Message = json.loads(self._sealer.open_field(sealed, key, _COLUMN))
        except IntegrityError:
            return None
        self.hits += 1
        return reading

    def put_soon(self, turns: Sequence[Turn], reading: Message) -> None:
        """Keep a reading; nobody waits for it."""
        key = self._key(turns)
        kept = {name: reading[name] for name in ("assessment", "emotion")}
        sealed = self._sealer.seal_field(json.dumps(kept).encode(), key, _COLUMN)
        task = asyncio.create_task(self._do(self._redis.set, key, sealed, _LIVES_S))
        self._putting.add(task)
        task.add_done_callback(self._putting.discard)

    async def close(self) -> None:
        """Let go of the connection."""
        await asyncio.gather(*self._putting, return_exceptions=True)
        await self._redis.aclose()

    async def _do(self, command: Any, *arguments: Any) -> Any:
        async def once(_timeout_s: float) -> Any:
            try:
                return await command(*arguments)
            except self._failed as error:
                raise ConnectionError(type(error).__name__) from error

        try:
            return await self._dependency.call(once)
        except DependencyLost:
            return None

    def _key(self, turns: Sequence[Turn]) -> str:
        return self._sealer.name_of(canonical_bytes(turns_to(turns)))
