"""Canaries in the parts of a file, with the lines on which they stand."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from clinigate.phi.canary_search import CanaryHit, CanarySearch
from clinigate.phi.surfaces import Part

__all__ = ["CanarySight", "CanarySweep"]

#: Bytes of which lines are still counted exactly when a hit comes late.
_KEPT = 4 * 2**20


@dataclass(frozen=True, slots=True)
class CanarySight:
    """Data of a synthetic patient in a file.

    Attributes:
        part: the part's name; "" for the file itself.
        line: where; of what lies in a long compressed stream, a line shortly before it.
        symbol: the column, key or segment it stands in.
        patient, field: which value of which patient.
        form: how it is written there.
    """

    part: str
    line: int | None
    symbol: str | None
    patient: str
    field: str
    form: str


class CanarySweep:
    """One search for canaries through the chunks of a part."""

    def __init__(self, search: CanarySearch, part: Part) -> None:
        self._stream = search.stream()
        self._part = part
        #: Where chunks begin, and on which line; the latest chunks themselves.
        self._starts, self._lines = [0], [1]
        self._held: deque[tuple[int, bytes]] = deque()
        self._kept = 0

    @property
    def cut(self) -> int:
        """How many compressed streams hold more than was read of them."""
        return self._stream.cut

    def feed(self, chunk: bytes) -> list[CanarySight]:
        """Return what is found, now that these bytes have come."""
        at = self._starts[-1]
        self._held.append((at, chunk))
        self._kept += len(chunk)
        while self._kept - len(self._held[0][1]) > _KEPT:
            self._kept -= len(self._held.popleft()[1])
        self._starts.append(at + len(chunk))
        self._lines.append(self._lines[-1] + chunk.count(b"\n"))
        return self._placed(self._stream.feed(chunk))

    def finish(self) -> list[CanarySight]:
        """Return what is found, now that no more comes."""
        return self._placed(self._stream.finish())

    def _placed(self, hits: Iterable[CanaryHit]) -> list[CanarySight]:
        sights = []
        for hit in hits:
            line, symbol = self._part.place(self._line(hit.start))
            sights.append(
                CanarySight(self._part.name, line, symbol, hit.patient, hit.field, hit.form)
            )
        return sights

    def _line(self, at: int) -> int:
        index = bisect_right(self._starts, at) - 1
        line = self._lines[index]
        for start, chunk in self._held:
            if start == self._starts[index]:
                return line + chunk.count(b"\n", 0, at - start)
        return line
