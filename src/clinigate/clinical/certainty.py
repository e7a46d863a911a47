"""What a sample costs in certainty, in words beside the number that it gave."""

from __future__ import annotations

import math
from itertools import chain

from clinigate.clinical.instruments.criteria import METRICS
from clinigate.core.measurement import Kind, Measurement, Scope
from clinigate.core.statistics import upper_bound
from clinigate.core.statistics.sequential import unnoticed_rate

__all__ = ["price_of"]


_NEVER_SAMPLED = frozenset(chain.from_iterable(METRICS.values()))


def price_of(measurement: Measurement, *, share: float, confidence: float) -> str | None:
    """Return what asking `share` of the full draw's cases costs in certainty.

    Of a rate: the best bound that so few cases can give, and how rare a fault goes unnoticed.
    None of what a share of the cases makes no smaller, as the sheets of a questionnaire.
    """
    if measurement.kind is Kind.CENSUS or measurement.metric in _NEVER_SAMPLED:
        return None
    said = f"a sample of {share:.3g} of the cases"
    n = measurement.n
    if n == 0:
        return said
    if measurement.kind is not Kind.RATE:
        wider = 1 / math.sqrt(share)
        return f"{said}: bounds lie about {wider:.1f} times as far off as with all of them"
    best = upper_bound(0, n, confidence)
    once_in = round(1 / unnoticed_rate(n))
    if measurement.scope is Scope.CATALOGUE:
        least = upper_bound(0, round(n / share), confidence)
        said += f": without a fault in {n:,} the rate of faults is at most {best:.2g}"
        said += f", and in {1 / share:.3g} times as many it would be {least:.2g}"
    else:
        said += f": without a fault in {n:,} cores the rate of faults is at most {best:.2g}"
    return f"{said}; one fault in {once_in:,} shows in only half of such samples"
