"""Redis: a session is read, and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from clinigate.errors import TargetError
from clinigate.gpu_bench.database.options import Source
from clinigate.gpu_bench.database.store import in_our_words, place_of, scratch_name, trouble

if TYPE_CHECKING:
    import redis

__all__ = ["RedisStore"]

SESSIONS = 1000
_SESSION = b"s" * 1300
#: Should this process die before it can clean up, its keys go by themselves.
_LIVES_S = 3600


class RedisStore:
    """Keys with a prefix of their own in the given database."""

    def __init__(self, source: Source, *, timeout_s: float) -> None:
        self._source = source
        self._timeout_s = timeout_s
        self.prefix = f"{scratch_name()}:"
        self.left_behind: str | None = None
        self.description = "Redis"

    def __enter__(self) -> RedisStore:
        try:
            with self.named("cannot lay out its scratch keys"), self.connect() as link:
                self._lay_out(link)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _lay_out(self, link: redis.Redis) -> None:
        pipe = link.pipeline(transaction=False)
        for number in range(SESSIONS):
            pipe.set(f"{self.prefix}{number}", _SESSION, ex=_LIVES_S)
        pipe.execute()
        said: Any = link.info("server")
        kept: Any = link.info("persistence")
        log = "on" if kept.get("aof_enabled") else "off"
        self.description = f"Redis {said.get('redis_version', '?')}, append-only file {log}"

    def _remove(self) -> None:
        import redis

        try:
            with self.connect() as link:
                link.delete(*(f"{self.prefix}{number}" for number in range(SESSIONS)))
        except (redis.RedisError, TargetError):
            self.left_behind = f"keys {self.prefix}*, which expire within an hour"

    def session(self) -> _RedisSession:
        """A pooled connection."""
        return _RedisSession(self, self.connect())

    def connect(self) -> redis.Redis:
        """A client with one connection, which never tries again behind our back.

        Raises:
            TargetError: the address is none.
        """
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        try:
            return redis.Redis.from_url(
                self._source.address,
                single_connection_client=False,
                max_connections=1,
                socket_timeout=self._timeout_s,
                socket_connect_timeout=self._timeout_s,
                retry=Retry(NoBackoff(), 0),
                client_name="clinigate-bench",
            )
        except (ValueError, redis.RedisError):
            raise self._trouble("the address is none; write redis://host:6379/0") from None

    def named(self, what: str) -> AbstractContextManager[None]:
        """See `Store`."""
        return in_our_words(lambda error: _explained(error, what), self._trouble)

    def _trouble(self, what: str) -> TargetError:
        return trouble("Redis", place_of(self._source.address), self._source.origin, what)


class _RedisSession:
    def __init__(self, store: RedisStore, link: redis.Redis) -> None:
        self._store = store
        self._link = link

    @property
    def operations(self) -> Mapping[str, Callable[[int], object]]:
        return {"get": self._get, "set": self._set}

    def close(self) -> None:
        self._link.close()

    def _get(self, number: int) -> object:
        found = self._link.get(self._key(number))
        if found is None:
            raise TargetError("Redis: the scratch keys are gone; does the server evict keys?")
        return found

    def _set(self, number: int) -> object:
        return self._link.set(self._key(number), _SESSION, ex=_LIVES_S)

    def _key(self, number: int) -> str:
        return f"{self._store.prefix}{number * 787 % SESSIONS}"


def _explained(error: Exception, what: str) -> str | None:
    """What went wrong without the client's own words; None where it is none of the client's."""
    import redis

    if isinstance(error, redis.AuthenticationError | redis.exceptions.NoPermissionError):
        return "refuses the credentials"
    if isinstance(error, redis.TimeoutError):
        return "does not answer in time"
    if isinstance(error, redis.ConnectionError):
        return "refuses connections or went away"
    return f"{what} ({type(error).__name__})" if isinstance(error, redis.RedisError) else None
