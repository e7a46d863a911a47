"""Calibration error of scores: does "90% sure" come true in 90% of the cases?

Scores are cut into bins of equal mass (equal scores stay together); a bin's gap is its mean
outcome less its mean score. The textbook ECE, the mean absolute gap, is biased: perfect scores show
.02 to .04 at n = 1,000, because noise never cancels in an absolute value. The debiased error is the
root of the mean squared gap less the variance of the gaps, unbiased before the root (Kumar, Liang
and Ma 2019, "Verified uncertainty calibration"). A root mean square is never below a mean, so a
limit on it is the stricter one. Like every binned error it is blind to what cancels within a bin.

The bounds come from a parametric bootstrap that is inverted as a test: the upper one is the
largest calibration error under which so small a debiased error still has probability
1 - confidence, with the gaps spread evenly (for a given ECE the hardest case to see) and the noise
of each bin taken as normal. A percentile bootstrap would not do: it adds the noise of the bins a
second time and never certifies. A lucky sample earns no bound below what perfect scores get in the
median (power-constrained limit, Cowan et al. 2011, arXiv:1105.3166).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_count,
    check_finite,
    check_range,
    check_same_length,
)
from clinigate.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "CALIBRATION_N_TO_CERTIFY",
    "CALIBRATION_N_TO_JUDGE",
    "CalibrationError",
    "ScoreBin",
    "calibration_error",
    "score_bins",
]

CALIBRATION_N_TO_JUDGE = 2_000
"""Fewer scored cases say nothing: neither bound is given."""
CALIBRATION_N_TO_CERTIFY = 5_000
"""Fewer scored cases certify nothing: no upper bound is given."""

_DRAWS = 2_000
_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """How far scores are from the frequencies that they promise.

    `ece` is the plug-in mean absolute gap, for comparison with other tools. `debiased` is the value
    to judge, the debiased root mean squared gap. `low` and `high` are one-sided bounds, each at
    `confidence`, and None while `n` is below `CALIBRATION_N_TO_JUDGE` (both) or
    `CALIBRATION_N_TO_CERTIFY` (the upper). `bins` is the number of bins that hold cases.
    """

    ece: float
    debiased: float
    low: float | None
    high: float | None
    confidence: float
    n: int
    bins: int


def calibration_error(
    scores: Sequence[float],
    labels: Sequence[bool],
    *,
    confidence: float,
    seed: int,
    bins: int = 15,
) -> CalibrationError:
    """Return the calibration error of `scores` (probabilities) for `labels` (came true or not).

    For a classifier of several classes pass the score of the predicted class and whether it was
    right. `seed` makes the bootstrap repeatable; it moves the bounds in their third digit.

    Raises:
        UsageError: no cases, columns of different length, a score outside [0, 1], a label that is
            neither true nor false, bins below 2, a negative seed, or confidence outside (0.5, 1).
        MissingExtraError: numpy is not installed.
    """
    check_confidence(confidence)
    check_count("bins", bins, low=2)
    check_count("seed", seed)
    _check_cases(scores, labels)
    _require_numpy()
    table = _Table.of(scores, labels, bins)
    squared = float(table.weight @ (table.gap**2 - table.variance))
    low, high = _bounds(table, squared, confidence=confidence, seed=seed)
    n = len(scores)
    return CalibrationError(
        ece=float(table.weight @ abs(table.gap)),
        debiased=math.sqrt(max(0.0, squared)),
        low=low if n >= CALIBRATION_N_TO_JUDGE else None,
        high=high if n >= CALIBRATION_N_TO_CERTIFY else None,
        confidence=confidence,
        n=n,
        bins=len(table.weight),
    )


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """Cases of like scores: their mean score, how many there are, and of how many it came true."""

    score: float
    n: int
    events: int


def score_bins(
    scores: Sequence[float], labels: Sequence[bool], *, bins: int = 15
) -> tuple[ScoreBin, ...]:
    """Return the bins of `calibration_error`, by rising score: what a reliability diagram shows.

    Raises:
        UsageError: as `calibration_error`.
        MissingExtraError: numpy is not installed.
    """
    check_count("bins", bins, low=2)
    _check_cases(scores, labels)
    _require_numpy()
    import numpy as np

    score, label, bin_of, count = _binned(scores, labels, bins)
    mean = np.bincount(bin_of, score) / count
    true = np.bincount(bin_of, label)
    return tuple(
        ScoreBin(float(at), int(n), round(float(events)))
        for at, n, events in zip(mean, count, true, strict=True)
    )


def _binned(
    scores: Sequence[float], labels: Sequence[bool], bins: int
) -> tuple[Array, Array, NDArray[np.intp], NDArray[np.intp]]:
    """Return scores, labels, the bin of each case and the count of each bin."""
    import numpy as np

    score = np.asarray(scores, dtype=np.float64)
    label = np.asarray(labels, dtype=np.float64)
    cuts = np.quantile(score, np.arange(1, bins) / bins, method="inverted_cdf")
    _, bin_of, count = np.unique(
        np.searchsorted(np.unique(cuts), score), return_inverse=True, return_counts=True
    )
    return score, label, bin_of, count


@dataclass(frozen=True, slots=True)
class _Table:
    """One row for each bin: its share of the cases, its gap, and the variance of that gap.

    `variance` is unbiased, and what debiasing subtracts. `spread` is what the bootstrap draws from:
    at least that of a rate with two more successes and two more failures (Agresti and Coull 1998),
    so that a bin in which every case came true still leaves room for some that would not.
    """

    weight: Array
    gap: Array
    variance: Array
    spread: Array

    @classmethod
    def of(cls, scores: Sequence[float], labels: Sequence[bool], bins: int) -> _Table:
        import numpy as np

        score, label, bin_of, count = _binned(scores, labels, bins)
        residual = label - score
        gap = np.bincount(bin_of, residual) / count
        squares = np.bincount(bin_of, (residual - gap[bin_of]) ** 2)
        variance = squares / np.maximum(count - 1, 1) / count
        rate = (np.bincount(bin_of, label) + 2.0) / (count + 4.0)
        spread = np.maximum(variance, rate * (1.0 - rate) / count)
        return cls(weight=count / len(score), gap=gap, variance=variance, spread=spread)


def _bounds(table: _Table, squared: float, *, confidence: float, seed: int) -> tuple[float, float]:
    """Invert the bootstrap test at both ends.

    With an even gap g in every bin and noise e in it, the debiased squared error is drawn as
    sum w ((g + e)^2 - v) = g^2 + 2 g sum(w e) + sum(w (e^2 - v)): two sums per draw serve every g.
    """
    import numpy as np

    noise = np.random.default_rng(seed).standard_normal((_DRAWS, len(table.weight)))
    noise *= np.sqrt(table.spread)
    linear = 2.0 * (noise @ table.weight)
    null = (noise**2 - table.spread) @ table.weight
    floored = max(squared, float(np.median(null)))
    error = 1.0 - confidence

    def unlikely_so_small(gap: float) -> bool:
        return bool(np.mean(gap * gap + gap * linear + null <= floored) <= error)

    def likely_so_large(gap: float) -> bool:
        return bool(np.mean(gap * gap + gap * linear + null >= squared) > error)

    return _first(likely_so_large), _first(unlikely_so_small)


def _first(holds: Callable[[float], bool]) -> float:
    """Bisect for the smallest gap in [0, 1] that `holds`, given that it does from there on."""
    if holds(0.0):
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _require_numpy() -> None:
    try:
        import numpy  # noqa: F401, ICN001
    except ImportError as error:
        raise MissingExtraError("calibration error", "stats") from error


def _check_cases(scores: Sequence[float], labels: Sequence[bool]) -> None:
    check_same_length("labels", labels, "scores", scores)
    if len(scores) == 0:
        raise UsageError("scores is empty; wanted at least one scored case")
    for position, score in enumerate(check_finite("scores", scores)):
        check_range(f"scores[{position}]", score, 0.0, 1.0)
    for position, label in enumerate(labels):
        if label not in (True, False):
            raise UsageError(f"labels[{position}] is {label!r}; wanted true or false")
