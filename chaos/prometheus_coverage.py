"""Whether the series behind an expression were there all the time: a gap hides what happened in it.

A service that is down is not scraped, counts nothing, and so looks perfect to a query about its
counters. Here the raw points of every range selector are looked at before its numbers are believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from clinigate.chaos.prometheus_api import Line, Prometheus

__all__ = ["Coverage", "coverage_of", "look", "selectors", "unwindowed"]

#: `name{labels}[$window]`; strings within the braces may hold anything.
_SELECTOR = re.compile(
    r"""((?:[a-zA-Z_:][\w:]*)?(?:\{(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"'{}])*\})?)"""
    r"""\[\$window\]"""
)
_TEXT = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`""")
_OTHER_RANGE = re.compile(r"\[\s*\d")
#: A point later than so many scrape intervals is missing, not late.
_LATE = 2.5
_LEAST_POINTS = 3


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is wrong with the data itself.

    Attributes:
        missing: why nothing can be said from it; None where something can.
        caveats: what a reader must know all the same.
    """

    missing: str | None = None
    caveats: tuple[str, ...] = ()


def selectors(expression: str) -> tuple[str, ...]:
    """The selectors with the range `[$window]` in an expression, each once."""
    found = (match[1] for match in _SELECTOR.finditer(expression))
    return tuple(dict.fromkeys(each for each in found if each))


def unwindowed(expression: str) -> str | None:
    """Why an expression speaks of another time than the window; None if it does not."""
    if not selectors(expression):
        return "its PromQL has no range [$window], so that it speaks of another time; add it"
    if _OTHER_RANGE.search(_TEXT.sub("", expression)):
        return "its PromQL has a range that is not [$window]; write [$window] instead"
    return None


def look(server: Prometheus, expression: str, start: float, end: float) -> Coverage:
    """Look at the raw points behind an expression between two times of the server's clock.

    Raises:
        TargetError: the server can't be asked.
    """
    caveats: list[str] = []
    for selector in selectors(expression):
        lines = server.query(f"{selector}[{max(1, round(end - start))}s]", at=end)
        found = coverage_of(selector, lines, start, end)
        if found.missing is not None:
            return found
        caveats += found.caveats
    return Coverage(caveats=tuple(caveats))


def coverage_of(selector: str, lines: Iterable[Line], start: float, end: float) -> Coverage:
    """Judge the raw points of one selector."""
    series = [[at for at, _ in line.points] for line in lines if line.points]
    times = sorted({at for each in series for at in each})
    if len(times) < _LEAST_POINTS:
        return Coverage(f"{selector}: {len(times)} points in the window, too few to tell")
    step = min(_step(each) for each in series)
    edges = zip([start, *times], [*times, end], strict=True)
    gap_s, gap_at = max((later - earlier, earlier) for earlier, later in edges)
    if gap_s > _LATE * step:
        stale = gap_at == times[-1]
        what = "went stale" if stale else "has a hole"
        return Coverage(
            f"{selector} {what}: no point for {gap_s:.1f} s at {step:.1f} s a scrape, so that "
            "what happened then was counted by nobody"
        )
    ended = sum(each[-1] < end - _LATE * step for each in series)
    if not ended:
        return Coverage()
    caveat = (
        f"{selector}: {ended} of {len(series)} series ended in the window; what they did not "
        "answer any more they did not count"
    )
    return Coverage(caveats=(caveat,))


def _step(times: list[float]) -> float:
    """Seconds between two scrapes of a series; endless where it has a single point."""
    pauses = [later - earlier for earlier, later in pairwise(times)]
    return median(pauses) if pauses else float("inf")
