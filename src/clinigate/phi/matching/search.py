"""What of a table stands in bytes: an engine says where to look, and each place is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from clinigate.phi.matching.engines import Engine, engine_for
from clinigate.phi.matching.exact import matches_ending_within, matches_within
from clinigate.phi.matching.plan import Live, Plan
from clinigate.phi.model import Hit
from clinigate.phi.nearby import near
from clinigate.phi.recognizer import LONGEST, Recognizer

__all__ = ["MARGIN", "Search", "text_of"]

#: What of a text has to be seen beside a start for it to be judged as in the whole text: the
#: match, what a guard looks at behind it, and the words there.
MARGIN = 2 * LONGEST + 128


class Search:
    """Some rows of the table at a threshold, by one engine.

    Attributes:
        engine: which one it is.
    """

    def __init__(
        self, rows: Sequence[Recognizer], threshold: float, engine: str | None = None
    ) -> None:
        """Prepare to search.

        Args:
            rows: what is looked for.
            threshold: the least score that counts.
            engine: one of `clinigate.phi.matching.engines.ENGINES`; by default the quickest.

        Raises:
            MissingExtraError: the engine that is named is not installed.
        """
        self._plan = Plan(rows, threshold)
        self.engine: Engine = engine_for(self._plan, engine)

    def hits(self, data: bytes, begin: int = 0, end: int | None = None) -> Iterator[Hit]:
        """Yield what is found by matches that start in `data[begin:end]`; they may overlap.

        What is seen outside of that is what makes a find the same wherever a text was cut.
        """
        end = len(data) if end is None else end
        if not self._plan.live or begin >= end:
            return
        ended = self.engine.ended
        for index, first, last in self.engine.stretches(data, begin, end):
            live = self._plan.live[index]
            matches = matches_ending_within if index in ended and last < end else matches_within
            found = matches(live.form, data, first, last)
            yield from _confirmed(live, self._plan.threshold, data, found)


def _confirmed(
    live: Live, threshold: float, data: bytes, matches: Iterable[re.Match[bytes]]
) -> Iterator[Hit]:
    """Yield the hits that matches of one form are."""
    row, form = live.row, live.form
    group = "v" if "v" in form.exact.groupindex else 0
    for match in matches:
        start, end = match.span(group)
        score = form.score
        if row.boost and near(data, _begun(data, match.start()), end, row.context):
            score = min(1.0, score + row.boost)
        if score < threshold or not form.guard(data, start, end):
            continue
        # The check of a value may cost more than all before it: it comes last.
        value = text_of(data[start:end])
        if row.accept(value):
            yield Hit(row.id, start, end, round(score, 3), row.placeholder(value))


def _begun(data: bytes, start: int) -> int:
    """Where a match begins for the words before it, of which a boundary may have taken a letter."""
    taken = data[max(0, start - 1) : start + 1]
    return start + 1 if len(taken) == 2 and taken.isalpha() else start


def text_of(value: bytes) -> str:
    """Return a value as text: UTF-8 where it is that, else a letter for each byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
