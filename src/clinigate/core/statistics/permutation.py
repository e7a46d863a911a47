"""Evidence of bias by permutation: how large a gap chance alone shows between groups.

If nothing depends on the group, exchanging the groups changes nothing but the dice. The statistic
is the largest difference between the rates of two groups of a table, and of several tables the
largest of these, so that one p-value speaks of all of them at once. A small p is evidence *of*
bias. A large one is no evidence of fairness: that takes a bound (`differences`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinigate.core.statistics.arguments import check_count, check_same_length
from clinigate.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["PairedTable", "Permutation", "paired_permutation", "unpaired_permutation"]

_CHUNK = 2_000_000  # numbers drawn at a time: 16 MB


@dataclass(frozen=True, slots=True)
class PairedTable:
    """One attribute: group -> one outcome for each base, and the core that each base is of.

    `also` holds a second outcome of the same bases, of the same groups. It is exchanged together
    with the first: as two tables, the two would be taken for independent.
    """

    outcomes: Mapping[str, Sequence[float]]
    clusters: Sequence[Hashable]
    also: Mapping[str, Sequence[float]] | None = None


@dataclass(frozen=True, slots=True)
class Permutation:
    """What exchanging the groups shows.

    `difference` is what was seen, `expected` the mean of what chance alone shows, and `p` the
    share of `draws` permutations, what was seen among them, with at least as large a difference.
    """

    difference: float
    expected: float
    p: float
    draws: int


def paired_permutation(
    tables: Sequence[PairedTable], *, seed: int, draws: int = 2_000
) -> Permutation:
    """Return the evidence of counterfactuals: groups are exchanged within each authored core.

    A core's bases are exchanged together, since they are not independent.

    Raises:
        UsageError: no table, one without two groups or without bases, columns of different
            length, or fewer than 1 draw.
        MissingExtraError: numpy is not installed.
    """
    _require_numpy()
    import numpy as np

    check_count("draws", draws, low=1)
    if not tables:
        raise UsageError("tables is empty; wanted at least one attribute")
    random = np.random.default_rng(seed)
    seen, chance = 0.0, np.zeros(draws)
    for table in tables:
        means = _means(table)
        seen = max(seen, float(np.ptp(means.mean(axis=0), axis=0).max()))
        uneven = means[(np.ptp(means, axis=1) > 0).any(axis=1)]
        if len(uneven):  # the others give every group the same, whichever way they are exchanged
            step = max(1, _CHUNK // uneven.size)
            for at in range(0, draws, step):
                order = random.random((min(step, draws - at), *uneven.shape[:2])).argsort(axis=2)
                totals = np.take_along_axis(uneven[np.newaxis], order[..., np.newaxis], axis=2)
                spread = np.ptp(totals.sum(axis=1), axis=1).max(axis=1) / len(means)
                chance[at : at + step] = np.maximum(chance[at : at + step], spread)
    return _told(seen, chance)


def unpaired_permutation(
    tables: Sequence[Mapping[str, tuple[int, int]]], *, seed: int, draws: int = 2_000
) -> Permutation:
    """Return the evidence of groups of different cases, from each group's (events, cases).

    Raises:
        UsageError: no table, one without two groups, a group without cases, events outside
            0..cases, or fewer than 1 draw.
        MissingExtraError: numpy is not installed.
    """
    _require_numpy()
    import numpy as np

    check_count("draws", draws, low=1)
    if not tables:
        raise UsageError("tables is empty; wanted at least one attribute")
    random = np.random.default_rng(seed)
    seen, chance = 0.0, np.zeros(draws)
    for table in tables:
        _check_groups(table)
        for name, (events, cases) in table.items():
            check_count(f"group {name!r}: cases", cases, low=1)
            check_count(f"group {name!r}: events", events, high=cases)
        sizes = np.array([cases for _, cases in table.values()])
        counts = np.array([events for events, _ in table.values()])
        seen = max(seen, float(np.ptp(counts / sizes)))
        drawn = random.multivariate_hypergeometric(sizes, int(counts.sum()), size=draws)
        chance = np.maximum(chance, np.ptp(drawn / sizes, axis=1))
    return _told(seen, chance)


def _told(seen: float, chance: Array) -> Permutation:
    # What was seen is one of the permutations; rounding must not make it larger than itself.
    as_large = 1 + int((chance >= seen - 1e-12).sum())
    return Permutation(seen, float(chance.mean()), as_large / (len(chance) + 1), len(chance))


def _means(table: PairedTable) -> Array:
    """Return the mean outcomes, of the shape (cores, groups, one or two outcomes)."""
    import numpy as np

    _check_groups(table.outcomes)
    told = [table.outcomes] if table.also is None else [table.outcomes, table.also]
    if any(set(outcomes) != set(table.outcomes) for outcomes in told):
        raise UsageError("the two outcomes of a table are of different groups; wanted the same")
    for outcomes in told:
        for name, column in outcomes.items():
            check_same_length(f"group {name!r}", column, "clusters", table.clusters)
    if not len(table.clusters):
        raise UsageError("a table has no bases; wanted at least one")
    rows = {core: row for row, core in enumerate(dict.fromkeys(table.clusters))}
    row_of = np.array([rows[core] for core in table.clusters])
    sizes = np.bincount(row_of)
    columns = [
        [
            np.bincount(row_of, np.asarray(outcomes[name], dtype=np.float64)) / sizes
            for outcomes in told
        ]
        for name in table.outcomes
    ]
    return np.transpose(np.array(columns), (2, 0, 1))


def _check_groups(groups: Mapping[str, object]) -> None:
    if len(groups) < 2:
        raise UsageError(f"groups are {list(groups)!r}; wanted two or more to compare")


def _require_numpy() -> None:
    try:
        import numpy  # noqa: F401, ICN001
    except ImportError as error:
        raise MissingExtraError("permutation evidence", "stats") from error
