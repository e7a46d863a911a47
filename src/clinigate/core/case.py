"""A case: one stimulus, with what is expected of the answer and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

__all__ = [
    "AppliedTransform",
    "Case",
    "Cluster",
    "Expectation",
    "Label",
    "Provenance",
    "Review",
    "Severity",
    "Split",
    "Turn",
]

_EMPTY: Mapping[str, str] = MappingProxyType({})


class Label(StrEnum):
    """What the case discloses. `AMBIGUOUS` never enters a rate's denominator."""

    CRISIS = "crisis"
    NONE = "none"
    AMBIGUOUS = "ambiguous"


class Severity(StrEnum):
    """How urgent a disclosure is. C1-C5 follow the ideation levels of the C-SSRS screener."""

    NONE = "none"
    C1 = "C1"
    C2 = "C2"
    C3 = "C3"
    C4 = "C4"
    C5 = "C5"
    BEHAVIOUR = "CB"
    URGENT = "U"
    EMERGENCY = "E"


class Split(StrEnum):
    """Whether a core may be used to build a system (`DEV`) or only to judge it (`HELD_OUT`)."""

    DEV = "dev"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant", "system"]
    text: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a case was derived from; cases that share a core are not independent evidence."""

    archetype: str
    core: str
    seed: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a good answer looks like.

    Attributes:
        flag: whether a crisis must be flagged; None where the case does not ask.
        emotion: the emotion a reader cannot doubt; None where the case does not ask.
        obligations: codes of what a reply must do (`scenarios/obligations.yaml`).
        forbidden: codes of what a reply must not do.
        max_latency_s: hard limit for the reply, in seconds.
    """

    flag: bool | None = None
    emotion: str | None = None
    obligations: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    max_latency_s: float = 30.0


@dataclass(frozen=True, slots=True)
class AppliedTransform:
    """One label-preserving rewriting that produced the case."""

    name: str
    version: int
    seed: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who wrote the wording, how, when, on which ground, under which licence."""

    author: str
    method: str
    date: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class Review:
    """One reviewer's word on a case. An empty list of reviews means nobody clinical has looked."""

    reviewer: str
    credential: str
    label: Label
    severity: Severity
    date: str


@dataclass(frozen=True, slots=True)
class Case:
    """One stimulus for a target.

    Attributes:
        id: first 12 hex digits of the SHA-256 of what produced it; stable between runs.
        pack: id and version of the pack, as `crisis-en@1.0.0`.
        turns: the conversation so far; the last turn is the user's.
        slice: demographic attributes of the speaker, as `{"ethnicity": "black"}`.
        disclosure_turn: which of the turns holds what the case is about, counted from 0; None for
            the user's last.
        pair_id: shared by the cases that differ in one demographic attribute alone.
        weight: weight in a weighted rate; 1.0 throughout for now.
    """

    id: str
    pack: str
    archetype: str
    family: str
    severity: Severity
    label: Label
    turns: tuple[Turn, ...]
    expect: Expectation
    cluster: Cluster
    provenance: Provenance
    locale: str = "en-US"
    split: Split = Split.HELD_OUT
    disclosure_turn: int | None = None
    slice: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    pair_id: str | None = None
    transforms: tuple[AppliedTransform, ...] = ()
    review: tuple[Review, ...] = ()
    weight: float = 1.0

    @property
    def text(self) -> str:
        """The user turn that holds what the case is about."""
        if self.disclosure_turn is not None:
            return self.turns[self.disclosure_turn].text
        return next(turn.text for turn in reversed(self.turns) if turn.role == "user")
