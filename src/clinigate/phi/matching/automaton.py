"""Where forms may match, by hyperscan: all of them in one pass, at nearly memory's pace."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import hyperscan

from clinigate.phi.matching.cache import cached
from clinigate.phi.matching.compiled import Compiled, Database
from clinigate.phi.matching.engines import Stretch
from clinigate.phi.matching.literals import Literals
from clinigate.phi.matching.outline import DIGITS
from clinigate.phi.matching.plan import Kind, Plan
from clinigate.phi.matching.stretches import starts_before
from clinigate.phi.recognizer import LONGEST

__all__ = ["Automaton"]

#: hyperscan 5.4 loses some matches that end with the last byte, as of `[a-c]@\d?` in 17 to 34
#: bytes; with ends of lines behind it none does, and `$` stands before one as it does at the end.
_PAD = b"\n" * 16
#: What is not longer is copied; of longer texts the end is searched once more.
_SHORT, _TAIL = 64 * 1024, 4 * LONGEST
#: What tests print: to say where its digits are would cost more than to search it whole.
_LINE = 512
_DIGIT = re.compile(rb"[0-9]")
#: Digits are looked for in pieces, each with so much before it, which no cluster is longer than.
_PIECE, _CLUSTER = 16 * 1024, 64
#: Where more numbers stand than these and one in so many bytes, the piece is searched whole.
_MOST, _SPARSE = 24, 64
#: Digits are told once for a number, where it ends, or so many bytes later: each costs a call.
_LATE = 17
_NUMBER = rf"{DIGITS}(?:[^0-9]|[0-9]{{{_LATE - 1}}})"
#: So few expressions are compiled anew each time: they would drive the table's out of the cache.
_FEW = 8
_BINDING: str = getattr(hyperscan, "__version__", "unknown")


class Automaton:
    """An engine over compiled databases; any number of threads may use it at once."""

    name = "hyperscan"

    def __init__(self, plan: Plan) -> None:
        """Load the plan's databases; compiling them, where no earlier process did, takes seconds.

        Raises:
            ImportError: hyperscan is not installed, or not for this machine.
        """
        self._plan = plan
        self._everywhere = (_Part(plan, Kind.TEXT), _Part(plan, Kind.BARE))
        self._by_digits = _Part(plan, Kind.DIGITS)
        self._all = (*self._everywhere, self._by_digits)
        left = self._by_digits.left.union(*(part.left for part in self._everywhere))
        self._slow = Literals(plan, only=left) if left else None
        self.ended = frozenset(each.live for each in plan.looks if each.whole) - left
        self._digits = _Digits(plan.reach + _LATE)

    def stretches(self, data: bytes, begin: int, end: int) -> Iterator[Stretch]:
        """As `Engine.stretches`."""
        ends: dict[int, list[int]] = {}
        if len(data) <= _LINE:
            padded = data + _PAD
            for part in self._everywhere if not _DIGIT.search(data) else self._all:
                part.scan(padded, 0, ends)
        else:
            self._long(data, ends)
        yield from starts_before(self._plan, ends, begin, end)
        if self._slow is not None:
            yield from self._slow.stretches(data, begin, end)

    def _long(self, data: bytes, ends: dict[int, list[int]]) -> None:
        """Note where looks end in more than a line: most of it is far from digits."""
        for part in self._everywhere:
            if len(data) <= _SHORT:
                part.scan(data + _PAD, 0, ends)
            else:
                part.scan(data, 0, ends)
                part.scan(data[-_TAIL:] + _PAD, len(data) - _TAIL, ends)
        if self._by_digits:
            for first, last in self._digits.around(data):
                self._by_digits.scan(data[first:last] + _PAD, first, ends)


class _Part:
    """Databases of some of a plan's looks.

    Attributes:
        left: forms of which a look was refused.
    """

    def __init__(self, plan: Plan, kind: Kind) -> None:
        self._numbers = [n for n, each in enumerate(plan.looks) if each.kind is kind]
        compiled, self._databases = _loaded(
            tuple(plan.looks[number].expression for number in self._numbers)
        )
        known = {number for each in compiled.databases for number in each.numbers}
        self.left = frozenset(
            plan.looks[number].live for n, number in enumerate(self._numbers) if n not in known
        )
        self._own = threading.local()

    def __bool__(self) -> bool:
        return bool(self._databases)

    def scan(self, data: bytes, base: int, ends: dict[int, list[int]]) -> None:
        """Note where looks end, by their number; places count from `base` on."""
        numbers = self._numbers

        def on_match(n: int, _from: int, to: int, _flags: int, _context: object) -> None:
            ends.setdefault(numbers[n], []).append(base + to)

        for database, scratch in zip(self._databases, _scratches(self), strict=True):
            database.scan(data, match_event_handler=on_match, scratch=scratch)


class _Digits:
    """Where digits stand close together: few places of a program, most of a log."""

    def __init__(self, reach: int) -> None:
        """Look for digits; on either side of one, so much is what a look may hold."""
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        database.compile(expressions=[_NUMBER.encode()], ids=[0], elements=1, flags=[0])
        self._databases = [database]
        self._own = threading.local()
        self._reach = reach

    def around(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield stretches, in order and apart, that hold what is within reach of digits."""
        size, reach = len(data), self._reach
        begin = end = 0
        for first, last in self._numbers(data):
            if first - reach > end:
                if begin < end:
                    yield begin, end
                begin = first - reach
            end = max(end, min(last + reach, size))
        if begin < end:
            yield begin, end

    def _numbers(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield where numbers end, in order but for those in two pieces, or pieces of many."""
        for first in range(0, len(data), _PIECE):
            last, begin = first + _PIECE, max(0, first - _CLUSTER)
            places = self._places(data[begin:last] + _PAD)
            if places is None:
                yield begin, last
            else:
                yield from ((begin + at, begin + at) for at in places)

    def _places(self, piece: bytes) -> list[int] | None:
        """Return where numbers end; None where there are many."""
        places: list[int] = []

        def on_match(_n: int, _from: int, to: int, _flags: int, _context: object) -> bool:
            places.append(to)
            return len(places) > _MOST + to // _SPARSE

        try:
            self._databases[0].scan(
                piece, match_event_handler=on_match, scratch=_scratches(self)[0]
            )
        except hyperscan.ScanTerminated:
            return None
        return places


def _scratches(of: _Part | _Digits) -> list[Any]:
    """Room to work in, which no two threads may share."""
    if not hasattr(of._own, "scratches"):
        of._own.scratches = [hyperscan.Scratch(each) for each in of._databases]
    scratches: list[Any] = of._own.scratches
    return scratches


def _loaded(expressions: tuple[str, ...]) -> tuple[Compiled, list[Any]]:
    if not expressions:
        return Compiled(()), []
    if len(expressions) <= _FEW:
        compiled = _compiled(expressions)
        return compiled, [_load(each) for each in compiled.databases]
    version = f"hyperscan {_BINDING}"
    compiled = cached(expressions, version, lambda: _compiled(expressions))
    try:
        return compiled, [_load(each) for each in compiled.databases]
    except hyperscan.error:  # of another kind of processor, say
        compiled = cached(expressions, version, lambda: _compiled(expressions), renew=True)
        return compiled, [_load(each) for each in compiled.databases]


def _load(database: Database) -> Any:
    return hyperscan.loadb(database.data, hyperscan.HS_MODE_BLOCK)


def _compiled(expressions: Sequence[str]) -> Compiled:
    """Compile expressions into as few databases as hyperscan allows."""
    numbers = tuple(range(len(expressions)))
    whole = _database(expressions, numbers)
    if whole is not None:
        return Compiled((whole,))
    good = tuple(n for n in numbers if _database(expressions, (n,)) is not None)
    return Compiled(tuple(_halved(expressions, good)))


def _halved(expressions: Sequence[str], numbers: tuple[int, ...]) -> Iterator[Database]:
    """Yield databases that hold expressions each of which compiles by itself."""
    if not numbers:
        return
    database = _database(expressions, numbers)
    if database is not None:
        yield database
        return
    middle = len(numbers) // 2
    yield from _halved(expressions, numbers[:middle])
    yield from _halved(expressions, numbers[middle:])


def _database(expressions: Sequence[str], numbers: tuple[int, ...]) -> Database | None:
    if not numbers:
        return None
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=[expressions[number].encode("ascii") for number in numbers],
            ids=list(numbers),
            elements=len(numbers),
            flags=[hyperscan.HS_FLAG_MULTILINE] * len(numbers),
        )
    except hyperscan.error:
        return None
    return Database(numbers, hyperscan.dumpb(database))
