"""How long this host keeps a program waiting for a processor, and so delays what is timed on it.

A probe thread sleeps and works in short turns while a measurement runs beside it, and notes how
long each turn was ready to run and did not. Linux counts that wait per thread (second field of
`/proc/thread-self/schedstat`, nanoseconds; kernel documentation `scheduler/sched-stats`). Elsewhere
the clocks tell: sleep that lasted too long, and work that took more wall time than processor time;
that also counts waits for Python's interpreter lock. Neither sees time that a hypervisor steals.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

__all__ = ["HostDelay", "HostGuard"]

_SCHEDSTAT = Path("/proc/thread-self/schedstat")
_PAUSE_S = 0.02
#: Hashing this takes about a millisecond, and hashlib lets other Python threads run meanwhile.
_WORK = bytes(1 << 20)


@dataclass(frozen=True, slots=True)
class HostDelay:
    """What a program on this host waited for a processor.

    Attributes:
        waits: seconds of waiting, for each short turn of work in the order in which they came.
        source: what told the waits.
    """

    waits: tuple[float, ...]
    source: str

    def of_turns(self, turns: int, *, share: float = 0.99) -> float:
        """Return the `share` quantile of what `turns` turns in a row waited together, in seconds.

        Where fewer turns were watched, each is taken to have waited as long as the worst. None at
        all is not a quiet host: the figure is infinite.
        """
        if not self.waits:
            return math.inf
        if len(self.waits) < turns:
            return turns * max(self.waits)
        sums = sorted(
            sum(self.waits[start : start + turns]) for start in range(len(self.waits) - turns + 1)
        )
        return sums[math.ceil(share * len(sums)) - 1]


class HostGuard:
    """Watches the host's delay in a thread for as long as the context is open."""

    def __init__(self, *, pause_s: float = _PAUSE_S, schedstat: Path = _SCHEDSTAT) -> None:
        self._pause_s = pause_s
        self._schedstat = schedstat if schedstat.is_file() else None
        self._waits: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="clinigate-host", daemon=True)

    def __enter__(self) -> HostGuard:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def delay(self) -> HostDelay:
        """What was seen until now."""
        source = "clocks" if self._schedstat is None else "schedstat"
        return HostDelay(tuple(self._waits), source)

    def _watch(self) -> None:
        while not self._stop.is_set():
            if self._schedstat is None:
                wait = self._turn_by_clocks()
            else:
                wait = self._turn_by_schedstat(self._schedstat)
            self._waits.append(max(0.0, wait))

    def _turn_by_schedstat(self, path: Path) -> float:
        before = _run_delay_s(path)
        self._stop.wait(self._pause_s)
        _work()
        return _run_delay_s(path) - before

    def _turn_by_clocks(self) -> float:
        started = time.perf_counter()
        stopped = self._stop.wait(self._pause_s)
        woken = time.perf_counter()
        late = 0.0 if stopped else max(0.0, woken - started - self._pause_s)
        processor = time.thread_time()
        _work()
        return late + (time.perf_counter() - woken) - (time.thread_time() - processor)


def _run_delay_s(path: Path) -> float:
    return int(path.read_text().split()[1]) / 1e9


def _work() -> None:
    hashlib.sha256(_WORK).digest()
