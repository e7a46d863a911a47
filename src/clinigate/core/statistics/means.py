"""One-sided bounds of a mean (Student 1908), and the sample size that a margin asks for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from clinigate.core.statistics.arguments import (
    check_confidence,
    check_finite,
    check_open_unit,
    check_positive,
)
from clinigate.core.statistics.rates import upper_bound
from clinigate.core.statistics.special import normal_quantile, student_t_quantile
from clinigate.errors import UsageError

__all__ = ["mean_bounds", "mean_need_n"]


def mean_bounds(
    values: Iterable[float], confidence: float, *, scale: tuple[float, float] | None = None
) -> tuple[float, float | None, float | None]:
    """Return (mean, low, high), each bound one-sided at `confidence` by Student's t.

    Values that are all equal have no spread to learn from, and t would claim certainty. Then the
    bounds are None, unless the ends of the `scale` (as (1, 5) for ratings) are given: the unseen
    share of other values is at most `upper_bound(0, n)`, and lies at the worst end of the scale.
    With a `scale` the bounds never leave it, and each is that of the values with one more at its
    end of the scale: most ratings lie near one end, where t alone certifies a mean on its limit in
    6 to 10% of the runs, and with it in at most 5% (`benchmarks/campaign_certification.py`). A
    single value has bounds only with a `scale`.

    Raises:
        UsageError: no values, one that is not finite or outside the scale, a scale that is no
            range, or confidence outside (0.5, 1).
    """
    sample = check_finite("values", values)
    check_confidence(confidence)
    if not sample:
        raise UsageError("values is empty; wanted at least one measured value")
    if scale is not None:
        _check_scale(sample, scale)
    n = len(sample)
    mean = math.fsum(sample) / n
    if max(sample) == min(sample):
        return _bounds_without_spread(sample[0], n, confidence, scale)
    if scale is None:
        reach = _reach(sample, confidence)
        return mean, mean - reach, mean + reach
    bottom, top = scale
    worst, best = [*sample, bottom], [*sample, top]
    low = math.fsum(worst) / (n + 1) - _reach(worst, confidence)
    high = math.fsum(best) / (n + 1) + _reach(best, confidence)
    return mean, max(low, bottom), min(high, top)


def _reach(sample: Sequence[float], confidence: float) -> float:
    n = len(sample)
    mean = math.fsum(sample) / n
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in sample) / (n - 1))
    return student_t_quantile(confidence, n - 1) * deviation / math.sqrt(n)


def mean_need_n(margin: float, sd: float, confidence: float, *, power: float = 0.8) -> int:
    """Return the n at which a mean `margin` better than its limit is certified with `power`.

    The normal approximation ((z_confidence + z_power) * sd / margin)^2, `margin` and `sd` in the
    unit of the values. Below 30 plan two more.

    Raises:
        UsageError: margin or sd is not above 0, confidence outside (0.5, 1), power outside (0, 1).
    """
    check_positive("margin", margin)
    check_positive("sd", sd)
    check_confidence(confidence)
    check_open_unit("power", power)
    z = normal_quantile(confidence) + normal_quantile(power)
    return max(2, math.ceil((max(z, 0.0) * sd / margin) ** 2))


def _check_scale(sample: Sequence[float], scale: tuple[float, float]) -> None:
    bottom, top = scale
    if not bottom < top:
        raise UsageError(f"scale is {scale!r}; wanted its lowest and highest value, as (1, 5)")
    if min(sample) < bottom or max(sample) > top:
        outside = next(value for value in sample if not bottom <= value <= top)
        raise UsageError(f"values holds {outside!r}; wanted values on the scale {scale!r}")


def _bounds_without_spread(
    value: float, n: int, confidence: float, scale: tuple[float, float] | None
) -> tuple[float, float | None, float | None]:
    if scale is None:
        return value, None, None
    unseen = upper_bound(0, n, confidence)
    bottom, top = scale
    return value, value - unseen * (value - bottom), value + unseen * (top - value)
