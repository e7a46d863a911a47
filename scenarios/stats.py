"""What a pack holds, in numbers, so that a report can say how much evidence it can give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinigate.scenarios.pack import Pack
from clinigate.scenarios.similarity import effective_number
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
        effective_cores: cores without a 5-gram in common that would be as diverse as these, summed
            over the archetypes (`similarity.effective_number`); `least_effective` is the share of
            its cores that the worst archetype keeps, and which one it is.
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
    effective_cores: float
    least_effective: tuple[str, float]


def stats(pack: Pack) -> PackStats:
    """Return the counts of `pack`."""
    members = list(pack.cores())
    texts = [normalise(core.said).split() for _, core in members]
    effective = {
        archetype.id: effective_number(core.said for core in archetype.cores)
        for archetype in pack.archetypes
    }
    kept = {each.id: effective[each.id] / len(each.cores) for each in pack.archetypes}
    worst = min(kept, key=kept.__getitem__)
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
        effective_cores=sum(effective.values()),
        least_effective=(worst, kept[worst]),
    )


def _count(values: Iterable[str]) -> Mapping[str, int]:
    return MappingProxyType(dict(sorted(Counter(values).items())))


def _distinct(texts: Iterable[list[str]], size: int) -> float:
    grams = [
        tuple(text[place : place + size]) for text in texts for place in range(len(text) - size + 1)
    ]
    return len(set(grams)) / len(grams) if grams else 0.0
