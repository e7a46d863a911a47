"""Places where data comes to rest: files, tables of a database, a Redis cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import Any, Protocol

from clinigate.errors import MissingExtraError, TargetError
from clinigate.phi.leaks.model import Looked, Sighting, SinkKind
from clinigate.phi.leaks.reading import Eyes
from clinigate.phi.leaks.stores import files_under, is_beside, tables_at
from clinigate.phi.surfaces import TruncatedError

__all__ = ["FileSink", "RedisSink", "Sink", "State", "TableSink"]

_MOST_KEYS = 100_000
_REDIS = "redis:/"
#: What Redis says of a key that has run out meanwhile.
_GONE = b"none"
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


#: Size and time of each file.
State = dict[Path, tuple[int, int]]


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
    _before: State = field(default_factory=dict)

    def begin(self) -> None:
        """Remember how the files are before anything is planted.

        Raises as `state` does.
        """
        self._before = self.state()

    def state(self) -> State:
        """Return size and time of each file; what is still to be made is none yet.

        Raises:
            ConfigError: one is not there, and neither is its folder.
            TargetError: a folder may not be read.
        """
        there = [
            found
            for name in self.names
            for found in _expanded(self.base, name)
            if not self._awaited(found)
        ]
        state: State = {}
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
            if is_beside(path) and not path.exists():
                continue  # SQLite has taken it into its database, which comes after it.
            shown = self._shown(path)
            yield from eyes.in_name(shown, self.kind, shown)
            yield from eyes.in_file(path, self.kind, shown)
        advice = (
            f"name what the service writes to in {self.named_in}, and what makes it write in "
            f"{_FIELD} upkeep"
        )
        missing = [name for name in self.names if not self._is_there(name)]
        for name in missing:
            yield Looked(self.kind, name, f"nothing is there; {advice}")
        if not changed and len(missing) < len(self.names):
            yield Looked(self.kind, ", ".join(self.names), f"nothing was written there; {advice}")

    def _is_there(self, name: str) -> bool:
        return any((self.base / each).exists() for each in _expanded(self.base, name))

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
            place, trouble = f"postgresql:/{table.name}", ""
            yield from eyes.in_name(table.name, SinkKind.STORE, place)
            try:
                yield from eyes.in_chunks(table.chunks(), SinkKind.STORE, place)
            except (TargetError, TruncatedError) as error:
                trouble = str(error)
            yield Looked(SinkKind.STORE, place, trouble)


@dataclass(frozen=True, slots=True)
class RedisSink:
    """The keys of a Redis cache, and what lies under them."""

    url: str
    kind: SinkKind = SinkKind.CACHE

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Read up to 100,000 keys, and their values; types that no one can read are told.

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
        # An address that is none is no error of Redis' own.
        except (redis.RedisError, ValueError) as error:
            trouble = f"cannot be read ({type(error).__name__}); is redis_url_env right?"
        yield Looked(SinkKind.CACHE, _REDIS, trouble)

    def _entry(self, eyes: Eyes, link: Any, key: bytes | str) -> Iterator[Sighting | Looked]:
        if isinstance(key, str):
            raise ValueError("decode_responses stands in the address")
        yield from eyes.in_field(key, SinkKind.CACHE, _REDIS, "key")
        kind = link.type(key)
        if kind in _READ:
            value = b"\n".join(_READ[kind](link, key))
            yield from eyes.in_field(value, SinkKind.CACHE, _REDIS, "value")
        elif kind != _GONE:
            shown = kind.decode("ascii", "replace")
            yield Looked(SinkKind.CACHE, _REDIS, f"values of the type {shown} are not read")


def _expanded(base: Path, name: str) -> list[str]:
    """Return the names that a pattern stands for; one that is none stands for itself.

    And for what it is rotated to: `app.log.1.gz` and `app.log-20260105` lie beside `app.log`.
    """
    path = base / name
    if not has_magic(name) or path.exists():
        return [name, *_rotated(path)]
    # Path.glob takes no absolute pattern.
    return sorted(glob(name, root_dir=base, recursive=True))  # noqa: PTH207


def _rotated(path: Path) -> list[str]:
    if path.is_dir() or not path.parent.is_dir():
        return []
    starts = (f"{path.name}.", f"{path.name}-")
    beside = (each for each in path.parent.iterdir() if each.name.startswith(starts))
    return sorted(str(each) for each in beside if each.is_file() and not is_beside(each))


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
