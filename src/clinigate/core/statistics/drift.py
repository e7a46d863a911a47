"""Whether two samples come from one distribution, and how far apart they may be.

With ten thousand values any harmless difference is significant, with a hundred a grave one is not:
a test alone says nothing that a release could rest on. Each measure here comes with bounds of the
distance itself, so that a criterion can say how far is too far, and with the evidence against
chance for the reader.

The population stability index has folk limits of 0.1 and 0.2 whatever the sample. Under no drift it
is distributed as chi-squared with B - 1 degrees of freedom times (1/n + 1/m) (Yurdakul and Naranjo
2020): with 100 values on either side it exceeds 0.1 in 85% of all comparisons of a distribution
with itself. `psi` calibrates it by that, and bounds it by the noncentral distribution and by the
delta method.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_count,
    check_finite,
    check_same_length,
)
from clinigate.core.statistics.gamma import chi2_cdf, chi2_quantile, noncentral_chi2_cdf
from clinigate.core.statistics.special import normal_quantile
from clinigate.errors import MissingExtraError, UsageError

__all__ = [
    "MMD_MOST",
    "SKETCH_SIZE",
    "KolmogorovSmirnov",
    "MeanDiscrepancy",
    "Psi",
    "kolmogorov_smirnov",
    "mean_discrepancy",
    "psi",
    "sketch",
]

#: Pairs of texts beyond this add time and no certainty that anybody waits for.
MMD_MOST = 500
#: Buckets that n-grams of texts are hashed into.
SKETCH_SIZE = 2048

_PERMUTATIONS = 999


@dataclass(frozen=True, slots=True)
class Psi:
    """A population stability index.

    Attributes:
        value: the index. low, high: one-sided bounds of that of the distributions.
        chance: what it exceeds in one of a hundred comparisons without any drift.
        p: chance of so large an index without any drift.
        bins: that values were sorted into. n, m: values of either sample.
    """

    value: float
    low: float
    high: float
    confidence: float
    chance: float
    p: float
    bins: int
    n: int
    m: int


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """The largest distance between two distribution functions, from 0 to 1.

    Attributes:
        value: the distance between the samples'. at: where it is.
        low, high: one-sided bounds of that between the distributions.
        p: chance of so large a distance without any drift.
        n, m: values of either sample.
    """

    value: float
    at: float
    low: float
    high: float
    confidence: float
    p: float
    n: int
    m: int


@dataclass(frozen=True, slots=True)
class MeanDiscrepancy:
    """How far apart the mean n-gram profiles of two builds' texts are, from 0 to the root of 2.

    Attributes:
        value: the distance, less what chance alone adds.
        low, high: one-sided bounds of that of the texts that the builds would write.
        p: share of permutations with at least this distance.
        n: pairs of texts.
    """

    value: float
    low: float
    high: float
    confidence: float
    p: float
    n: int


def psi(before: Sequence[float], now: Sequence[float], confidence: float, *, bins: int = 10) -> Psi:
    """Compare two samples by how they fill the quantile bins of the first.

    A value that many share has a bin of its own. Empty bins count as half a value. The upper bound
    treats an index smaller than chance would make it as chance's: no drift seen is no certainty.

    Raises:
        UsageError: a sample is empty or not finite, `bins` below 2, or confidence outside (0.5, 1).
    """
    check_confidence(confidence)
    check_count("bins", bins, low=2)
    first, second = sorted(_values("before", before)), sorted(_values("now", now))
    edges = _edges(first, bins)
    was, is_now = _shares(first, edges), _shares(second, edges)
    value = sum((q - p) * math.log(q / p) for p, q in zip(was, is_now, strict=True))
    df = len(edges)
    scale = 1.0 / len(first) + 1.0 / len(second)
    scaled = value / scale
    # Near no drift the index is a noncentral chi-squared, far from it a normal one: of the two the
    # wider counts.
    middle = value - df * scale
    reach = normal_quantile(confidence) * _standard_error(was, is_now, len(first), len(second))
    low = scale * _noncentrality(scaled, df, confidence)
    high = scale * _noncentrality(max(scaled, float(df)), df, 1.0 - confidence)
    return Psi(
        value=value,
        low=max(0.0, min(low, middle - reach)),
        high=max(high, middle + reach),
        confidence=confidence,
        chance=scale * chi2_quantile(0.99, df),
        p=1.0 - chi2_cdf(scaled, df),
        bins=df + 1,
        n=len(first),
        m=len(second),
    )


def kolmogorov_smirnov(
    before: Sequence[float], now: Sequence[float], confidence: float
) -> KolmogorovSmirnov:
    """Compare two samples by the largest distance of their distribution functions.

    The bounds are those of Dvoretzky, Kiefer and Wolfowitz with Massart's constant, half of the
    error for either sample: they hold for any distribution and however the samples depend, as two
    builds asked the same cases do. The p is Kolmogorov's, with Stephens' correction.

    Raises:
        UsageError: a sample is empty or not finite, or confidence outside (0.5, 1).
    """
    check_confidence(confidence)
    first, second = sorted(_values("before", before)), sorted(_values("now", now))
    value, at = _distance(first, second)
    reach = sum(
        math.sqrt(math.log(4.0 / (1.0 - confidence)) / (2 * len(x))) for x in (first, second)
    )
    return KolmogorovSmirnov(
        value=value,
        at=at,
        low=max(0.0, value - reach),
        high=min(1.0, value + reach),
        confidence=confidence,
        p=_kolmogorov_p(value, len(first) * len(second) / (len(first) + len(second))),
        n=len(first),
        m=len(second),
    )


def sketch(text: str) -> Mapping[int, int]:
    """Return how often words and pairs of words fall into each of `SKETCH_SIZE` hashed buckets.

    The words cannot be read back; two texts can be compared.
    """
    words = text.casefold().split()
    # Where a text begins and ends is part of how it is worded; one without words has no wording.
    ends = pairwise(["", *words, ""]) if words else ()
    grams = [*words, *(f"{one} {two}" for one, two in ends)]
    return Counter(_bucket(gram) for gram in grams)


def mean_discrepancy(
    before: Sequence[Mapping[int, int]],
    now: Sequence[Mapping[int, int]],
    confidence: float,
    *,
    seed: int = 0,
) -> MeanDiscrepancy:
    """Compare what two builds wrote to the same cases, by sketches of at most `MMD_MOST` texts.

    The maximum mean discrepancy (Gretton et al. 2012) with the linear kernel on unit vectors. Texts
    are paired by their case, so that what the case brings about cancels out, and a permutation
    swaps the builds within a pair. The bounds rest on a bounded-differences inequality and assume
    nothing of the texts; they are wide.

    Raises:
        UsageError: no pair, columns of different length, or confidence outside (0.5, 1).
        MissingExtraError: numpy is not installed.
    """
    check_confidence(confidence)
    check_same_length("before", before, "now", now)
    n = min(len(before), MMD_MOST)
    if n < 2:
        raise UsageError(f"before has {n} texts; wanted at least two pairs")
    np = _numpy()
    gaps = _unit_vectors(np, before[:n]) - _unit_vectors(np, now[:n])
    products = gaps @ gaps.T
    spread = float(np.trace(products)) / n
    np.fill_diagonal(products, 0.0)
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(_PERMUTATIONS, n))
    swapped = ((signs @ products) * signs).sum(axis=1)
    seen = float(products.sum())
    # Rounding must not make texts that are alike differ.
    as_far = int((swapped >= seen - 1e-9 * n * n).sum())
    distance = math.sqrt(max(0.0, seen) / (n * (n - 1)))
    # One pair moves the mean gap by at most 2 sqrt(2) / n (McDiarmid), and its expected length is
    # at least that of the expected gap (Jensen), at most by the root of the mean square over n.
    length = math.sqrt(max(0.0, seen + n * spread)) / n
    reach = math.sqrt(4.0 * math.log(1.0 / (1.0 - confidence)) / n)
    return MeanDiscrepancy(
        value=distance,
        low=max(0.0, length - reach - math.sqrt(spread / n)),
        high=min(math.sqrt(2.0), length + reach),
        confidence=confidence,
        p=(as_far + 1) / (_PERMUTATIONS + 1),
        n=n,
    )


def _values(name: str, values: Sequence[float]) -> list[float]:
    if not values:
        raise UsageError(f"{name} is empty; wanted at least one value")
    return check_finite(name, values)


def _edges(ascending: Sequence[float], bins: int) -> list[float]:
    """Upper edges (included) of all bins but the last."""
    n = len(ascending)
    cuts = [ascending[max(0, math.ceil(n * k / bins) - 1)] for k in range(1, bins)]
    edges = set(cuts)
    for value, count in Counter(cuts).items():
        # Of a value that more than one bin would end with: below it is another bin than at it.
        if count > 1 or value == ascending[0]:
            edges.add(math.nextafter(value, -math.inf))
    return sorted(edges)


def _shares(ascending: Sequence[float], edges: Sequence[float]) -> list[float]:
    counts = [0] * (len(edges) + 1)
    for value in ascending:
        counts[bisect_left(edges, value)] += 1
    total = sum(max(count, 0.5) for count in counts)
    return [max(count, 0.5) / total for count in counts]


def _standard_error(before: Sequence[float], now: Sequence[float], n: int, m: int) -> float:
    """Return that of an index, by the delta method."""
    by_before = [math.log(p / q) + 1.0 - q / p for p, q in zip(before, now, strict=True)]
    by_now = [math.log(q / p) + 1.0 - p / q for p, q in zip(before, now, strict=True)]
    return math.sqrt(_variance(before, by_before) / n + _variance(now, by_now) / m)


def _variance(weights: Sequence[float], values: Sequence[float]) -> float:
    mean = sum(w * v for w, v in zip(weights, values, strict=True))
    return sum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))


def _noncentrality(x: float, df: int, p: float) -> float:
    """Return the noncentrality at which a value of at most `x` has the chance `p`, or 0."""
    if noncentral_chi2_cdf(x, df, 0.0) <= p:
        return 0.0
    low, high = 0.0, max(1.0, x)
    while noncentral_chi2_cdf(x, df, high) > p:
        low, high = high, 2.0 * high
    for _ in range(60):
        middle = (low + high) / 2.0
        if high - low <= 1e-9 * high:
            break
        low, high = (middle, high) if noncentral_chi2_cdf(x, df, middle) > p else (low, middle)
    return (low + high) / 2.0


def _distance(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    i = j = 0
    largest, at = 0.0, first[0]
    while i < len(first) and j < len(second):
        value = min(first[i], second[j])
        while i < len(first) and first[i] <= value:
            i += 1
        while j < len(second) and second[j] <= value:
            j += 1
        distance = abs(i / len(first) - j / len(second))
        if distance > largest:
            largest, at = distance, value
    return largest, at


def _kolmogorov_p(distance: float, effective: float) -> float:
    root = math.sqrt(effective)
    t = (root + 0.12 + 0.11 / root) * distance
    if t < 0.2:
        return 1.0
    terms = ((-1.0 if k % 2 == 0 else 1.0) * math.exp(-2.0 * (k * t) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2.0 * math.fsum(terms)))


def _bucket(gram: str) -> int:
    return int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=4).digest()) % SKETCH_SIZE


def _unit_vectors(np: Any, sketches: Sequence[Mapping[int, int]]) -> Any:
    rows = np.zeros((len(sketches), SKETCH_SIZE))
    for row, counts in zip(rows, sketches, strict=True):
        for bucket, count in counts.items():
            row[bucket] = count
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0.0, lengths, 1.0)


def _numpy() -> Any:
    try:
        import numpy as np
    except ImportError:
        raise MissingExtraError("comparing what two builds write", "stats") from None
    return np
