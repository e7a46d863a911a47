"""What the routes stand on: something that reads conversations, and something that records them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clinigate.core.case import Turn
from clinigate.reference.crisis.trace import Trace
from clinigate.reference.engine.reading import Assessment, EmotionReading, ModelCard
from clinigate.reference.records.audit import AuditEvent

__all__ = ["Answer", "Exchanged", "Judged", "Mind", "Records"]


@dataclass(frozen=True, slots=True)
class Judged:
    """An assessment, and by what.

    Attributes:
        by: `model` or `rules`. degraded: dependencies that it was made without.
    """

    assessment: Assessment
    by: str = "model"
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service says to a conversation, and what it read in it; fields as in `Judged`."""

    text: str
    assessment: Assessment
    by: str = "model"
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One chat request as it is put on record.

    Attributes:
        id: of the conversation. access: its audit event. disclosed_at, read_at: when the request
            came and when it was read, in seconds since the epoch. trace: under which a crisis goes.
    """

    id: str
    access: AuditEvent
    turns: tuple[Turn, ...]
    answer: Answer
    disclosed_at: float
    read_at: float
    trace: str


class Mind(Protocol):
    """Reads conversations and finds words for them."""

    @property
    def card(self) -> ModelCard:
        """What reads here."""
        ...

    async def chat(self, turns: Sequence[Turn]) -> Answer:
        """Answer a conversation."""
        ...

    async def crisis(self, turns: Sequence[Turn]) -> Judged:
        """Say whether a conversation discloses a crisis."""
        ...

    async def emotion(self, turns: Sequence[Turn]) -> EmotionReading:
        """Name the emotion of the last user message."""
        ...

    def delay_s(self) -> float:
        """Seconds to wait before the next answer; 0 unless the defect is slowness."""
        ...


class Records(Protocol):
    """Puts on record what is done, before it is told to anybody."""

    async def access(self, event: AuditEvent, *, urgent: bool = False) -> None:
        """Record one access; an urgent one may wait in an outbox rather than be refused.

        Raises:
            EvidenceError: it is not on record; the access must be refused.
        """
        ...

    async def exchange(self, exchanged: Exchanged) -> tuple[str, ...]:
        """Record one chat request; returns the dependencies that it was done without.

        Raises:
            EvidenceError: it is not on record, and it is no crisis; the reply must not be sent.
        """
        ...

    async def consent(self, patient: str, *, granted: bool, text: str, access: AuditEvent) -> None:
        """Record that a client's patient agreed, or took it back, with the access to it.

        Raises:
            EvidenceError: it is not on record; nothing has changed.
        """
        ...

    async def consented(self, client: str, patient: str) -> bool:
        """Whether a client's patient agreed and did not take it back.

        Raises:
            EvidenceError: nobody can say at the moment.
        """
        ...

    async def trace(self, trace: str) -> Trace | None:
        """Return a crisis trace; None for an unknown one.

        Raises:
            EvidenceError: nobody can say at the moment.
        """
        ...

    async def traces(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest traces; raises as `trace`."""
        ...

    def ready(self) -> bool:
        """Whether requests can be served."""
        ...

    def lost(self) -> tuple[str, ...]:
        """Dependencies that are given up for the moment."""
        ...
