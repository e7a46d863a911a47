"""What a pack holds, in numbers, so that a report can say how much evidence it can give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinigate.scenarios.pack import Pack
from clinigate.scenarios.text import normalise

__all__ = ["PackStats", "stats"]


@dataclass(frozen=True, slots=True)
class PackStats:
    """Counts of one pack.

    Attributes:
        cores: separately authored wordings; the n of any claim about unseen utterances.
        reviewers: how many clinicians are on record; 0 must be said in a report.
        by_label, by_severity, by_family, by_split: number of cores.
        distinct_1, distinct_2: different words, and different pairs of neighbouring words, as a
            share of all (0 to 1); low means that the cores repeat each other.
        mean_words: words in a core's user turns, mean.
    """

    pack: str
    digest: str
    archetypes: int
    cores: int
    reviewers: int
    by_label: Mapping[str, int]
    by_severity: Mapping[str, int]
    by_family: Mapping[str, int]
    by_split: Mapping[str, int]
    distinct_1: float
    distinct_2: float
    mean_words: float


def stats(pack: Pack) -> PackStats:
    """Return the counts of `pack`."""
    members = list(pack.cores())
    texts = [
        normalise(" ".join(turn.text for turn in core.turns if turn.role == "user")).split()
        for _, core in members
    ]
    return PackStats(
        pack=pack.ref,
        digest=pack.digest,
        archetypes=len(pack.archetypes),
        cores=len(members),
        reviewers=len(pack.review),
        by_label=_count(archetype.label for archetype, _ in members),
        by_severity=_count(archetype.severity.value for archetype, _ in members),
        by_family=_count(archetype.family for archetype, _ in members),
        by_split=_count(core.split.value for _, core in members),
        distinct_1=_distinct(texts, 1),
        distinct_2=_distinct(texts, 2),
        mean_words=sum(map(len, texts)) / len(texts),
    )


def _count(values: Iterable[str]) -> Mapping[str, int]:
    return MappingProxyType(dict(sorted(Counter(values).items())))


def _distinct(texts: Iterable[list[str]], size: int) -> float:
    grams = [
        tuple(text[place : place + size]) for text in texts for place in range(len(text) - size + 1)
    ]
    return len(set(grams)) / len(grams) if grams else 0.0
