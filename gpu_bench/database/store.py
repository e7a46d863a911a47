"""What a database offers to the benchmark: scratch data of its own, sessions, operations."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Protocol
from urllib.parse import urlsplit

from clinigate.errors import TargetError

__all__ = ["Session", "Store", "in_our_words", "place_of", "scratch_name", "trouble"]


class Session(Protocol):
    """One pooled connection; used by one thread at a time."""

    @property
    def operations(self) -> Mapping[str, Callable[[int], object]]:
        """By name: do statement number N and wait for its answer.

        They raise what the client raises: telling errors apart costs time that would be measured.
        """
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...


class Store(Protocol):
    """A database with scratch data that is there while the context is open.

    Nothing but the scratch data is read or written; it has a random name, and goes at the end.
    """

    @property
    def description(self) -> str:
        """Product, version and what matters for its speed."""
        ...

    @property
    def left_behind(self) -> str | None:
        """What of the scratch data could not be removed, after the context ended."""
        ...

    def __enter__(self) -> Store:
        """Connect and lay out the scratch data. Raises `TargetError`."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the scratch data."""
        ...

    def session(self) -> Session:
        """A new connection. Raises `TargetError`."""
        ...

    def named(self, what: str) -> AbstractContextManager[None]:
        """Turn the client's errors into a `TargetError` of one sentence, which holds no secret.

        `what` says what was under way, where nothing more is known.
        """
        ...


def scratch_name() -> str:
    """A name that nothing of a user's bears."""
    return f"clinigate_bench_{secrets.token_hex(6)}"


def place_of(address: str) -> str:
    """Host and port of a URL, without its credentials."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "the given address"
    if host is None:
        return "the given address"
    return host if port is None else f"{host}:{port}"


def trouble(product: str, place: str, origin: str, what: str) -> TargetError:
    """The one sentence about a database that does not do what it should."""
    return TargetError(f"{product} at {place}: {what}; check the server and {origin}")


@contextmanager
def in_our_words(
    explained: Callable[[Exception], str | None], say: Callable[[str], TargetError]
) -> Iterator[None]:
    """Turn errors that `explained` knows into ours; others pass through."""
    try:
        yield
    except Exception as error:
        what = explained(error)
        if what is None:
            raise
        raise say(what) from None
