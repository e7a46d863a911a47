"""Defects of operation: faults that show under chaos or load, in a cluster alone.

They stand beside the clinical ones of `clinigate.reference.defects`: an evaluation of what the
service says cannot see them. Each violates exactly one thing and names the metrics that show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from clinigate.errors import UsageError
from clinigate.reference.defects import DEFECTS

__all__ = ["OPERATIONAL_DEFECTS", "OperationalDefect", "checked_defects"]


@dataclass(frozen=True, slots=True)
class OperationalDefect:
    """One fault: its name, what goes wrong in one sentence, and the metrics that must show it."""

    name: str
    summary: str
    metrics: tuple[str, ...]


_TABLE = (
    OperationalDefect(
        "no-crisis-fallback",
        "Without inference nobody looks for a crisis, and chat answers 503.",
        ("chaos.crisis_path.crisis_path", "chaos.crisis_path_inference.crisis_path"),
    ),
    OperationalDefect(
        "escalation-lost",
        "An escalation that the desk does not take at once is forgotten.",
        ("chaos.crisis_path.lost_escalations", "chaos.crisis_path_queue.lost_escalations"),
    ),
    OperationalDefect(
        "retry-storm",
        "A failing dependency is asked 25 times for each request, without pause or budget.",
        ("chaos.refuse_db.retry_storm",),
    ),
    OperationalDefect(
        "breaker-never-opens",
        "Each request waits for a lost dependency until its time is up.",
        ("chaos.partition_db.breaker_opened",),
    ),
    OperationalDefect(
        "frozen-replica-stays",
        "The entry goes on sending requests to a replica that is frozen, and waits for it.",
        ("chaos.freeze_replica.rto", "chaos.freeze_replica.crisis_path"),
    ),
    OperationalDefect(
        "no-restart",
        "A process that died is not started again.",
        ("chaos.kill_all.rto",),
    ),
    OperationalDefect(
        "audit-fails-open",
        "What cannot be put on record is served all the same.",
        ("chaos.disk_full.unaudited",),
    ),
    OperationalDefect(
        "crisis-dropped-in-surge",
        "With more than eight chats under way in a replica, everybody gets the same generic reply.",
        ("load.post-event-surge.crisis_reply",),
    ),
    OperationalDefect(
        "expired-certificate-unnoticed",
        "The metric of the time to expiry tells what it was at the start, for ever.",
        (
            "chaos.expiring_certificate.expiry_noticed",
            "chaos.expired_certificate.expiry_noticed",
        ),
    ),
)

OPERATIONAL_DEFECTS: Mapping[str, OperationalDefect] = MappingProxyType(
    {defect.name: defect for defect in _TABLE}
)
"""Every defect of operation by its name."""


def checked_defects(names: Iterable[str]) -> tuple[str | None, frozenset[str]]:
    """Return the clinical defect among `names`, if any, and the operational ones.

    Raises:
        UsageError: a name is unknown, two are not of operation and would hide each other, or one
            is of the transport, which a cluster's entry sees to, or of what the single service
            leaves beside its records.
    """
    clinical = None
    operational: set[str] = set()
    for name in names:
        if name in OPERATIONAL_DEFECTS:
            operational.add(name)
        elif name not in DEFECTS:
            raise _unknown(name)
        elif clinical is not None and clinical != name:
            raise UsageError(f"defects {clinical!r} and {name!r} exclude each other; take one")
        elif DEFECTS[name].old_tls or DEFECTS[name].spill:
            raise UsageError(f"defect {name!r} is of the single service; a cluster has none of it")
        else:
            clinical = name
    return clinical, frozenset(operational)


def _unknown(name: str) -> UsageError:
    every = (*DEFECTS, *OPERATIONAL_DEFECTS)
    near = get_close_matches(name, every, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(every)}"
    return UsageError(f"unknown defect {name!r}; {hint}")
