"""Amounts as Kubernetes writes them: `500m`, `1.5Gi`, `2e3`, `10%`."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from clinigate.platform.resource import Field, ManifestShapeError

__all__ = ["amount", "share_of", "try_amount"]

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?P<suffix>[eE][+-]?[0-9]{1,3}|[A-Za-z]{0,2})"
)
_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{letter: Fraction(1000**power) for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)},
}


def try_amount(value: object) -> Fraction | None:
    """Return a quantity's exact amount, or None where it is none (resource.Quantity of the API)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _QUANTITY.fullmatch(str(value).strip())
    if found is None:
        return None
    number, suffix = Fraction(found["number"]), found["suffix"]
    if suffix[:1] in ("e", "E") and suffix[1:]:
        return number * Fraction(10) ** int(suffix[1:])
    factor = _SUFFIXES.get(suffix)
    return None if factor is None else number * factor


def amount(field: Field) -> Fraction | None:
    """Return a field's amount; None where nothing is stated.

    Raises:
        ManifestShapeError: it is no amount.
    """
    if not field.exists:
        return None
    found = try_amount(field.value)
    if found is None:
        raise ManifestShapeError(f"{field.place}: an amount as 500m or 1Gi is wanted")
    return found


def share_of(field: Field, total: int) -> int | None:
    """Return how many of `total` a field means, as 1 or `50%`; None where nothing is stated.

    Percentages are rounded up, as the disruption controller does for both of its bounds.

    Raises:
        ManifestShapeError: it is neither a whole number nor a percentage.
    """
    value = field.value
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        found = re.fullmatch(r"([0-9]{1,3})(%?)", value)
        if found is not None:
            number = int(found[1])
            return math.ceil(total * number / 100) if found[2] else number
    raise ManifestShapeError(f"{field.place}: a whole number or a percentage is wanted")
