"""Places where data comes to rest: files, tables of a database, a Redis cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from glob import glob, has_magic
from pathlib import Path
from typing import Any, Protocol

from clinigate.errors import MissingExtraError, TargetError
from clinigate.phi.leaks.model import Looked, Sighting, SinkKind
from clinigate.phi.leaks.reading import Eyes
from clinigate.phi.leaks.stores import files_under, tables_at

__all__ = ["FileSink", "RedisSink", "Sink", "TableSink"]

_MOST_KEYS = 100_000
_FIELD = "[phi.trace]"


class Sink(Protocol):
    """One kind of place, or several that are looked at together."""

    @property
    def kind(self) -> SinkKind:
        """What is said of it where it could not be looked at."""
        ...

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Yield what stands there now, and every place that was looked at."""
        ...


_State = dict[Path, tuple[int, int]]


@dataclass(slots=True)
class FileSink:
    """Files and folders of one kind.

    Attributes:
        names: as configured, relative to `base`; patterns as `access.log*` too.
        named_in: the field that they are configured in.
    """

    kind: SinkKind
    base: Path
    names: Sequence[str]
    named_in: str
    _before: _State = field(default_factory=dict)

    def begin(self) -> None:
        """Remember how the files are before anything is planted.

        Raises:
            ConfigError: one is not there, and neither is its folder.
        """
        self._before = self.state()

    def state(self) -> _State:
        """Return size and time of each file; what is still to be made is none yet."""
        there = [
            found
            for name in self.names
            for found in _expanded(self.base, name)
            if not self._awaited(found)
        ]
        state: _State = {}
        for path in files_under(self.base, there, self.named_in):
            try:
                found = path.stat()
            except OSError:
                continue
            state[path] = (found.st_size, found.st_mtime_ns)
        return state

    def changed(self) -> list[Path]:
        """Return what was written since `begin`."""
        return [path for path, now in self.state().items() if self._before.get(path) != now]

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Read what was written since planting began; nothing written is the wrong place."""
        changed = self.changed()
        for path in changed:
            shown = self._shown(path)
            yield from eyes.in_name(shown, self.kind, shown)
            yield from eyes.in_file(path, self.kind, shown)
        if not changed:
            trouble = (
                f"nothing was written there; name what the service writes to in {self.named_in}, "
                f"and what makes it write in {_FIELD} upkeep"
            )
            yield Looked(self.kind, ", ".join(self.names), trouble)

    def _awaited(self, name: str) -> bool:
        """Whether something is still to be made there: nothing is, but its folder."""
        path = self.base / name
        return not path.exists() and path.parent.is_dir()

    def _shown(self, path: Path) -> str:
        try:
            return path.relative_to(self.base).as_posix()
        except ValueError:
            return str(path)


@dataclass(frozen=True, slots=True)
class TableSink:
    """The tables of a PostgreSQL store, as its server tells them."""

    dsn: str
    field: str
    kind: SinkKind = SinkKind.STORE

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Read every table."""
        for table in tables_at(self.dsn, self.field):
            try:
                yield from eyes.in_chunks(table.chunks(), SinkKind.STORE, table.name)
                trouble = ""
            except TargetError as error:
                trouble = str(error)
            yield Looked(SinkKind.STORE, table.name, trouble)


@dataclass(frozen=True, slots=True)
class RedisSink:
    """The keys of a Redis cache, and what lies under them."""

    url: str
    kind: SinkKind = SinkKind.CACHE

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Read up to 100,000 keys, and the values of every type that holds bytes.

        Raises:
            MissingExtraError: redis-py is not installed.
        """
        try:
            import redis
        except ImportError:
            raise MissingExtraError("looking into a Redis cache", "db") from None
        trouble = ""
        try:
            opened: Any = redis.Redis.from_url(self.url, socket_timeout=10.0)
            with opened as link:
                for number, key in enumerate(link.scan_iter(count=1000)):
                    if number >= _MOST_KEYS:
                        trouble = f"more than {_MOST_KEYS} keys"
                        break
                    yield from self._entry(eyes, link, key)
        except redis.RedisError as error:
            trouble = f"cannot be read ({type(error).__name__}); is redis_url_env right?"
        yield Looked(SinkKind.CACHE, "redis", trouble)

    def _entry(self, eyes: Eyes, link: Any, key: bytes) -> Iterator[Sighting]:
        read = _READ.get(link.type(key))
        value = [] if read is None else read(link, key)
        for symbol, data in (("key", key), ("value", b"\n".join(value))):
            for each in eyes.in_bytes(data, SinkKind.CACHE, "redis"):
                yield replace(each, line=None, symbol=symbol)


def _expanded(base: Path, name: str) -> list[str]:
    """Return the names that a pattern stands for; one that is none stands for itself."""
    if not has_magic(name):
        return [name]
    # Path.glob takes no absolute pattern.
    return sorted(glob(str(base / name)))  # noqa: PTH207


def _flat(pairs: Mapping[bytes, bytes]) -> list[bytes]:
    return [part for pair in pairs.items() for part in pair]


_READ: Mapping[bytes, Callable[[Any, bytes], list[bytes]]] = {
    b"string": lambda link, key: [link.get(key) or b""],
    b"hash": lambda link, key: _flat(link.hgetall(key)),
    b"list": lambda link, key: link.lrange(key, 0, -1),
    b"set": lambda link, key: list(link.smembers(key)),
    b"zset": lambda link, key: link.zrange(key, 0, -1),
    b"stream": lambda link, key: [part for _, pairs in link.xrange(key) for part in _flat(pairs)],
}
