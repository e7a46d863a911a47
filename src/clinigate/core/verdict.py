"""The five verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from clinigate.core.measurement import Scope

__all__ = ["Status", "Verdict", "worst"]


class Status(StrEnum):
    """How an acceptance criterion came out (terms of ISO/IEC 9646 test verdicts, and a gap)."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"
    NOT_ASSESSED = "NOT_ASSESSED"


_BY_GRAVITY = (
    Status.ERROR,
    Status.FAIL,
    Status.INCONCLUSIVE,
    Status.NOT_ASSESSED,
    Status.PASS,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one criterion.

    Attributes:
        criterion: id of the criterion. metric, scope: what it judged.
        status: the decision.
        reason: one sentence that says why, with the numbers.
        value, bound, limit: the estimate, the bound that was held against the limit, the limit.
        relation: how the bound must stand to the limit, as `<`.
        confidence: one-sided confidence of the bound.
        n, clusters: size of the evidence.
        need_n: how many units would settle it if no further event came; for INCONCLUSIVE only.
    """

    criterion: str
    metric: str
    scope: Scope
    status: Status
    reason: str
    relation: str
    limit: float
    confidence: float
    value: float | None = None
    bound: float | None = None
    n: int = 0
    clusters: int | None = None
    need_n: int | None = None


def worst(statuses: Iterable[Status]) -> Status:
    """Return the gravest status; nothing at all is `NOT_ASSESSED`, never a pass."""
    return min(statuses, key=_BY_GRAVITY.index, default=Status.NOT_ASSESSED)
