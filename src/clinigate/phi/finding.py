"""Find identifiers by the table: in texts, and in bytes as they stand in files."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from clinigate.phi.matching.search import Search
from clinigate.phi.model import Hit
from clinigate.phi.recognizer import Recognizer, Tier
from clinigate.phi.table import BY_ID, RECOGNIZERS

__all__ = ["DEFAULT_THRESHOLD", "find", "find_bytes", "search_for", "settled"]

#: Below this a find is a guess.
DEFAULT_THRESHOLD = 0.8

#: The rules of names and places in prose.
_GUESSED = frozenset(row.id for row in RECOGNIZERS if row.tier is Tier.NAME)
#: Of which what is left counts: those that lists have a word of.
_LIKELY = 0.7
#: What is left and shorter is a comma and a blank.
_LEAST_LEFT = 3


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
    data = text.encode("utf-8", "surrogatepass")
    hits = find_bytes(data, threshold=threshold, rows=rows)
    # A letter is a byte wherever there are no others than ASCII's.
    return hits if len(data) == len(text) else list(_in_letters(hits, data))


def find_bytes(
    data: bytes,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    rows: Sequence[Recognizer] = RECOGNIZERS,
) -> list[Hit]:
    """Return what the table finds in bytes, by place; as `find`, but spans count bytes."""
    return settled(search_for(threshold, rows).hits(data))


def search_for(
    threshold: float, rows: Sequence[Recognizer] = RECOGNIZERS, engine: str | None = None
) -> Search:
    """Return a search by some rows, the same one each time; as `Search` itself.

    Raises:
        MissingExtraError: the engine that is named is not installed.
    """
    if rows is RECOGNIZERS:  # their hash would cost more than a short text's search
        return _by_table(threshold, engine)
    return _by_rows(tuple(rows), threshold, engine)


@lru_cache(maxsize=16)
def _by_table(threshold: float, engine: str | None) -> Search:
    return Search(RECOGNIZERS, threshold, engine)


@lru_cache(maxsize=64)
def _by_rows(rows: tuple[Recognizer, ...], threshold: float, engine: str | None) -> Search:
    return Search(rows, threshold, engine)


def settled(hits: Iterable[Hit]) -> list[Hit]:
    """Return hits that do not overlap: the surest, of these the longest, by place.

    Names and places of prose come last, and what others leave of one that is likely stays: the
    street of an address may be found by a row of the table, and its town is somebody's still.
    """
    hits = list(hits)
    if len(hits) < 2:  # most texts have none, and the guard asks for each
        return hits
    order = {row: index for index, row in enumerate(BY_ID)}
    kept: list[Hit] = []
    ranked = sorted(
        hits,
        key=lambda h: (
            h.rule in _GUESSED, -h.score, h.start - h.end, order.get(h.rule, len(order)), h.start
        ),
    )  # fmt: skip
    taken = _Taken()
    for hit in ranked:
        if taken.take(hit.start, hit.end):
            kept.append(hit)
        elif hit.rule in _GUESSED and hit.score >= _LIKELY:
            for start, end in taken.left_of(hit.start, hit.end):
                if end - start >= _LEAST_LEFT and taken.take(start, end):
                    kept.append(replace(hit, start=start, end=end))
    return sorted(kept, key=lambda hit: hit.start)


def _in_letters(hits: Iterable[Hit], data: bytes) -> Iterator[Hit]:
    """Yield hits, in order and apart, with spans that count letters in place of bytes."""
    at = letters = 0
    for hit in hits:
        start = letters + _letters(data, at, hit.start)
        letters = start + _letters(data, hit.start, hit.end)
        at = hit.end
        yield replace(hit, start=start, end=letters)


def _letters(data: bytes, start: int, end: int) -> int:
    """Count the letters that begin in a stretch of UTF-8."""
    return len(data[start:end].translate(None, _CONTINUED))


_CONTINUED = bytes(range(0x80, 0xC0))


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

    def left_of(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the parts of a stretch that are not taken."""
        parts, at = [], bisect_left(self._ends, start + 1)
        for begin, stop in zip(self._starts[at:], self._ends[at:], strict=True):
            if begin >= end:
                break
            parts.append((start, begin))
            start = stop
        return [*parts, (start, end)]
