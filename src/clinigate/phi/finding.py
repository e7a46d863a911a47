"""Find identifiers in a text by the table alone: no library, quick enough for every test."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from clinigate.phi.model import Form, Hit, Recognizer
from clinigate.phi.nearby import says
from clinigate.phi.regions import Regions
from clinigate.phi.table import BY_ID, RECOGNIZERS

__all__ = ["DEFAULT_THRESHOLD", "find", "settled"]

#: Below this a find is a guess.
DEFAULT_THRESHOLD = 0.8


def find(
    text: str,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    rows: Sequence[Recognizer] = RECOGNIZERS,
) -> list[Hit]:
    """Return what the table finds in a text, by place; of finds over each other the surest.

    Args:
        text: where to look.
        threshold: least score.
        rows: by which to look.
    """
    regions = Regions(text)
    return settled(hit for row in rows for hit in _hits_of(row, text, threshold, regions))


def settled(hits: Iterable[Hit]) -> list[Hit]:
    """Return hits that do not overlap: the surest, of these the longest, by place."""
    order = {row: index for index, row in enumerate(BY_ID)}
    kept: list[Hit] = []
    ranked = sorted(
        hits, key=lambda h: (-h.score, h.start - h.end, order.get(h.rule, len(order)), h.start)
    )
    taken = _Taken()
    for hit in ranked:
        if taken.take(hit.start, hit.end):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _hits_of(row: Recognizer, text: str, threshold: float, regions: Regions) -> Iterator[Hit]:
    """Yield what one row finds; its forms may find the same twice."""
    for form in row.forms:
        if form.score >= threshold:
            parts = regions.having(row.triggers) if row.triggers else regions.all()
        elif form.score + row.boost >= threshold:
            parts = regions.having(row.context)
        else:
            continue
        for part in parts:
            yield from _hits_of_form(row, form, text, part, threshold)


def _hits_of_form(
    row: Recognizer, form: Form, text: str, part: tuple[int, int], threshold: float
) -> Iterator[Hit]:
    group = "v" if "v" in form.pattern.groupindex else 0
    for match in form.pattern.finditer(text, *part):
        start, end = match.span(group)
        near = says(text, match.start(), match.end(), row.context)
        score = min(1.0, form.score + (row.boost if near else 0))
        # The check of a value may cost more than all before it: it comes last.
        if score >= threshold and row.accept(value := text[start:end]):
            yield Hit(row.id, start, end, round(score, 3), row.placeholder(value))


class _Taken:
    """Places that are taken, kept in order: a log has thousands of finds in a piece."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def take(self, start: int, end: int) -> bool:
        """Take a place, unless a part of it is taken."""
        at = bisect_left(self._ends, start + 1)
        if at < len(self._starts) and self._starts[at] < end:
            return False
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        return True
