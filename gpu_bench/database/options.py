"""What a database benchmark is asked to do, and where the databases are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.config.resilience import BenchTable

__all__ = ["LAB", "STORES", "DatabaseOptions", "Limits", "Source", "configured_sources"]

STORES = ("postgres", "mongodb", "redis")
#: Where the servers of a lab come from, in evidence.
LAB = "local lab server"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the latency in seconds; a store without one is not looked at."""

    postgres: float | None = 0.010
    mongodb: float | None = 0.020
    redis: float | None = 0.001

    def of(self, store: str) -> float | None:
        """The limit of one of `STORES`."""
        return {"postgres": self.postgres, "mongodb": self.mongodb, "redis": self.redis}[store]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one database is.

    Attributes:
        address: with its credentials; never shown.
        origin: the environment variable that held it, or `LAB`.
    """

    address: str = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """What to do.

    Attributes:
        limits: what is judged, against what.
        sources: databases by store.
        missing: by store, why there is no source and how to name one.
        clients: pooled connections that work at once, each one statement at a time.
        statements: of each operation, over all blocks.
        blocks: stretches of measuring; operations take turns in them.
        rate: statements a second, offered whatever is under way, with latency from when each was
            due; None lets each client send the next one as soon as the last is answered.
        timeout_s: longest wait for a connection or an answer.
        confidence: one-sided, of all bounds.
    """

    limits: Limits = Limits()
    sources: Mapping[str, Source] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    clients: int = 1
    statements: int = 2000
    blocks: int = 10
    rate: float | None = None
    timeout_s: float = 5.0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name, value in (("clients", self.clients), ("blocks", self.blocks)):
            if value < 1:
                raise UsageError(f"{name} is {value}, it must be at least 1")
        if self.statements < self.blocks * self.clients:
            raise UsageError(
                f"{self.statements} statements do not fill {self.blocks} blocks of {self.clients} "
                "clients; ask for more"
            )

    @property
    def asked(self) -> tuple[str, ...]:
        """The stores that have a limit."""
        return tuple(store for store in STORES if self.limits.of(store) is not None)


def configured_sources(table: BenchTable, environ: Mapping[str, str]) -> dict[str, Source]:
    """The databases whose variables, named by the `[bench]` table, are set."""
    names = {
        "postgres": table.postgres_env,
        "mongodb": table.mongodb_env,
        "redis": table.redis_env,
    }
    return {
        store: Source(environ[name], name) for store, name in names.items() if environ.get(name)
    }
