"""The trace of a crisis: what happened from the disclosure until someone took care of it.

One id holds it together, through processes and losses. No event holds a word of a conversation.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = [
    "ESCALATED",
    "RESOLVED",
    "AuditRow",
    "EventName",
    "Trace",
    "TraceEvent",
    "new_trace_id",
    "trace_id_of",
]

ESCALATED = "crisis.escalate"
RESOLVED = "crisis.resolve"
"""Actions of the two audit lines that a trace leaves; their resource is the trace's id."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class EventName(StrEnum):
    """What can happen, in the order in which it should."""

    DISCLOSURE = "disclosure"
    DETECTION = "detection"
    DETECTED = "crisis.detected"
    INITIATED = "escalation.initiated"
    ACKNOWLEDGED = "escalation.acknowledged"
    RESOLVED = "safety.resolved"


_ORDER = {name: number for number, name in enumerate(EventName)}


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """One thing that happened.

    Attributes:
        at: seconds since the epoch. replica: the process that saw it.
        detail: a few words of this service's own, as who found it; see the page of the service.
    """

    trace: str
    event: EventName
    at: float
    replica: str
    detail: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "event": self.event.value,
            "at": self.at,
            "replica": self.replica,
            "detail": self.detail,
        }

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> TraceEvent:
        """Read a row of `trace_events`."""
        trace, event, at, replica, detail = row
        return cls(trace, EventName(event), float(at), replica, json.loads(detail))


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An audit line about a trace."""

    chain: str
    seq: int
    action: str
    time: str
    hash: str

    def shown(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "chain": self.chain,
            "seq": self.seq,
            "action": self.action,
            "time": self.time,
            "hash": self.hash,
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """All that is known of one crisis; `events` in the order of `EventName`, each at most once."""

    id: str
    events: tuple[TraceEvent, ...]
    audit: tuple[AuditRow, ...] = ()

    @classmethod
    def of(cls, trace: str, events: Iterable[TraceEvent], audit: Iterable[AuditRow] = ()) -> Trace:
        """Put events together that may come twice and in any order; of two the earlier counts."""
        first: dict[EventName, TraceEvent] = {}
        for event in sorted(events, key=lambda one: one.at):
            first.setdefault(event.event, event)
        return cls(trace, tuple(sorted(first.values(), key=lambda e: _ORDER[e.event])), (*audit,))

    @property
    def complete(self) -> bool:
        """Whether everything happened and the end of it is on record."""
        everything = len(self.events) == len(EventName)
        return everything and any(row.action == RESOLVED for row in self.audit)

    def shown(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        detected = (e.detail for e in self.events if e.event is EventName.DETECTED)
        return {
            "trace": self.id,
            "complete": self.complete,
            "conversation": next(detected, {}).get("conversation"),
            "events": [event.shown() for event in self.events],
            "audit": [row.shown() for row in self.audit],
        }


def new_trace_id() -> str:
    """Return 32 hex digits that nobody has seen."""
    return secrets.token_hex(16)


def trace_id_of(traceparent: str) -> str | None:
    """Return the trace id of a W3C `traceparent` header; None when it is none or all zeros."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    if found is None or set(found[1]) == {"0"}:
        return None
    return found[1]
