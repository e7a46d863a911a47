"""Which engine says where to look: the quickest that is installed, all with the same finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from clinigate.errors import MissingExtraError
from clinigate.phi.matching.plan import Plan

__all__ = ["ENGINES", "Engine", "Stretch", "engine_for"]

#: A form (index of `Plan.live`), and where its matches may start: from, up to.
Stretch = tuple[int, int, int]

#: By speed.
ENGINES = ("hyperscan", "re2", "re")


class Engine(Protocol):
    """Says where forms may match.

    Attributes:
        name: of `ENGINES`.
        ended: forms of which no match that starts in a stretch ends behind it, unless the stretch
            was cut off at the end of what was asked for.
    """

    name: str
    ended: frozenset[int]

    def stretches(self, data: bytes, begin: int, end: int) -> Iterable[Stretch]:
        """Return stretches, those of one form apart, with every start of a match in `begin..end`.

        All of `data` is seen; nothing outside of `begin..end` need be told.
        """
        ...


def engine_for(plan: Plan, name: str | None = None) -> Engine:
    """Return an engine for a plan: the one that is named, or the quickest that is there.

    Raises:
        MissingExtraError: the one that is named is not installed.
    """
    for each in ENGINES if name is None else (name,):
        try:
            return _made(each, plan)
        except ImportError:
            continue
    raise MissingExtraError(f"the search by {name}", "phi")


def _made(name: str, plan: Plan) -> Engine:
    if name == "hyperscan":
        from clinigate.phi.matching.automaton import Automaton

        return Automaton(plan)
    if name == "re2":
        from clinigate.phi.matching.sets import Sets

        return Sets(plan)
    from clinigate.phi.matching.literals import Literals

    return Literals(plan)
