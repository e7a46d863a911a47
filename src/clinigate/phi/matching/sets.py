"""Where forms may match, by google-re2: which of them do in a piece of the text, and `re` there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

from clinigate.phi.matching.engines import Stretch
from clinigate.phi.matching.literals import Literals
from clinigate.phi.matching.plan import Plan
from clinigate.phi.matching.syntax import portable

__all__ = ["Sets"]

_PIECE = 64 * 1024
_MEMORY = 256 * 2**20


class Sets:
    """An engine over a set of expressions that says which of them match a piece."""

    name = "re2"
    ended: frozenset[int] = frozenset()

    def __init__(self, plan: Plan) -> None:
        """Compile the plan's forms. Raises ImportError where google-re2 is not installed."""
        self._slow = Literals(plan)
        self._reach = max((live.form.widest for live in plan.live), default=0) + 1
        self._set: Any = re2.Set.SearchSet(_options())
        self._index: dict[int, int] = {}
        # What RE2 refuses is looked for in each piece.
        self._always = set(range(len(plan.live)))
        for index, live in enumerate(plan.live):
            try:
                number = self._set.Add("(?m)" + portable(live.form.pattern))
            except re2.error:
                continue
            self._index[number] = index
            self._always.discard(index)
        # RE2 tells nobody that it ran out of memory: this one matches whatever there is.
        self._anything = self._set.Add(r"(?s:.)")
        self._set.Compile()

    def stretches(self, data: bytes, begin: int, end: int) -> Iterator[Stretch]:
        """As `Engine.stretches`."""
        lower = data.lower()
        for first in range(begin, end, _PIECE):
            last = min(end, first + _PIECE)
            piece = data[max(0, first - 1) : last + self._reach]
            yield from self._slow.stretches_of(self._firing(piece), lower, first, last)

    def _firing(self, piece: bytes) -> set[int]:
        numbers = set(self._set.Match(piece))
        if self._anything not in numbers:
            return {*self._index.values(), *self._always}
        numbers.discard(self._anything)
        return {self._index[number] for number in numbers} | self._always


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _MEMORY
    options.log_errors = False
    return options
