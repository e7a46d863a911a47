"""What a load run counts: additive, so that the tallies of many workers merge exactly.

Every number is an integer, a histogram of integers, or a sum of seconds that is only shown. A
tally that was merged from those of any number of workers, in any order, says what one worker
would have counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clinigate.errors import UsageError
from clinigate.measure.histogram import Histogram

__all__ = ["Bin", "Miss", "Signs", "Stratum", "Tally"]

_SCHEMA = "clinigate.load-tally/1"
#: More misses than a reader will look at; all of them are counted.
_MISSES_KEPT = 40


@dataclass(slots=True)
class Stratum:
    """What one persona's conversations saw.

    Attributes:
        started, ended, abandoned: conversations; abandoned ones got no reply.
        sent, failed: messages, and those of them without a usable reply.
        latency: from the intended moment of a message to the end of its reply; a message that
            timed out counts with the time that it was given, other failures are left out.
        first, gap: to the first words of a stream, and between its pieces; a stream that timed out
            without any words counts with the time that it was given.
        length: of whole conversations.
    """

    started: int = 0
    ended: int = 0
    abandoned: int = 0
    sent: int = 0
    failed: int = 0
    latency: Histogram = field(default_factory=Histogram)
    first: Histogram = field(default_factory=Histogram)
    gap: Histogram = field(default_factory=Histogram)
    length: Histogram = field(default_factory=Histogram)

    def reply(
        self, failed: str | None, took_s: float, *, first_s: float | None, streamed: bool
    ) -> None:
        """Count one message's outcome.

        Args:
            failed: why there was no usable reply; None where there was one.
            took_s: from its intended moment to whatever came, the time-out included.
            first_s: as long to the first words of a stream; None where none came.
            streamed: whether the reply was asked for piece by piece.
        """
        self.sent += 1
        self.failed += failed is not None
        if failed is None or failed == "timeout":
            self.latency.record(took_s)
        if first_s is None and streamed and failed == "timeout":
            first_s = took_s
        if first_s is not None:
            self.first.record(first_s)


@dataclass(slots=True)
class Bin:
    """What fell into one stretch of time.

    Attributes:
        arrived: conversations that began by the schedule. done, failed: replies by when they were
            asked for. crises, missed: crisis messages and those without their reply.
        talking, waiting: sums over the ticks of the conversations under way and of the requests
            in flight; ticks: how many there were, of all workers.
        latency: of the replies.
    """

    arrived: int = 0
    done: int = 0
    failed: int = 0
    crises: int = 0
    missed: int = 0
    talking: int = 0
    waiting: int = 0
    ticks: int = 0
    latency: Histogram = field(default_factory=Histogram)


@dataclass(frozen=True, slots=True)
class Miss:
    """A crisis message without its reply; the words stay where they were said.

    Attributes:
        at_s: when it was meant to be sent. persona, state: who said it where in the graph.
        why: `no reply`, `late` or `no crisis reply`, with what came instead.
        after_s: seconds until whatever came.
    """

    at_s: float
    persona: str
    state: str
    why: str
    after_s: float


@dataclass(slots=True)
class Signs:
    """How one worker itself fared.

    Attributes:
        cpu_s, wall_s, run_delay_s: seconds on a processor, in all, and waiting for a processor.
    """

    cpu_s: float = 0.0
    wall_s: float = 0.0
    run_delay_s: float = 0.0


@dataclass(slots=True)
class Tally:
    """All that was counted.

    Attributes:
        due: arrivals that the schedule held up to now. skipped: of these, how many were not begun
            because the schedule had ended before the generator came to them.
        undecided: crisis messages whose reply was still open when the run was stopped.
        lag: how late conversations and messages were begun, behind the schedule.
        errors: kind of failure and how often.
        wrong: crisis misses by kind.
        signs: by worker.
    """

    due: int = 0
    skipped: int = 0
    crises: int = 0
    missed: int = 0
    undecided: int = 0
    crisis_latency: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    strata: dict[str, Stratum] = field(default_factory=dict)
    bins: dict[int, Bin] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)
    signs: dict[str, Signs] = field(default_factory=dict)

    def stratum(self, persona: str) -> Stratum:
        """The part of one persona."""
        return self.strata.setdefault(persona, Stratum())

    def bin(self, number: int) -> Bin:
        """One stretch of time."""
        return self.bins.setdefault(number, Bin())

    def miss(self, miss: Miss) -> None:
        """Count one crisis message without its reply."""
        self.missed += 1
        kind = miss.why.partition(":")[0]
        self.wrong[kind] = self.wrong.get(kind, 0) + 1
        self.misses.append(miss)

    @property
    def sent(self) -> int:
        """Messages of all personas that came to an outcome."""
        return sum(stratum.sent for stratum in self.strata.values())

    @property
    def failed(self) -> int:
        """Messages of all personas without a usable reply."""
        return sum(stratum.failed for stratum in self.strata.values())

    def merge(self, other: Tally) -> None:
        """Add what `other` counted."""
        self.due += other.due
        self.skipped += other.skipped
        self.crises += other.crises
        self.missed += other.missed
        self.undecided += other.undecided
        self.crisis_latency.merge(other.crisis_latency)
        self.lag.merge(other.lag)
        for name, stratum in other.strata.items():
            _add(self.stratum(name), stratum)
        for number, each in other.bins.items():
            _add(self.bin(number), each)
        for index, signs in other.signs.items():
            _add(self.signs.setdefault(index, Signs()), signs)
        for counts, more in ((self.errors, other.errors), (self.wrong, other.wrong)):
            for kind, count in more.items():
                counts[kind] = counts.get(kind, 0) + count
        # The earliest are kept, whoever comes first: merging in any order keeps the same ones.
        self.misses = _first([*self.misses, *other.misses])

    def to_plain(self) -> dict[str, Any]:
        """Return this as plain data for JSON and for Locust's messages."""
        return {"schema": _SCHEMA, **_plain(self)}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Tally:
        """Return the tally that `to_plain` wrote.

        Raises:
            UsageError: data of another schema, or without one of its fields.
        """
        if data.get("schema") != _SCHEMA:
            raise UsageError(f"load tally: schema is {data.get('schema')!r}, wanted {_SCHEMA!r}")
        try:
            tally = cls()
            _fill(tally, data, skip=("strata", "bins", "signs", "misses"))
            tally.strata = {n: _filled(Stratum(), each) for n, each in data["strata"].items()}
            tally.bins = {int(n): _filled(Bin(), each) for n, each in data["bins"].items()}
            tally.signs = {n: _filled(Signs(), each) for n, each in data["signs"].items()}
            tally.misses = [Miss(**each) for each in data["misses"]]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise UsageError(
                f"load tally: {type(error).__name__} at {error}; wanted what to_plain() wrote"
            ) from error
        return tally


def _first(misses: Iterable[Miss]) -> list[Miss]:
    ordered = sorted(misses, key=lambda m: (m.at_s, m.persona, m.state, m.why, m.after_s))
    return ordered[:_MISSES_KEPT]


def _add(mine: Any, theirs: Any) -> None:
    """Add field by field: counts are summed, histograms merged."""
    for name in mine.__slots__:
        value = getattr(theirs, name)
        if isinstance(value, Histogram):
            getattr(mine, name).merge(value)
        else:
            setattr(mine, name, getattr(mine, name) + value)


def _plain(value: Any) -> Any:
    if isinstance(value, Histogram):
        return value.to_plain()
    if isinstance(value, Tally | Stratum | Bin | Signs | Miss):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _fill(noun: Any, data: Mapping[str, Any], *, skip: tuple[str, ...] = ()) -> None:
    for name in noun.__slots__:
        if name in skip:
            continue
        value = data[name]
        if isinstance(getattr(noun, name), Histogram):
            value = Histogram.from_plain(value)
        setattr(noun, name, value)


def _filled(noun: Any, data: Mapping[str, Any]) -> Any:
    _fill(noun, data)
    return noun
