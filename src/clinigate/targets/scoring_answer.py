"""From the values that were found in what is said of a sheet to what came of it, strictly.

A value of the wrong type is never bent into the right one, as in any other answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from clinigate.core.scoring import Scored
from clinigate.core.target import Outcome

__all__ = ["read_scored"]


def read_scored(values: Mapping[str, Any], *, latency_s: float) -> Scored:
    """Make what was said of a sheet of the values that were found in it.

    A refusal is looked at first. What is not there stays None; a total must be.
    """
    refusal = values.get("refusal")
    if refusal is True or (isinstance(refusal, str) and refusal.strip()):
        return Scored(Outcome.REFUSED, latency_s, error="the system declined to score the sheet")
    for name, value in values.items():
        trouble = _trouble(name, value)
        if trouble:
            return Scored(Outcome.UNPARSABLE, latency_s, error=f"scoring: {name} {trouble}")
    return Scored(
        Outcome.ANSWERED,
        latency_s,
        total=float(values["total"]),
        percent=None if values.get("percent") is None else float(values["percent"]),
        band=values.get("band"),
        positive=values.get("positive"),
        follow_up=values.get("follow_up"),
    )


def _trouble(name: str, value: Any) -> str | None:
    if value is None:
        return "gives nothing" if name == "total" else None
    if name in ("total", "percent"):
        return None if _is_number(value) else "is no number"
    if name == "refusal":
        return None if isinstance(value, bool | str) else "is neither true, false nor words"
    if name == "band":
        return None if isinstance(value, str) else "is no text"
    return None if isinstance(value, bool) else "is neither true nor false"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # a whole number of hundreds of digits
        return False
