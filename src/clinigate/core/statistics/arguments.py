"""The argument checks that every statistic shares: one error type, naming argument and value."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sized
from typing import SupportsIndex

from clinigate.errors import UsageError

__all__ = [
    "check_at_least",
    "check_confidence",
    "check_count",
    "check_finite",
    "check_open_unit",
    "check_positive",
    "check_range",
    "check_same_length",
]


def check_count(name: str, value: SupportsIndex, *, low: int = 0, high: int | None = None) -> int:
    """Return `value` as an int of at least `low` and, where given, at most `high`."""
    wanted = f"{low} or more" if high is None else f"{low} to {high}"
    try:
        count = operator.index(value)
    except TypeError as error:
        raise _refusal(name, value, f"an integer, {wanted}") from error
    if count < low or (high is not None and count > high):
        raise _refusal(name, value, f"an integer, {wanted}")
    return count


def check_confidence(value: float) -> float:
    """Return a one-sided confidence: above a half (a coin), below 1 (never reached by data)."""
    if not _is_number(value) or not 0.5 < value < 1.0:
        raise _refusal("confidence", value, "a one-sided confidence between 0.5 and 1, as 0.95")
    return value


def check_open_unit(name: str, value: float) -> float:
    """Return `value` if it lies strictly between 0 and 1."""
    if not _is_number(value) or not 0.0 < value < 1.0:
        raise _refusal(name, value, "a number strictly between 0 and 1")
    return value


def check_positive(name: str, value: float) -> float:
    """Return `value` if it is a finite number above 0."""
    if not _is_number(value) or not 0.0 < value < math.inf:
        raise _refusal(name, value, "a finite number above 0")
    return value


def check_at_least(name: str, value: float, low: float) -> float:
    """Return `value` if it is a finite number of at least `low`."""
    if not _is_number(value) or not low <= value < math.inf:
        raise _refusal(name, value, f"a finite number, {low:g} or more")
    return value


def check_range(name: str, value: float, low: float, high: float) -> float:
    """Return `value` if it is a number from `low` to `high`, both included."""
    if not _is_number(value) or not low <= value <= high:
        raise _refusal(name, value, f"a number from {low:g} to {high:g}")
    return value


def check_same_length(name: str, value: Sized, other_name: str, other: Sized) -> None:
    """Refuse two columns that belong together and differ in length."""
    if len(value) != len(other):
        raise UsageError(
            f"{name} has {len(value)} items and {other_name} has {len(other)}; "
            "wanted one of each for every case, in the same order"
        )


def check_finite(name: str, values: Iterable[float]) -> list[float]:
    """Return `values` as a list in which every item is a finite number."""
    result = list(values)
    for position, value in enumerate(result):
        if not _is_number(value) or not math.isfinite(value):
            raise _refusal(f"{name}[{position}]", value, "a finite number")
    return result


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _refusal(name: str, value: object, wanted: str) -> UsageError:
    return UsageError(f"{name} is {value!r}; wanted {wanted}")
