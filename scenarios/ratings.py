"""What reviewers said of a pack's cores, which of them are settled, and how far people agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from clinigate.core.case import Label, Severity
from clinigate.core.statistics.agreement import (
    kappa_lower_bound,
    krippendorff_alpha,
    weighted_kappa,
)
from clinigate.scenarios.pack import Kind, Pack

__all__ = ["Agreement", "PackReview", "Rating", "Settled"]

#: So many rows in one order are no accident: each sheet has an order of its own.
_TOLD_BY_ORDER = 8

_RANK = {Label.NONE: 0.0, Label.AMBIGUOUS: 1.0, Label.CRISIS: 2.0}


@dataclass(frozen=True, slots=True)
class Rating:
    """What one person says of one core; the label is an emotion in an emotion pack.

    Attributes:
        row: where in their sheet it stands, from 0.
    """

    reviewer: str
    credential: str
    date: str
    label: str
    severity: Severity
    row: int


class Settled(NamedTuple):
    """A core that review is done with: the label and severity it has, and who said so."""

    label: str
    severity: Severity
    ratings: tuple[Rating, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers agree, over the cores that both have rated.

    Attributes:
        same: share of cores with the same label. kappa, kappa_low: weighted kappa of the labels
            (none, ambiguous, crisis in this order) and its lower 95% bound; None for emotions, and
            where all labels are one: who says the same of everything shows no agreement.
        severity_alpha: Krippendorff's alpha of the severities, nominal; None where neither varies.
        same_order: whether eight rows or more of both stand in one order: both were sorted, or one
            sheet is a copy of the other.
        one_label: whether both gave one and the same label to everything.
    """

    reviewers: tuple[str, str]
    n: int
    same: float
    kappa: float | None
    kappa_low: float | None
    severity_alpha: float | None
    same_order: bool
    one_label: bool


@dataclass(frozen=True, slots=True)
class PackReview:
    """All sheets of one pack.

    Attributes:
        ratings: core id to what reviewers said, in the order of their names.
        decided: core id to what was decided between them.
    """

    pack: Pack
    ratings: Mapping[str, tuple[Rating, ...]]
    decided: Mapping[str, Rating]

    @property
    def settled(self) -> dict[str, Settled]:
        """The cores that review is done with."""
        found = {}
        for core, ratings in self.ratings.items():
            decision = self.decided.get(core)
            if decision is not None:
                found[core] = Settled(decision.label, decision.severity, (*ratings, decision))
            elif len(ratings) > 1 and len({(each.label, each.severity) for each in ratings}) == 1:
                found[core] = Settled(ratings[0].label, ratings[0].severity, ratings)
        return found

    @property
    def disputed(self) -> tuple[str, ...]:
        """The cores that two or more have rated differently, and nobody decided."""
        settled = self.settled
        return tuple(
            core for core, said in self.ratings.items() if len(said) > 1 and core not in settled
        )

    @property
    def regraded(self) -> tuple[str, ...]:
        """The settled cores whose label stands, and whose severity is not the author's."""
        settled = self.settled
        return tuple(
            archetype.core_id(core)
            for archetype, core in self.pack.cores()
            if (ruling := settled.get(archetype.core_id(core))) is not None
            and ruling.label == archetype.label
            and ruling.severity is not archetype.severity
        )

    @property
    def reviewers(self) -> dict[str, int]:
        """How many cores each reviewer has rated."""
        counts = Counter(each.reviewer for said in self.ratings.values() for each in said)
        return dict(sorted(counts.items()))

    def agreements(self) -> list[Agreement]:
        """The agreement of every two reviewers with a core in common."""
        names = list(self.reviewers)
        pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
        found = [self._agreement(one, other) for one, other in pairs]
        return [each for each in found if each is not None]

    def _agreement(self, one: str, other: str) -> Agreement | None:
        both = []
        for said in self.ratings.values():
            by = {each.reviewer: each for each in said}
            if one in by and other in by:
                both.append((by[one], by[other]))
        if not both:
            return None
        both.sort(key=lambda each: each[0].row)
        varied = len({each.label for pair in both for each in pair}) > 1
        ranked = self.pack.kind is not Kind.EMOTION
        kappa, low = _kappa(both) if varied and ranked else (None, None)
        severities = [
            [float(list(Severity).index(r.severity)) for r in row]
            for row in zip(*both, strict=True)
        ]
        graded = len({grade for row in severities for grade in row}) > 1
        return Agreement(
            (one, other),
            len(both),
            sum(first.label == second.label for first, second in both) / len(both),
            kappa,
            low,
            krippendorff_alpha(severities, nominal=True) if graded else None,
            same_order=len(both) >= _TOLD_BY_ORDER
            and both == sorted(both, key=lambda each: each[1].row),
            one_label=not varied,
        )


def _kappa(both: Sequence[tuple[Rating, Rating]]) -> tuple[float, float]:
    first = [_RANK[Label(one.label)] for one, _ in both]
    second = [_RANK[Label(other.label)] for _, other in both]
    return weighted_kappa(first, second), kappa_lower_bound(first, second)
