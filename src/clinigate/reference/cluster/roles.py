"""What the processes of a cluster are told at their start, as one line of JSON each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

__all__ = ["DeskPart", "EntryPart", "InferencePart", "Part", "ReplicaPart", "StorePart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process.

    Attributes:
        name: as in the topology. port: where it listens on 127.0.0.1; 0 takes a free one.
        secret: what the processes of one cluster know each other by.
    """

    name: str
    secret: str = ""
    port: int = 0

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Self:
        """Read what `to_plain` wrote."""
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class InferencePart(Part):
    """The inference worker, with one of `clinigate.reference.MODELS`."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePart(Part):
    """The process that holds the SQLite file at `path`."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPart(Part):
    """The escalation desk with its journal."""

    journal: str
    resolve_after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaPart(Part):
    """One replica.

    Attributes:
        inference, desk: addresses, host:port. database: the address of the store's process;
            empty with a `dsn`. cache_url: of Redis; empty for none.
        clinical, operational: the defects that it has.
        token_key, store_key: hexadecimal, common to all replicas.
        clients: credentials by name. card: the model card.
        outbox, log: its own files. certificate: what it serves; certificates: which ones it tells
            the expiry of, by name.
        patience: what every deadline of a dependency is multiplied with.
    """

    inference: str
    desk: str
    database: str = ""
    dsn: str = ""
    cache_url: str = ""
    clinical: str | None = None
    operational: list[str] = field(default_factory=list)
    token_key: str
    store_key: str
    token_lifetime_s: float
    clients: dict[str, dict[str, Any]]
    card: dict[str, Any]
    outbox: str
    log: str
    certificate: str
    certificates: dict[str, str]
    tokens_per_s: float = 0.0
    first_token_s: float = 0.0
    patience: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPart(Part):
    """The proxy in front of the replicas.

    Attributes:
        listener: number of the listening socket that it inherits. ca_file: what it trusts the
            replicas by. keeps_frozen: a fault to calibrate with.
    """

    listener: int
    ca_file: str
    certificate: str
    keeps_frozen: bool = False
