"""Values with units as options take them: `100ms`, `100rps`, `80%`."""

from __future__ import annotations

import math
import re

from clinigate.errors import UsageError

__all__ = ["rate", "seconds", "share"]

_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"
_SECONDS = re.compile(_NUMBER + r"\s*(us|ms|s|m)")
_RATE = re.compile(_NUMBER + r"\s*(?:rps|qps|/s)")
_SHARE = re.compile(_NUMBER + r"\s*(%?)")
_SCALE = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


def seconds(text: str) -> float:
    """Return the seconds, above 0, that a text such as `100ms`, `1.5s` or `250us` names.

    Raises:
        UsageError: it is none; a bare number too, which could be of either unit.
    """
    match = _SECONDS.fullmatch(text.strip())
    value = float(match[1]) * _SCALE[match[2]] if match else 0.0
    return _above_zero(value, text, "a time above 0 with its unit, as 100ms or 1.5s")


def rate(text: str) -> float:
    """Return the queries a second, above 0, that a text such as `100rps` or `20/s` names.

    Raises:
        UsageError: it is none.
    """
    match = _RATE.fullmatch(text.strip())
    return _above_zero(float(match[1]) if match else 0.0, text, "a rate above 0, as 100rps")


def share(text: str) -> float:
    """Return the share, above 0 and at most 1, that a text such as `80%` or `0.8` names.

    Raises:
        UsageError: it is none; `80` too, which would be 8,000%.
    """
    match = _SHARE.fullmatch(text.strip())
    value = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    wanted = "a share above 0 and at most 100%, as 80%"
    return _above_zero(value if value <= 1 else 0.0, text, wanted)


def _above_zero(value: float, text: str, wanted: str) -> float:
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"got {text!r}, wanted {wanted}")
    return value
