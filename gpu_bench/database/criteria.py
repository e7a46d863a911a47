"""What a database must keep: a percentile of each operation below the limit of its store."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.criterion import Criterion, Relation
from clinigate.gpu_bench.database.options import Limits

__all__ = ["OPERATIONS", "Operation", "criteria_for"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of statement.

    Attributes:
        store: one of `options.STORES`.
        name: as in its metric.
        quantile: which part of the statements must keep the limit. Redis' 1 ms is for 95%: on a
            shared host its 99th percentile is the host's (facts: 0.25 to 4 ms on one machine).
        title: in plain words.
    """

    store: str
    name: str
    quantile: float
    title: str

    @property
    def metric(self) -> str:
        """`bench.db.<store>.<name>.p99`."""
        return f"bench.db.{self.store}.{self.name}.p{self.quantile * 100:.0f}"

    @property
    def check_id(self) -> str:
        """The id of the check that its store is."""
        return f"CG-BENCH-{self.store.upper()}-001"


OPERATIONS = (
    Operation("postgres", "patient_lookup", 0.99, "PostgreSQL: a patient's record by its key"),
    Operation("postgres", "recent_turns", 0.99, "PostgreSQL: last 20 turns of a conversation"),
    Operation("postgres", "audit_insert", 0.99, "PostgreSQL: an audit row, committed"),
    Operation("mongodb", "find_one", 0.99, "MongoDB: a document by its key"),
    Operation("mongodb", "insert_one", 0.99, "MongoDB: a document, acknowledged"),
    Operation("redis", "get", 0.95, "Redis: a session is read"),
    Operation("redis", "set", 0.95, "Redis: a session is written"),
)


def criteria_for(limits: Limits) -> tuple[Criterion, ...]:
    """One criterion for each operation of the stores that have a limit."""
    found = []
    for operation in OPERATIONS:
        limit = limits.of(operation.store)
        if limit is not None:
            share = f"{operation.quantile * 100:.0f}th percentile"
            found.append(
                Criterion(
                    id=operation.metric,
                    metric=operation.metric,
                    relation=Relation.AT_MOST,
                    limit=limit,
                    title=f"{operation.title}, {share}",
                    controls=("A1.1",),
                )
            )
    return tuple(found)
