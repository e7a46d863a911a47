"""One run on one clock: what was asked and when, with what came of it, and what was done meanwhile.

Times are seconds since the timeline's zero. Given a path, every line is also written there as it
happens (`clinigate.measure.timelinefile`), and memory keeps the latest samples and the tallies of
all, so that a run may last for days.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType

from clinigate.core.exhibit import Mark, Span
from clinigate.core.statistics.arguments import check_finite
from clinigate.errors import EvidenceError
from clinigate.measure.histogram import Histogram
from clinigate.measure.timelinefile import (
    Line,
    Sample,
    TimelineFile,
    read_lines,
    read_samples,
    read_zero,
)

__all__ = ["Sample", "Second", "Timeline"]

#: Samples held in memory where a file holds them all, about 40 MB.
_KEEP = 200_000


@dataclass(slots=True)
class Second:
    """What came of the requests that were due in one second."""

    good: int = 0
    bad: int = 0
    worst_s: float = 0.0


class Timeline:
    """Samples in the order in which they ended, and marks and spans among them; for all threads.

    Attributes:
        zero: where it begins on `clock`.
        path: the file that holds every line, if any.
        latencies, lags: of all samples.
        outcomes: how many samples came out how.
        seconds: tallies by the whole second in which requests were due.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        keep: int = _KEEP,
        clock: Callable[[], float] = time.monotonic,
        zero: float | None = None,
    ) -> None:
        """Begin now, or at `zero` of the clock.

        With `path`, a new file is begun there, and memory keeps at least the latest `keep` samples;
        without one it keeps all.

        Raises:
            EvidenceError: the file exists or cannot be written.
        """
        self.zero = clock() if zero is None else zero
        self.path = path
        self.latencies = Histogram()
        self.lags = Histogram()
        self.outcomes: Counter[str] = Counter()
        self.seconds: dict[int, Second] = {}
        self._clock = clock
        self._keep = keep
        self._samples: deque[Sample] = deque()
        self._dropped = 0
        self._marks: list[Mark] = []
        self._spans: list[Span] = []
        self._changed = threading.Condition()
        self._file = None if path is None else TimelineFile(path, zero=self.zero)

    @classmethod
    def read(cls, path: Path) -> Timeline:
        """Return what was written at `path`, whole and in memory; a torn last line is left out.

        Raises:
            EvidenceError: the file cannot be read, or a line other than the last is malformed.
        """
        result = cls(zero=read_zero(path))
        for line in read_lines(path):
            result._note(line)
        return result

    @classmethod
    def join(cls, path: Path) -> Timeline:
        """Return a timeline with the zero of the one at `path`, that appends to the same file.

        For other processes of the same host, to mark what they do; what was written before is not
        read.

        Raises:
            EvidenceError: the file is no timeline or cannot be written.
        """
        result = cls(zero=read_zero(path))
        result.path, result._file = path, TimelineFile(path)
        return result

    def now(self) -> float:
        """Seconds since zero."""
        return self._clock() - self.zero

    def add(self, sample: Sample) -> None:
        """Note what came of one request."""
        self._append(sample)

    def mark(self, name: str, at: float | None = None) -> Mark:
        """Note a moment, by default this one.

        Raises:
            UsageError: `at` is not finite.
        """
        mark = Mark(name, round(self.now(), 9) if at is None else at)
        check_finite(f"mark {name}", [mark.at])
        self._append(mark)
        return mark

    def span(self, name: str, start: float, end: float) -> Span:
        """Note a stretch of time, as that of a fault.

        Raises:
            UsageError: `start` or `end` is not finite.
        """
        check_finite(f"span {name}", [start, end])
        span = Span(name, start, end)
        self._append(span)
        return span

    @property
    def count(self) -> int:
        """How many samples there are."""
        return self.latencies.count

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Every sample; those that memory did not keep come from the file."""
        with self._changed:
            kept, dropped = tuple(self._samples), self._dropped
        if not dropped or self.path is None:
            return kept
        return (*islice(read_samples(self.path), dropped), *kept)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The moments noted here, in the order in which they were noted."""
        with self._changed:
            return tuple(self._marks)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The stretches noted here, in the order in which they were noted."""
        with self._changed:
            return tuple(self._spans)

    def since(self, at: float) -> tuple[Sample, ...]:
        """Return the samples that ended at `at` or later, of those that memory keeps."""
        found: list[Sample] = []
        with self._changed:
            for sample in reversed(self._samples):
                if sample.ended_s < at:
                    break
                found.append(sample)
        return tuple(reversed(found))

    def wait_for(self, predicate: Callable[[Timeline], bool], within_s: float) -> bool:
        """Return True as soon as `predicate` holds, or False after `within_s` seconds.

        It is asked in the caller's thread at first and after every change.
        """
        until = time.monotonic() + within_s
        while True:
            version = self._version()
            if predicate(self):
                return True
            with self._changed:
                left = until - time.monotonic()
                changed = self._changed.wait_for(partial(self._is_past, version), left)
            if not changed:
                return predicate(self)

    def close(self) -> None:
        """Close the file.

        Raises:
            EvidenceError: not every line could be written.
        """
        with self._changed:
            file, self._file = self._file, None
        if file is None:
            return
        file.close()
        if file.problem is not None:
            raise EvidenceError(
                f"{self.path}: the timeline is incomplete, writing it failed "
                f"({file.problem}); make room and repeat the run"
            )

    def __enter__(self) -> Timeline:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _version(self) -> tuple[int, int, int]:
        return self.count, len(self._marks), len(self._spans)

    def _is_past(self, version: tuple[int, int, int]) -> bool:
        return self._version() != version

    def _append(self, line: Line) -> None:
        with self._changed:
            if self._file is not None:
                self._file.write(line)
            self._note(line)
            if self._spare():
                self._forget()
            self._changed.notify_all()

    def _note(self, line: Line) -> None:
        match line:
            case Sample():
                self._count(line)
            case Mark():
                self._marks.append(line)
            case Span():
                self._spans.append(line)

    def _count(self, sample: Sample) -> None:
        self._samples.append(sample)
        self.latencies.record(max(sample.latency_s, 0.0))
        self.lags.record(max(sample.lag_s, 0.0))
        self.outcomes[sample.outcome] += 1
        second = self.seconds.setdefault(math.floor(sample.scheduled_s), Second())
        if sample.ok:
            second.good += 1
        else:
            second.bad += 1
        second.worst_s = max(second.worst_s, sample.latency_s)

    def _spare(self) -> bool:
        """Whether memory holds more samples than it need, and the file holds them all."""
        full = len(self._samples) > 2 * self._keep
        return full and self._file is not None and self._file.problem is None

    def _forget(self) -> None:
        while len(self._samples) > self._keep:
            self._samples.popleft()
            self._dropped += 1
