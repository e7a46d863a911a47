"""What an engine reads in a conversation, and what an engine is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clinigate.core.case import Severity, Turn

__all__ = ["Assessment", "EmotionReading", "Engine", "Event", "ModelCard", "Topic"]


@dataclass(frozen=True, slots=True)
class Topic:
    """What an utterance is about, in the words of the packs: an archetype and its obligations."""

    archetype: str
    family: str
    severity: Severity
    obligations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """One disclosure: which of the conversation's messages, what about, how sure."""

    message: int
    topic: Topic
    score: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """Whether a conversation discloses a crisis.

    Attributes:
        crisis: the flag. score: the probability behind it, 0 to 1.
        topic: what the message is about that decided; the last user message when none is urgent.
        events: each user message that discloses a crisis, in order.
    """

    crisis: bool
    score: float
    topic: Topic
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class EmotionReading:
    """The emotion of the last user message, and the share of each emotion (they sum to 1)."""

    emotion: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What an engine is, what it has seen, and what its results cannot say.

    Attributes:
        exposed_to: packs (`crisis-en`) or splits of packs (`crisis-en#dev`) that it was built on,
            as `Plan.exposed_to` wants them. packs: the same packs with their versions.
        limits: sentences about what its results don't show.
        locale: whose crisis lines its replies name.
    """

    model: str
    method: str
    fitted_to: str
    exposed_to: tuple[str, ...]
    packs: tuple[str, ...]
    limits: tuple[str, ...]
    locale: str = "en-US"


class Engine(Protocol):
    """Reads conversations. Deterministic: the same conversation gives the same reading."""

    @property
    def card(self) -> ModelCard:
        """What this engine is."""
        ...

    def assess(self, turns: Sequence[Turn]) -> Assessment:
        """Say whether any user message of `turns` discloses a crisis."""
        ...

    def emotion(self, turns: Sequence[Turn]) -> EmotionReading:
        """Name the emotion of the last user message of `turns`."""
        ...
