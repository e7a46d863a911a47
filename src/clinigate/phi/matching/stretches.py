"""From where an expression matched to where its form may begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from clinigate.phi.matching.engines import Stretch
from clinigate.phi.matching.plan import Plan

__all__ = ["joined", "starts_before"]


def starts_before(
    plan: Plan, ends: Mapping[int, Sequence[int]], begin: int, end: int
) -> Iterator[Stretch]:
    """Yield where forms may start whose expressions ended where an automaton says.

    Args:
        plan: whose looks they are.
        ends: number of a look: the ends of its matches.
        begin: where the part begins of which starts are told.
        end: where it ends.
    """
    parts: dict[int, list[tuple[int, int]]] = {}
    for number, places in ends.items():
        look = plan.looks[number]
        # One more: an anchor within an expression has become a line feed.
        back = look.behind + plan.live[look.live].form.widest + 1
        parts.setdefault(look.live, []).extend((to - back, to) for to in places)
    for live, given in parts.items():
        for first, last in joined(given, begin, end):
            yield live, first, last


def joined(parts: Iterable[tuple[int, int]], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts within `begin..end` in order, those that touch as one."""
    first = last = begin
    for start, stop in sorted(parts):
        if start > last:
            if first < last:
                yield first, last
            first = start
        first, last = max(first, begin), min(max(last, stop), end)
    if first < last:
        yield first, last
