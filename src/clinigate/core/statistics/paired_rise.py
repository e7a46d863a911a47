"""How much more often the second of two paired outcomes occurs, with bounds."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.statistics.arguments import check_confidence, check_count
from clinigate.core.statistics.square_and_add import exclusive_difference_upper
from clinigate.errors import UsageError

__all__ = ["PairedRise", "paired_rise"]


@dataclass(frozen=True, slots=True)
class PairedRise:
    """The rate of the second outcome less that of the first, over `n` pairs.

    `low` and `high` are one-sided bounds, each at the confidence that was asked for.
    """

    difference: float
    low: float
    high: float
    n: int


def paired_rise(more: int, less: int, n: int, confidence: float) -> PairedRise:
    """Return the rise over `n` independent pairs, of which only the discordant ones count.

    `more` pairs had the second outcome alone, `less` the first alone. The bounds are Newcombe's for
    paired differences, with exact limits (`square_and_add`).

    Raises:
        UsageError: no pair, counts beyond `n`, or confidence outside (0.5, 1).
    """
    check_confidence(confidence)
    check_count("n", n, low=1)
    check_count("more", more, high=n)
    check_count("less", less, high=n)
    if more + less > n:
        raise UsageError(f"more + less is {more + less}, beyond the {n} pairs")
    return PairedRise(
        difference=(more - less) / n,
        low=-exclusive_difference_upper(less, more, n, confidence),
        high=exclusive_difference_upper(more, less, n, confidence),
        n=n,
    )
