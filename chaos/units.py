"""Words of an experiment's file that carry units: durations, rates, shares, windows, abort rules.

Every function takes the text as its author wrote it and raises `ValueError` with what is wanted.
"""

from __future__ import annotations

import math
import re

from clinigate.chaos.model import AbortRule, Window

__all__ = ["DAYS", "abort_rule", "duration", "rate", "share", "window"]

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h)")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(\S+)\s+(\d\d):(\d\d)-(\d\d):(\d\d)\s+UTC", re.IGNORECASE)
_RULE = re.compile(r"([a-z][a-z0-9-]*)\.(errors|bad_share)\s*>\s*(\d+(?:\.\d+)?)(%?)")
_BURN = re.compile(r"burn_rate\(\s*([a-z][a-z0-9-]*)\s*\)\s*>\s*(\d+(?:\.\d+)?)()")


def duration(text: str) -> float:
    """Seconds of `90s`, `5m`, `200ms`, `1h`, `2d`; zero is no duration."""
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not match or seconds <= 0 or not math.isfinite(seconds):
        raise ValueError(f"{text!r} is no duration; write one such as 90s, 5m or 200ms")
    return seconds


def rate(text: str) -> float:
    """Requests a second of `50/s` or `120/m`."""
    match = _RATE.fullmatch(text.strip())
    each = float(match[1]) / _SECONDS[match[2]] if match else 0.0
    if not match or each <= 0:
        raise ValueError(f"{text!r} is no rate; write one such as 50/s")
    return each


def share(text: str) -> float:
    """0 to 1 of `50%` or `0.5`; zero is refused."""
    stripped = text.strip()
    try:
        value = float(stripped[:-1]) / 100 if stripped.endswith("%") else float(stripped)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise ValueError(f"{text!r} is no share; write one such as 50% or 0.5, at most 1")
    return value


def window(text: str) -> Window:
    """The window of `Mon-Thu 03:00-05:00 UTC`; days may be a range, a list or `daily`."""
    match = _WINDOW.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no window; write one such as 'Mon-Thu 03:00-05:00 UTC'")
    start = _minutes(match[2], match[3], text)
    end = _minutes(match[4], match[5], text)
    if start == end:
        raise ValueError(f"{text!r} is an empty window; its end must differ from its start")
    return Window(text, _days(match[1].lower(), text), start, end)


def abort_rule(text: str, for_s: float) -> AbortRule:
    """The rule of `crisis-path.errors > 0`, `entry.bad_share > 50%`, `burn_rate(slo) > 500`."""
    plain = text.strip()
    if match := _RULE.fullmatch(plain):
        limit = float(match[3]) / (100 if match[4] else 1)
        return AbortRule(plain, match[1], match[2], limit, for_s)
    if match := _BURN.fullmatch(plain):
        return AbortRule(plain, match[1], "burn_rate", float(match[2]), for_s)
    raise ValueError(
        f"{text!r} is no abort rule; write one such as 'crisis-path.errors > 0', "
        "'entry.bad_share > 50%' or 'burn_rate(api-availability) > 500'"
    )


def _minutes(hours: str, minutes: str, text: str) -> int:
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"{text!r} has a time that no clock shows; use 00:00 to 23:59")
    return int(hours) * 60 + int(minutes)


def _days(text: str, whole: str) -> frozenset[int]:
    if text == "daily":
        return frozenset(range(1, 8))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"{whole!r} has unknown days; use Mon to Sun, as Mon-Thu or Mon,Wed")
        start, stop = DAYS.index(first), DAYS.index(last or first)
        length = (stop - start) % 7 + 1
        found |= {(start + step) % 7 + 1 for step in range(length)}
    return frozenset(found)
