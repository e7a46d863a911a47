"""Bytes and files, searched for what was planted: whose it is, how it is written, where it stands.

A sighting never holds a value: it names source and field of the patient, and its place.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from clinigate.phi.canary_search import CanaryHit, CanarySearch
from clinigate.phi.leaks.model import Looked, Sighting, SinkKind
from clinigate.phi.surfaces import Skipped, TruncatedError, open_path
from clinigate.phi.surfaces.part import as_it_is

__all__ = ["Eyes"]

#: Bytes behind the reader in which the line of a find is still known.
_WINDOW = 4 * 2**20
_LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Eyes:
    """Sees the patients of a hunt.

    Attributes:
        search: for all their values.
        sources: what was planted with each patient, by the patient's id.
    """

    search: CanarySearch
    sources: Mapping[str, str]

    def in_bytes(
        self, data: bytes, kind: SinkKind, place: str, *, but: str | None = None
    ) -> Iterator[Sighting | Looked]:
        """Yield what stands in bytes; nothing of the source `but`, whose own they are.

        Where not all of them could be read, that is said.
        """
        try:
            for each in self.in_chunks([data], kind, place):
                if each.source != but:
                    yield each
        except TruncatedError as error:
            yield Looked(kind, place, str(error))

    def in_field(
        self, data: bytes, kind: SinkKind, place: str, symbol: str | None
    ) -> Iterator[Sighting | Looked]:
        """Yield what stands in a field, header or name, which has no lines."""
        for each in self.in_bytes(data, kind, place):
            yield replace(each, line=None, symbol=symbol) if isinstance(each, Sighting) else each

    def in_file(self, path: Path, kind: SinkKind, place: str) -> Iterator[Sighting | Looked]:
        """Yield what stands in a file and in all that is packed in it, then how it was looked at.

        What raw pages of a database show that its tables show too is told of the tables alone.
        """
        troubles: list[str] = []
        told: set[tuple[str, str]] = set()
        raw: list[Sighting] = []
        for part in open_path(path):
            if isinstance(part, Skipped):
                troubles.append(f"{part.name}: {part.reason}" if part.name else part.reason)
                continue
            name = f"{place}!{part.name}" if part.name else place
            yield from self.in_name(part.name, kind, place)
            found: list[Sighting] = []
            try:
                # Not by `extend`: what was seen before the end that came too early is kept.
                for each in self.in_chunks(part.chunks, kind, name, part.place):
                    found.append(each)
            except TruncatedError as error:
                troubles.append(str(error))
            if part.literal:
                raw += found
                continue
            told |= {(each.source, each.field) for each in found}
            yield from _once(found)
        yield from (each for each in raw if (each.source, each.field) not in told)
        yield Looked(kind, place, "; ".join(dict.fromkeys(troubles)))

    def in_name(self, name: str, kind: SinkKind, place: str) -> Iterator[Sighting | Looked]:
        """Yield what stands in the name of a file, or of something in it."""
        yield from self.in_field(os.fsencode(name), kind, place, "name")

    def without(self, text: str) -> str:
        """Return a name or place with its steps that hold anything of anybody as `(patient)`."""
        if not self.has(text):
            return text
        steps = ["(patient)" if self.has(step) else step for step in text.split("/")]
        shown = "/".join(steps)
        return "(patient)" if self.has(shown) else shown

    def has(self, text: str) -> bool:
        """Whether anything of anybody stands in a text."""
        return bool(self.search.search(text.encode("utf-8", "surrogatepass")))

    def in_chunks(
        self,
        chunks: Iterable[bytes],
        kind: SinkKind,
        place: str,
        where: Callable[[int], tuple[int | None, str | None]] = as_it_is,
    ) -> Iterator[Sighting]:
        """Yield what stands in bytes of any length; `where` is `Part.place`.

        Raises:
            TruncatedError: they end too early, or a compressed stream in them is longer than is
                read; what was seen has been yielded.
        """
        window, stream = _Window(), self.search.stream()
        trouble: TruncatedError | None = None
        try:
            for chunk in chunks:
                window.add(chunk)
                for hit in stream.feed(chunk):
                    yield self._sighting(hit, window, kind, place, where)
        except TruncatedError as error:
            trouble = error
        # The search holds back the last megabyte: of what ends too early that may be all.
        for hit in stream.finish():
            yield self._sighting(hit, window, kind, place, where)
        if stream.cut:
            trouble = trouble or TruncatedError("a compressed stream in it is too long to be read")
        if trouble is not None:
            raise trouble

    def _sighting(
        self,
        hit: CanaryHit,
        window: _Window,
        kind: SinkKind,
        place: str,
        where: Callable[[int], tuple[int | None, str | None]],
    ) -> Sighting:
        seen = Sighting(self.sources[hit.patient], hit.field, hit.form, kind, place)
        found = window.line_at(hit.start)
        if found is None:
            return seen
        number, text = found
        line, symbol = where(number)
        if number not in window.members:
            window.members[number] = self._member(text)
        return replace(seen, line=line, symbol=symbol or window.members[number])

    def _member(self, line: bytes) -> str | None:
        """Name the member of a line of JSON that holds something of a patient."""
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(row, dict):
            return None
        return next((key for key, value in row.items() if self.has(json.dumps(value))), None)


def _once(found: Iterable[Sighting]) -> Iterator[Sighting]:
    """Yield each value once a line: surfaces show a cell as it stands, and again by its column."""
    kept: dict[tuple[str, str, int | None], Sighting] = {}
    for each in found:
        key = (each.source, each.field, each.line)
        before = kept.get(key)
        if before is None or (before.symbol is None and each.symbol is not None):
            kept[key] = each
    yield from kept.values()


@dataclass(slots=True)
class _Window:
    """The last bytes that were read, with their place and the lines before them.

    Attributes:
        members: of lines that hold something, which member of their JSON does.
    """

    members: dict[int, str | None] = field(default_factory=dict)
    _held: deque[tuple[int, int, bytes]] = field(default_factory=deque)
    _end: int = 0
    _lines: int = 0
    #: How many lines end before a place in the chunk that begins somewhere: hits come in order.
    _counted: tuple[int, int, int] = (-1, 0, 0)

    def add(self, chunk: bytes) -> None:
        self._held.append((self._end, self._lines, chunk))
        self._end += len(chunk)
        self._lines += chunk.count(b"\n")
        while len(self._held) > 1 and self._end - self._held[1][0] > _WINDOW:
            self._held.popleft()

    def line_at(self, start: int) -> tuple[int, bytes] | None:
        """Return number and bytes of the line that holds a place; None where it is long gone."""
        for at, lines, chunk in reversed(self._held):
            if at <= start < at + len(chunk):
                inside = start - at
                least = max(0, inside - _LONGEST_LINE)
                begin = chunk.rfind(b"\n", least, inside) + 1 or least
                end = chunk.find(b"\n", inside, inside + _LONGEST_LINE)
                text = chunk[begin : end if end >= 0 else inside + _LONGEST_LINE]
                number = lines + self._count(at, chunk, inside) + 1
                return number, text if len(text) <= _LONGEST_LINE else b""
        return None

    def _count(self, at: int, chunk: bytes, inside: int) -> int:
        known, since, count = self._counted
        if known != at or since > inside:
            since, count = 0, 0
        count += chunk.count(b"\n", since, inside)
        self._counted = (at, inside, count)
        return count
