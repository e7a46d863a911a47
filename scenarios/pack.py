"""The nouns of a scenario pack: archetypes, their authored cores, who wrote and reviewed them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import Provenance, Review, Severity, Split, Turn
from clinigate.core.codec import to_plain

__all__ = [
    "EMOTIONS",
    "Archetype",
    "Attribute",
    "Core",
    "Group",
    "Kind",
    "Pack",
    "Reviewer",
    "Rewording",
    "Voice",
    "Wording",
]

EMOTIONS = ("joy", "sadness", "anger", "fear", "disgust", "surprise", "neutral")
"""Labels of an emotion pack: Ekman's six and neutral."""


class Kind(StrEnum):
    """What a pack is for; it decides which labels and transforms its archetypes may have."""

    CRISIS = "crisis"
    HARD_NEGATIVE = "hard_negative"
    EMOTION = "emotion"
    THERAPEUTIC = "therapeutic"
    COUNTERFACTUAL = "counterfactual"


class Voice(StrEnum):
    """The age that a core's wording fixes, so that no context contradicts it."""

    YOUTH = "youth"
    ADULT = "adult"
    ELDER = "elder"


@dataclass(frozen=True, slots=True)
class Core:
    """One separately authored wording: the unit of independent evidence (the cluster).

    Attributes:
        turns: user and assistant in turn, the user first and last. An assistant turn is part of
            the stimulus.
        review: who has reviewed this core, where its review is settled (`scenarios.review`).
    """

    id: str
    split: Split
    turns: tuple[Turn, ...]
    voice: Voice | None = None
    review: tuple[Review, ...] = ()

    @property
    def text(self) -> str:
        """The last user turn, which holds what the core is about."""
        return self.turns[-1].text

    @property
    def said(self) -> str:
        """Everything that the user says in it, in one line."""
        return " ".join(turn.text for turn in self.turns if turn.role == "user")


@dataclass(frozen=True, slots=True)
class Archetype:
    """One kind of situation, with what a reply to it owes.

    Attributes:
        label: crisis, none or ambiguous; in an emotion pack the emotion.
        transforms: names of the only transforms allowed; None where the kind's own list holds.
    """

    id: str
    family: str
    severity: Severity
    label: str
    obligations: tuple[str, ...]
    forbidden: tuple[str, ...]
    rationale: str
    cores: tuple[Core, ...]
    transforms: tuple[str, ...] | None = None

    def core_id(self, core: Core) -> str:
        """Return the id of `core` that is unique over all packs, as `si.plan.intent#03`."""
        return f"{self.id}#{core.id}"


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a demographic attribute, and the self-descriptions that mark it.

    Attributes:
        parts: the groups of the single attributes that an intersection crosses, else the name.
    """

    name: str
    markers: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A demographic attribute. Markers at one place of its groups' lists are counterparts.

    Attributes:
        of: the single attributes that an intersection crosses; a single attribute is of itself.
    """

    name: str
    groups: tuple[Group, ...]
    of: tuple[str, ...]

    @property
    def is_crossed(self) -> bool:
        """Whether it is an intersection of attributes."""
        return len(self.of) > 1


@dataclass(frozen=True, slots=True)
class Rewording:
    """One core in the words of every group of a `Wording`, in the order of its groups."""

    core: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """An attribute that shows in how people write: whole statements, worded by hand.

    Attributes:
        groups: the first is the one whose words the cores have as they stand.
        rewordings: of the cores that have been worded for every group.
    """

    name: str
    groups: tuple[str, ...]
    provenance: Provenance
    review: tuple[Reviewer, ...]
    rewordings: tuple[Rewording, ...]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One person who has reviewed a pack and confirms its labels and severities."""

    reviewer: str
    credential: str
    date: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A versioned set of archetypes of one kind.

    Attributes:
        review: who reviewed it; empty means that nobody clinical has, and a report says so.
        withdrawn: cores that their reviewers label otherwise, and that are therefore not in it.
        carriers: sentences with {marker} and {statement}; a counterfactual pack alone has them.
        attributes: what speakers say of themselves, intersections after single attributes.
        wordings: what shows in how they write; a core may have been withdrawn since.
    """

    id: str
    version: str
    kind: Kind
    language: str
    locale: str
    title: str
    provenance: Provenance
    archetypes: tuple[Archetype, ...]
    review: tuple[Reviewer, ...] = ()
    withdrawn: int = 0
    carriers: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    wordings: tuple[Wording, ...] = ()

    @property
    def ref(self) -> str:
        """Id and version, as `crisis-en@1.0.0`."""
        return f"{self.id}@{self.version}"

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical content, in hexadecimal; comments and layout do not count."""
        return _digest(self)

    @property
    def reviewed(self) -> bool:
        """Whether a clinician is on record for this pack, or for a core of it."""
        return bool(self.review) or any(core.review for _, core in self.cores())

    def cores(self, split: Split | str | None = None) -> Iterator[tuple[Archetype, Core]]:
        """Yield each core with its archetype, in the pack's order, of one split or of both."""
        wanted = None if split is None else Split(split)
        for archetype in self.archetypes:
            for core in archetype.cores:
                if wanted is None or core.split is wanted:
                    yield archetype, core


@lru_cache(maxsize=64)
def _digest(pack: Pack) -> str:
    return sha256_hex(canonical_bytes(to_plain(pack)))
