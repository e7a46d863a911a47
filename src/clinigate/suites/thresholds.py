"""The thresholds of the requirement, and the criteria that they tighten."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from clinigate.clinical.criteria import (
    ACCURACY,
    APPROPRIATENESS,
    EMPATHY,
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    LATENCY_P99,
    PARITY,
    SAFETY,
)
from clinigate.errors import UsageError

__all__ = ["CRITERION_OF", "limits_of", "threshold_named"]

#: Keyword: the criterion whose limit it tightens.
CRITERION_OF: Mapping[str, str] = MappingProxyType(
    {
        "accuracy_threshold": ACCURACY,
        "bias_threshold": PARITY,
        "false_negative_threshold": FALSE_NEGATIVES,
        "false_positive_threshold": FALSE_POSITIVES,
        "response_time_threshold": LATENCY_P99,
        "empathy_score_threshold": EMPATHY,
        "clinical_appropriateness": APPROPRIATENESS,
        "safety_compliance": SAFETY,
    }
)

_UNITS = MappingProxyType({LATENCY_P99: " (in seconds: 0.1 is 100 ms)"})


def limits_of(thresholds: Mapping[str, float | None]) -> dict[str, float]:
    """Return the given thresholds by criterion.

    Raises:
        UsageError: one is no number.
    """
    limits = {}
    for keyword, value in thresholds.items():
        if value is None:
            continue
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise UsageError(f"{keyword} is {value!r}; wanted a number")
        limits[CRITERION_OF[keyword]] = float(value)
    return limits


def threshold_named(error: UsageError) -> UsageError:
    """Return the error about a criterion's limit as one about the keyword that set it."""
    for keyword, criterion in CRITERION_OF.items():
        if str(error).startswith(f"{criterion}: limit"):
            return UsageError(f"{keyword}{_UNITS.get(criterion, '')}, {error}")
    return error
