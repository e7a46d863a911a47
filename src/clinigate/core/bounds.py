"""The two one-sided bounds that a measurement gives at a confidence: one rule for all readers."""

from __future__ import annotations

from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.statistics.rates import lower_bound, upper_bound

__all__ = ["bounds_at"]

EXACT = "exact one-sided Clopper-Pearson"


def bounds_at(m: Measurement, confidence: float) -> Interval | None:
    """Return the bounds of `m` at one-sided `confidence`; None where it cannot give them.

    A rate's bounds are computed from its counts. Of every other kind the producer's interval is
    taken, if it has that much confidence.

    Units that could not be measured count against the system on the side that passes, and for it
    on the side that fails: throttling can neither win a pass nor make a false miss. What it does to
    other kinds than rates nobody can tell, so that they have no bounds then.
    """
    if m.kind is not Kind.RATE:
        enough = m.interval is not None and m.interval.confidence >= confidence
        return m.interval if enough and not m.excluded else None
    n = m.n + m.excluded
    if m.events is None or n <= 0:
        return None
    return Interval(
        low=lower_bound(m.events, n, confidence),
        high=upper_bound(m.events + m.excluded, n, confidence),
        confidence=confidence,
        method=EXACT,
    )
