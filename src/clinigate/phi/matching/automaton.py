"""Where forms may match, by hyperscan: all of them in one pass, at nearly memory's pace."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import hyperscan

from clinigate.phi.matching.cache import cached
from clinigate.phi.matching.compiled import Compiled, Database
from clinigate.phi.matching.engines import Stretch
from clinigate.phi.matching.literals import Literals
from clinigate.phi.matching.plan import Plan
from clinigate.phi.matching.stretches import starts_before
from clinigate.phi.recognizer import LONGEST

__all__ = ["Automaton"]

#: hyperscan 5.4 loses some matches that end with the last byte, as of `[a-c]@\d?` in 17 to 34
#: bytes; with ends of lines behind it none does, and `$` stands before one as it does at the end.
_PAD = b"\n" * 16
#: What is not longer is copied; of longer texts the end is searched once more.
_SHORT, _TAIL = 64 * 1024, 4 * LONGEST
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
        expressions = tuple(look.expression for look in plan.looks)
        compiled, self._databases = _loaded(expressions)
        known = {number for each in compiled.databases for number in each.numbers}
        left = {look.live for number, look in enumerate(plan.looks) if number not in known}
        self._slow = Literals(plan, only=frozenset(left)) if left else None
        self._own = threading.local()

    def stretches(self, data: bytes, begin: int, end: int) -> Iterator[Stretch]:
        """As `Engine.stretches`."""
        ends: dict[int, list[int]] = {}
        if len(data) <= _SHORT:
            self._scan(data + _PAD, 0, ends)
        else:
            self._scan(data, 0, ends)
            self._scan(data[-_TAIL:] + _PAD, len(data) - _TAIL, ends)
        yield from starts_before(self._plan, ends, begin, end)
        if self._slow is not None:
            yield from self._slow.stretches(data, begin, end)

    def _scan(self, data: bytes, base: int, ends: dict[int, list[int]]) -> None:
        """Note where expressions end; places count from `base` on."""

        def on_match(number: int, _from: int, to: int, _flags: int, _context: object) -> None:
            if number in ends:
                ends[number].append(base + to)
            else:
                ends[number] = [base + to]

        for database, scratch in zip(self._databases, self._scratches(), strict=True):
            database.scan(data, match_event_handler=on_match, scratch=scratch)

    def _scratches(self) -> list[Any]:
        """Room to work in, which no two threads may share."""
        if not hasattr(self._own, "scratches"):
            self._own.scratches = [hyperscan.Scratch(each) for each in self._databases]
        scratches: list[Any] = self._own.scratches
        return scratches


def _loaded(expressions: tuple[str, ...]) -> tuple[Compiled, list[Any]]:
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
