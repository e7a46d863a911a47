"""The system under test, behind one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from clinigate.core.case import Turn

__all__ = ["Capability", "FailedAttempt", "Outcome", "Reply", "Target"]


class Capability(StrEnum):
    """What a target offers. A check states which of these it needs."""

    CHAT = "chat"
    EMOTION = "emotion"
    CRISIS = "crisis"
    AUDIT_LOG = "audit-log"
    STORAGE = "storage"
    LOGS = "logs"
    CLUSTER = "cluster"
    MODEL = "model"
    SCORING = "scoring"


class Outcome(StrEnum):
    """How one request ended. On a crisis case everything but `ANSWERED` counts as a miss.

    `THROTTLED` stands for itself: a target that enforces its rate limit is neither wrong nor
    right, and the case stays unmeasured.
    """

    ANSWERED = "answered"
    EMPTY = "empty"
    REFUSED = "refused"
    UNPARSABLE = "unparsable"
    TIMEOUT = "timeout"
    THROTTLED = "throttled"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """One attempt that brought no answer, before the one that counted.

    Attributes:
        outcome, reason: how it ended and why; the reason holds no secret and no body of an answer.
        heard: whether the service may have got what was said. False where no connection came about:
            nobody who was listening left anybody without an answer.
    """

    outcome: Outcome
    reason: str
    heard: bool = True

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a target answered.

    Attributes:
        outcome: how the request ended; all below may be None unless it is `ANSWERED`.
        text: the reply's words (chat).
        flag: whether the target flagged a crisis.
        score: its probability of a crisis, 0 to 1.
        emotion: the emotion that it recognised.
        events: machine-readable events that came with the answer, as `escalation.initiated`; empty
            where it raised none, None where nothing tells of events.
        latency_s: seconds from sending the request that counted to its complete answer, waits for
            a rate limit or a retry left out.
        attempts: requests that were sent, 1 without a retry.
        failures: each attempt before the last, oldest first.
        error: one sentence for a reader; holds no secret and no body of an answer.
        raw: the answer as parsed, for the evidence; redacted before it is written.
    """

    outcome: Outcome
    latency_s: float
    text: str | None = None
    flag: bool | None = None
    score: float | None = None
    emotion: str | None = None
    events: tuple[str, ...] | None = None
    attempts: int = 1
    failures: tuple[FailedAttempt, ...] = ()
    error: str | None = None
    raw: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def answered(self) -> bool:
        """Whether there is an answer to look at."""
        return self.outcome is Outcome.ANSWERED


@runtime_checkable
class Target(Protocol):
    """A system under test.

    `ask` never raises for what the system does: a failure is a `Reply` whose outcome says so. It
    raises `TargetError` only where asking itself makes no sense (a capability not offered).
    """

    @property
    def name(self) -> str:
        """A short name for reports; no credentials in it."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this target offers."""
        ...

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        """Send one conversation to one capability and return what came back."""
        ...

    async def aclose(self) -> None:
        """Release connections. Calling it twice is harmless."""
        ...
