"""Where forms may match, by `re` alone: near a text that every match of theirs holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from clinigate.phi.matching.engines import Stretch
from clinigate.phi.matching.plan import Live, Plan
from clinigate.phi.matching.stretches import joined
from clinigate.phi.matching.texts import MOST, required
from clinigate.phi.nearby import AFTER, BEFORE

__all__ = ["Literals"]


class Literals:
    """An engine that needs nothing but the standard library."""

    name = "re"
    ended: frozenset[int] = frozenset()

    def __init__(self, plan: Plan, *, only: frozenset[int] | None = None) -> None:
        """Look for the forms of a plan, or for some of them, by their index."""
        self._forms = [
            (index, _Trigger(live))
            for index, live in enumerate(plan.live)
            if only is None or index in only
        ]

    def stretches(self, data: bytes, begin: int, end: int) -> Iterator[Stretch]:
        """As `Engine.stretches`."""
        lower = data.lower()
        for index, trigger in self._forms:
            for first, last in trigger.stretches(lower, begin, end):
                yield index, first, last

    def stretches_of(
        self, forms: Iterable[int], lower: bytes, begin: int, end: int
    ) -> Iterator[Stretch]:
        """As `Engine.stretches`, of some forms alone; `lower` is the text in lower case."""
        wanted = set(forms)
        for index, trigger in self._forms:
            if index in wanted:
                for first, last in trigger.stretches(lower, begin, end):
                    yield index, first, last


class _Trigger:
    """Texts near which alone a form can count."""

    def __init__(self, live: Live) -> None:
        self._widest = live.form.widest
        # A word that has to stand near is rarer than anything in the form itself.
        texts = frozenset(word.encode() for word in live.words) or required(live.form.pattern)
        self._near = bool(live.words)
        self._texts = None if not texts else re.compile(b"|".join(map(re.escape, sorted(texts))))

    def stretches(self, lower: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
        if self._texts is None:
            yield begin, end
            return
        behind = BEFORE + 1 if self._near else 0
        ahead = AFTER + self._widest + 1 if self._near else self._widest
        # Where the texts may stand that matter to matches that start in `begin..end`.
        first, last = max(0, begin - behind - MOST), end + ahead + MOST
        places = (match.start() for match in self._texts.finditer(lower, first, last))
        yield from joined(((at - ahead, at + behind + 1) for at in places), begin, end)
