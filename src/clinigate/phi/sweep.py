"""Search bytes of any length in little memory: the finds are those of the whole at once.

A find belongs to the stretch in which its match starts, and each stretch is seen with enough around
it to be judged. Of finds over each other the surest stays; this is decided for those that touch,
once nothing more can touch them. So it does not matter where the bytes were cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from clinigate.phi.finding import settled
from clinigate.phi.matching.search import MARGIN
from clinigate.phi.model import Hit

__all__ = ["Finder", "Sight", "Sweep", "line_finder", "sights_in"]

#: Yields the hits of matches that start in `data[begin:end]`, with spans in `data`.
Finder = Callable[[bytes, int, int], Iterable[Hit]]

_SIZE = 8 * 2**20
#: A cut is made at the end of a line where one is not further back than this.
_LINE = 64 * 1024
_CONTINUED = bytes(range(0x80, 0xC0))


@dataclass(frozen=True, slots=True)
class Sight:
    """A find, where it stands, and what it is.

    Attributes:
        hit: with its span from the first byte on.
        line: from 1.
        column: in letters, from 1.
        value: the bytes that were found; they go into a token and nowhere else.
    """

    hit: Hit
    line: int
    column: int
    value: bytes = field(repr=False)


class Sweep:
    """One search through bytes that come in chunks."""

    def __init__(self, finders: Sequence[Finder], *, size: int = _SIZE) -> None:
        """Begin a search.

        Args:
            finders: by which to look.
            size: bytes that are gathered before they are looked at.
        """
        self._finders = finders
        self._size = size
        self._held: list[bytes] = []
        self._held_size = 0
        #: Of the first held byte: its place, its line and column; what of it is searched already.
        self._base, self._line, self._column, self._begin = 0, 1, 1, 0
        self._open: list[Sight] = []

    def feed(self, chunk: bytes) -> list[Sight]:
        """Return what is found, in order, now that these bytes have come."""
        found = []
        step = self._size
        for at in range(0, len(chunk), step):
            piece = chunk if len(chunk) <= step else chunk[at : at + step]
            self._held.append(piece)
            self._held_size += len(piece)
            if self._held_size >= self._size + 2 * MARGIN:
                found += self._looked(last=False)
        return found

    def finish(self) -> list[Sight]:
        """Return what is found, in order, now that no more comes."""
        return self._looked(last=True)

    def _looked(self, *, last: bool) -> list[Sight]:
        data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        end = len(data) if last else _cut(data, self._begin, len(data) - MARGIN)
        hits = {hit for each in self._finders for hit in each(data, self._begin, end)}
        self._open += self._placed(sorted(hits, key=lambda hit: hit.start), data)
        done = self._settled(None if last else self._base + end)
        gone = 0 if last else max(0, end - MARGIN)  # nobody asks for lines behind the end
        self._drop(data, gone)
        self._begin = end - gone
        return done

    def _placed(self, hits: Iterable[Hit], data: bytes) -> Iterator[Sight]:
        """Yield hits, which are in order, with line and column."""
        at, line, column = 0, self._line, self._column
        for hit in hits:
            line, column = _moved(data, at, hit.start, line, column)
            at = hit.start
            spanned = replace(hit, start=hit.start + self._base, end=hit.end + self._base)
            yield Sight(spanned, line, column, data[hit.start : hit.end])

    def _settled(self, until: int | None) -> list[Sight]:
        """Take out what nothing more can touch: all of it, or what ends before a place."""
        done: list[Sight] = []
        group: list[Sight] = []
        reach = -1
        self._open.sort(key=lambda sight: sight.hit.start)
        for sight in self._open:
            if group and sight.hit.start >= reach:
                done += _surest(group)
                group = []
            group.append(sight)
            reach = max(reach, sight.hit.end)
        if until is None or reach <= until:
            self._open = []
            return done + _surest(group)
        self._open = group
        return done

    def _drop(self, data: bytes, size: int) -> None:
        """Forget the first bytes of what is held."""
        self._line, self._column = _moved(data, 0, size, self._line, self._column)
        self._base += size
        self._held = [data[size:]]
        self._held_size = len(data) - size


def sights_in(
    chunks: Iterable[bytes], finders: Sequence[Finder], size: int = _SIZE
) -> Iterator[Sight]:
    """Yield what finders find in chunks, in order, wherever these were cut."""
    sweep = Sweep(finders, size=size)
    for chunk in chunks:
        yield from sweep.feed(chunk)
    yield from sweep.finish()


def line_finder(find: Callable[[bytes], Iterable[Hit]]) -> Finder:
    """Return a finder of what looks at whole lines, as the search for names does."""

    def finder(data: bytes, begin: int, end: int) -> Iterator[Hit]:
        for hit in find(data[begin:end]):
            yield replace(hit, start=hit.start + begin, end=hit.end + begin)

    return finder


def _cut(data: bytes, begin: int, end: int) -> int:
    """Return where to cut, best behind a line."""
    line_end = data.rfind(b"\n", max(begin, end - _LINE), end)
    return end if line_end < 0 else line_end + 1


def _moved(data: bytes, at: int, to: int, line: int, column: int) -> tuple[int, int]:
    """Return line and column of a place, from those of one before it."""
    lines = data.count(b"\n", at, to)
    if lines:
        at, line, column = data.rfind(b"\n", at, to) + 1, line + lines, 1
    return line, column + len(data[at:to].translate(None, _CONTINUED))


def _surest(group: Sequence[Sight]) -> list[Sight]:
    """Return, of finds that touch, those that stay."""
    if len(group) == 1:
        return list(group)
    by_hit = {sight.hit: sight for sight in group}
    return [by_hit.get(hit) or _part_of(group, hit) for hit in settled(by_hit)]


def _part_of(group: Sequence[Sight], hit: Hit) -> Sight:
    """Return what is left of a find, others having taken the rest."""
    whole = next(
        each
        for each in group
        if each.hit.start <= hit.start <= hit.end <= each.hit.end
        and (each.hit.rule, each.hit.score) == (hit.rule, hit.score)
    )
    skipped = hit.start - whole.hit.start
    line, column = _moved(whole.value, 0, skipped, whole.line, whole.column)
    return Sight(hit, line, column, whole.value[skipped : hit.end - whole.hit.start])
