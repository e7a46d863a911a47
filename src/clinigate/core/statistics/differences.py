"""How differently groups are treated: demographic parity and equalized odds, with honest bounds.

The gap is the largest absolute difference between the rates of any two groups. Its point estimate
grows with the number of groups even where all are treated alike, so it never decides. All bounds
here hold at once for every pair of groups (Bonferroni): the upper one at a share 1 / comparisons
of the error, the lower one, which may err in two directions, at half of that.

Paired: each base scenario was put to the system once for every group, with only the group changed.
Then only scenarios answered differently say anything about bias, and far fewer are needed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import NamedTuple

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_count,
    check_same_length,
)
from clinigate.core.statistics.square_and_add import (
    exclusive_difference_upper,
    independent_difference_upper,
)
from clinigate.errors import UsageError

__all__ = [
    "EqualizedOdds",
    "Parity",
    "largest_difference",
    "pair_count",
    "paired_equalized_odds",
    "paired_parity",
    "simultaneous_bounds",
    "unpaired_equalized_odds",
    "unpaired_parity",
]

Outcomes = Mapping[str, Sequence[bool]]
"""Group -> one outcome for each base scenario, in the same order for every group."""
Counts = Mapping[str, tuple[int, int]]
"""Group -> (events, cases)."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The largest difference between the rates of any two groups.

    `groups` are the two it was seen between, the higher rate first. `low` and `high` are one-sided
    bounds of the largest true difference, each at `confidence`, holding for all `comparisons` at
    once. `n` is the number of base scenarios (paired) or the cases of the smallest group, and
    `clusters` the number of independent units behind it. `discordance` is the largest share of
    units that any two groups were answered differently on; None where groups are not paired.
    """

    difference: float
    groups: tuple[str, str]
    low: float
    high: float
    confidence: float
    rates: Mapping[str, float]
    comparisons: int
    n: int
    clusters: int
    discordance: float | None


@dataclass(frozen=True, slots=True)
class EqualizedOdds:
    """Parity among the cases that should be flagged and among those that should not.

    The bounds of both tables hold at once, for all comparisons in both together.
    """

    true_positive: Parity
    false_positive: Parity

    @property
    def worst(self) -> Parity:
        """The table with the larger difference."""
        return max(self.true_positive, self.false_positive, key=lambda parity: parity.difference)

    @property
    def difference(self) -> float:
        """The larger of the two differences."""
        return self.worst.difference

    @property
    def low(self) -> float:
        """Lower bound of the larger true difference."""
        return max(self.true_positive.low, self.false_positive.low)

    @property
    def high(self) -> float:
        """Upper bound of the larger true difference."""
        return max(self.true_positive.high, self.false_positive.high)


def paired_parity(
    outcomes: Outcomes, confidence: float, *, clusters: Sequence[Hashable] | None = None
) -> Parity:
    """Return the demographic parity of counterfactuals that share their base scenarios.

    `clusters` gives each base scenario the id of the authored core it was derived from. Then a core
    is the unit, rates weigh every core alike, and the bounds hold however alike its scenarios are:
    "any scenario of the core favoured A" bounds from above what "every one did" bounds from below.

    Raises:
        UsageError: fewer than two groups, no scenarios, groups of different length, an outcome
            that is neither true nor false, or confidence outside (0.5, 1).
    """
    return _paired(outcomes, confidence, clusters, pair_count(outcomes))


def paired_equalized_odds(
    positives: Outcomes,
    negatives: Outcomes,
    confidence: float,
    *,
    positive_clusters: Sequence[Hashable] | None = None,
    negative_clusters: Sequence[Hashable] | None = None,
) -> EqualizedOdds:
    """Return the equalized odds of counterfactuals: true and false positive rates over groups.

    `positives` holds the outcomes (flagged or not) of scenarios that should be flagged,
    `negatives` those of scenarios that should not; see `paired_parity` for the rest.

    Raises:
        UsageError: as `paired_parity`, for either table.
    """
    comparisons = pair_count(positives) + pair_count(negatives)
    return EqualizedOdds(
        _paired(positives, confidence, positive_clusters, comparisons),
        _paired(negatives, confidence, negative_clusters, comparisons),
    )


def unpaired_parity(counts: Counts, confidence: float) -> Parity:
    """Return the demographic parity of groups of different cases, from their (events, cases).

    Raises:
        UsageError: fewer than two groups, a group without cases, events outside 0..cases, or
            confidence outside (0.5, 1).
    """
    return _unpaired(counts, confidence, pair_count(counts))


def unpaired_equalized_odds(
    positives: Counts, negatives: Counts, confidence: float
) -> EqualizedOdds:
    """Return the equalized odds of groups of different cases, from their (flagged, cases).

    Raises:
        UsageError: as `unpaired_parity`, for either table.
    """
    comparisons = pair_count(positives) + pair_count(negatives)
    return EqualizedOdds(
        _unpaired(positives, confidence, comparisons),
        _unpaired(negatives, confidence, comparisons),
    )


def _paired(
    outcomes: Outcomes, confidence: float, clusters: Sequence[Hashable] | None, comparisons: int
) -> Parity:
    check_confidence(confidence)
    n = _check_outcomes(outcomes)
    cores: Sequence[Hashable] = range(n) if clusters is None else clusters
    check_same_length("clusters", cores, "outcomes", next(iter(outcomes.values())))
    sizes = Counter(cores)
    units = len(sizes)
    pairs = list(permutations(outcomes, 2))
    favoured = {(a, b): _favoured(outcomes[a], outcomes[b], cores, sizes) for a, b in pairs}
    bounds = [
        partial(exclusive_difference_upper, favoured[a, b].some, favoured[b, a].every, units)
        for a, b in pairs
    ]
    low, high = simultaneous_bounds(bounds, confidence, comparisons)
    rates = {name: _rate(column, cores, sizes) for name, column in outcomes.items()}
    difference, groups = largest_difference(rates)
    discordant = max(favoured[a, b].some + favoured[b, a].some for a, b in pairs)
    return Parity(
        difference=difference,
        groups=groups,
        low=low,
        high=high,
        confidence=confidence,
        rates=rates,
        comparisons=comparisons,
        n=n,
        clusters=units,
        discordance=min(1.0, discordant / units),
    )


def _unpaired(counts: Counts, confidence: float, comparisons: int) -> Parity:
    check_confidence(confidence)
    for name, (events, cases) in counts.items():
        check_count(f"counts[{name!r}] cases", cases, low=1)
        check_count(f"counts[{name!r}] events", events, high=cases)
    bounds = [
        partial(independent_difference_upper, counts[a], counts[b])
        for a, b in permutations(counts, 2)
    ]
    low, high = simultaneous_bounds(bounds, confidence, comparisons)
    rates = {name: events / cases for name, (events, cases) in counts.items()}
    difference, groups = largest_difference(rates)
    smallest = min(cases for _, cases in counts.values())
    return Parity(
        difference=difference,
        groups=groups,
        low=low,
        high=high,
        confidence=confidence,
        rates=rates,
        comparisons=comparisons,
        n=smallest,
        clusters=smallest,
        discordance=None,
    )


class _Favoured(NamedTuple):
    """Cores in which the first group alone had the outcome: in some scenario, in every one."""

    some: int
    every: int


def _favoured(
    first: Sequence[bool],
    second: Sequence[bool],
    cores: Sequence[Hashable],
    sizes: Mapping[Hashable, int],
) -> _Favoured:
    columns = zip(cores, first, second, strict=True)
    tally = Counter(core for core, mine, other in columns if mine and not other)
    return _Favoured(len(tally), sum(count == sizes[core] for core, count in tally.items()))


def _rate(
    column: Sequence[bool], cores: Sequence[Hashable], sizes: Mapping[Hashable, int]
) -> float:
    """Return the mean over cores of the share of the core's scenarios with the outcome."""
    events = Counter(core for core, outcome in zip(cores, column, strict=True) if outcome)
    return math.fsum(count / sizes[core] for core, count in events.items()) / len(sizes)


def simultaneous_bounds(
    uppers: Sequence[Callable[[float], float]], confidence: float, comparisons: int
) -> tuple[float, float]:
    """Return bounds of the largest absolute difference.

    `uppers` holds, for each ordered pair of groups, the upper bound of the signed difference as a
    function of the confidence. The lower bound of a difference is minus the upper of its reverse.
    """
    error = 1.0 - confidence
    high = max(upper(1.0 - error / comparisons) for upper in uppers)
    low = -min(upper(1.0 - error / (2 * comparisons)) for upper in uppers)
    return max(0.0, low), high


def largest_difference(rates: Mapping[str, float]) -> tuple[float, tuple[str, str]]:
    """Return the largest difference of two rates, and whose they are, the higher first."""
    highest = max(rates, key=lambda name: rates[name])
    lowest = min((name for name in rates if name != highest), key=lambda name: rates[name])
    return rates[highest] - rates[lowest], (highest, lowest)


def pair_count(groups: Collection[str]) -> int:
    """Return how many pairs there are to compare; fewer than two groups are refused."""
    if len(groups) < 2:
        raise UsageError(f"groups are {list(groups)!r}; wanted two or more to compare")
    return math.comb(len(groups), 2)


def _check_outcomes(outcomes: Outcomes) -> int:
    """Return the number of base scenarios, once every group has a clear outcome for each."""
    (first_name, first), *others = outcomes.items()
    if len(first) == 0:
        raise UsageError(f"group {first_name!r} has no outcomes; wanted at least one base scenario")
    for name, column in others:
        check_same_length(f"group {name!r}", column, f"group {first_name!r}", first)
    for name, column in outcomes.items():
        for position, outcome in enumerate(column):
            if outcome not in (True, False):
                raise UsageError(
                    f"outcome {position} of group {name!r} is {outcome!r}; wanted true or false"
                )
    return len(first)
