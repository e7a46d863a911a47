"""Find many literals, and a few marks, in one pass over bytes.

hyperscan does it at the speed of memory. Without it `re` finds the same places, a hundred times
slower: a tree of the literals' first bytes leads to those that are compared.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Mark", "Needle", "Spots", "Spotter", "automaton", "spotter", "tree"]

#: Of so many bytes at its beginning a literal is looked for by `re`; the rest is compared.
_LEAD = 4


@dataclass(frozen=True, slots=True)
class Needle:
    """A literal: in lower case where upper and lower case are the same (`folded`)."""

    data: bytes
    folded: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that is worth a second look.

    Attributes:
        expression: what an automaton runs, without look-around; it matches at each place.
        exact: the same places by `re`: its match is the place.
        before: the longest match.
        folded: whether upper and lower case are the same.
    """

    expression: bytes
    exact: re.Pattern[bytes]
    before: int
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Spots:
    """What one pass has found.

    Attributes:
        needles: start, end and index of each literal at each place, in order of place.
        marks: by index, the places of each mark, in order.
    """

    needles: list[tuple[int, int, int]]
    marks: Mapping[int, list[tuple[int, int]]]


class Spotter(Protocol):
    """Finds literals and marks; may be used by several threads."""

    def spot(self, data: bytes) -> Spots:
        """Return where they stand."""


def spotter(needles: Sequence[Needle], marks: Sequence[Mark] = ()) -> Spotter:
    """Return the quickest of the engines that are installed."""
    try:
        return automaton(needles, marks)
    except ImportError:
        return tree(needles, marks)


def automaton(needles: Sequence[Needle], marks: Sequence[Mark] = ()) -> Spotter:
    """Return the engine of hyperscan.

    Raises:
        ImportError: it is not installed.
    """
    return _Automaton(needles, marks)


def tree(needles: Sequence[Needle], marks: Sequence[Mark] = ()) -> Spotter:
    """Return the engine of `re`."""
    return _Tree(needles, marks)


class _Automaton:
    def __init__(self, needles: Sequence[Needle], marks: Sequence[Mark]) -> None:
        import hyperscan

        self._needles, self._marks = tuple(needles), tuple(marks)
        # Bytes are escaped: as they are, a zero would end the expression.
        rows = [(_escaped(each.data), each.folded) for each in needles]
        rows += [(each.expression, each.folded) for each in marks]
        case, lines = hyperscan.HS_FLAG_CASELESS, hyperscan.HS_FLAG_MULTILINE
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        if rows:
            self._database.compile(
                expressions=[expression for expression, _ in rows],
                ids=list(range(len(rows))),
                elements=len(rows),
                flags=[lines | (case if folded else 0) for _, folded in rows],
            )
        self._new_scratch = hyperscan.Scratch
        self._local = threading.local()

    def spot(self, data: bytes) -> Spots:
        """Return where they stand."""
        ends: list[tuple[int, int]] = []

        def reported(row: int, _start: int, end: int, _flags: int, _context: Any) -> None:
            ends.append((row, end))

        if data and (self._needles or self._marks):
            self._database.scan(data, match_event_handler=reported, scratch=self._scratch())
        needles = []
        places: dict[int, set[tuple[int, int]]] = defaultdict(set)
        count = len(self._needles)
        for row, end in ends:
            if row < count:
                needles.append((end - len(self._needles[row].data), end, row))
            else:
                places[row - count].update(_places(self._marks[row - count], data, end))
        return Spots(sorted(needles), {index: sorted(each) for index, each in places.items()})

    def _scratch(self) -> Any:
        # What a scan works in is one thread's alone.
        if not hasattr(self._local, "scratch"):
            self._local.scratch = self._new_scratch(self._database)
        return self._local.scratch


def _places(mark: Mark, data: bytes, end: int) -> Iterator[tuple[int, int]]:
    at = max(0, end - mark.before)
    while match := mark.exact.search(data, at):
        yield match.span()
        if match.end() >= end:
            return
        at = match.end()


class _Tree:
    def __init__(self, needles: Sequence[Needle], marks: Sequence[Mark]) -> None:
        self._marks = tuple(marks)
        self._kinds = [
            (folded, _leads(kind), _by_lead(kind))
            for folded in (False, True)
            if (kind := [(i, each) for i, each in enumerate(needles) if each.folded is folded])
        ]

    def spot(self, data: bytes) -> Spots:
        """Return where they stand."""
        folded = data.lower()
        needles = [
            found
            for fold, leads, by_lead in self._kinds
            for found in _compared(folded if fold else data, leads, by_lead)
        ]
        marks = {
            index: [match.span() for match in mark.exact.finditer(data)]
            for index, mark in enumerate(self._marks)
        }
        return Spots(sorted(needles), {index: each for index, each in marks.items() if each})


_Indexed = Sequence[tuple[int, Needle]]
_ByLead = Mapping[bytes, Sequence[tuple[int, bytes]]]


def _leads(needles: _Indexed) -> re.Pattern[bytes]:
    """Return an expression that matches, empty, wherever one of the literals may begin."""
    return re.compile(b"(?=%s)" % _branches({each.data[:_LEAD] for _, each in needles}), re.DOTALL)


def _branches(leads: set[bytes]) -> bytes:
    """Return an expression for some words: a branch for each byte, so that few are tried."""
    by_first: dict[bytes, set[bytes]] = defaultdict(set)
    for lead in leads:
        by_first[lead[:1]].add(lead[1:])
    branches = []
    for first, rest in sorted(by_first.items()):
        more = b"" if b"" in rest else _branches(rest)
        branches.append(re.escape(first) + more)
    return b"(?:%s)" % b"|".join(branches)


def _by_lead(needles: _Indexed) -> _ByLead:
    found: dict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
    for index, needle in needles:
        found[needle.data[:_LEAD]].append((index, needle.data))
    return found


def _compared(
    data: bytes, leads: re.Pattern[bytes], by_lead: _ByLead
) -> Iterator[tuple[int, int, int]]:
    for match in leads.finditer(data):
        at = match.start()
        for length in range(1, _LEAD + 1):
            for index, literal in by_lead.get(data[at : at + length], ()):
                if len(literal[:_LEAD]) == length and data.startswith(literal, at):
                    yield at, at + len(literal), index


def _escaped(data: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in data)
