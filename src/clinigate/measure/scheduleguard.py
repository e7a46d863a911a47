"""Whether the generator of a load kept its own schedule; one that did not measured itself.

Late requests come in bunches that nobody planned, and an overloaded generator reads answers late:
both are then reported as slowness of the service (issues of that kind: kubernetes-sigs/
inference-perf#188, llm-d/llm-d-benchmark#261).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from types import TracebackType

from clinigate.core.statistics.arguments import check_positive
from clinigate.measure.histogram import Histogram
from clinigate.measure.hostguard import HostDelay, HostGuard

__all__ = ["Schedule", "ScheduleGuard", "ScheduleLimits"]


@dataclass(frozen=True, slots=True)
class ScheduleLimits:
    """What a generator may do wrong before what it measured is invalid.

    Attributes:
        lag_s: 99th percentile of how late requests went out. Choose it well below the latencies
            that are to be judged.
        cpu: processor time of the generator's process as a share of the wall time of one core.
        host_delay_s: 99th percentile of how long a turn of work waited for a processor.
    """

    lag_s: float = 0.05
    cpu: float = 0.95
    host_delay_s: float = 0.05

    def __post_init__(self) -> None:
        check_positive("lag_s", self.lag_s)
        check_positive("cpu", self.cpu)
        check_positive("host_delay_s", self.host_delay_s)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a generator kept its schedule.

    Attributes:
        arrivals: requests that it sent.
        lag_p99_s: how late the latest hundredth of them went out, at least; None without any.
        cpu: share of one core that its process used.
        host_delay_p99_s: what its host kept a turn of work waiting, None where that is unknown.
        limits: what was allowed.
    """

    arrivals: int
    lag_p99_s: float | None
    cpu: float
    host_delay_p99_s: float | None
    limits: ScheduleLimits = ScheduleLimits()

    @property
    def invalid(self) -> str | None:
        """Why what was measured is not of the service, in one sentence; None where it is."""
        if not self.arrivals or self.lag_p99_s is None:
            return "invalid run: no request went out"
        limits, broken = self.limits, []
        if self.lag_p99_s > limits.lag_s:
            broken.append(
                f"1% of the requests went out {self.lag_p99_s * 1e3:.0f} ms late or later "
                f"(limit {limits.lag_s * 1e3:.0f} ms)"
            )
        if self.cpu > limits.cpu:
            broken.append(f"the generator used {self.cpu:.0%} of its core (limit {limits.cpu:.0%})")
        if self.host_delay_p99_s is not None and self.host_delay_p99_s > limits.host_delay_s:
            broken.append(
                f"the host kept work waiting {self.host_delay_p99_s * 1e3:.0f} ms "
                f"(limit {limits.host_delay_s * 1e3:.0f} ms)"
            )
        if not broken:
            return None
        return f"invalid run: {'; '.join(broken)}; use a lower rate, more workers or a quieter host"


class ScheduleGuard:
    """Watches the generator's process and host for as long as the context is open.

    Tell it of every request by `sent`, or give it the lags that a `Timeline` counted.
    """

    def __init__(
        self, lags: Histogram | None = None, *, limits: ScheduleLimits | None = None
    ) -> None:
        self._lags = Histogram() if lags is None else lags
        self._limits = ScheduleLimits() if limits is None else limits
        self._host = HostGuard()
        self._started: tuple[float, float] | None = None
        self._ended: tuple[float, float] | None = None

    def sent(self, *, scheduled_s: float, started_s: float) -> None:
        """Count a request that was due and went out at these moments of one clock."""
        self._lags.record(max(0.0, started_s - scheduled_s))

    @property
    def schedule(self) -> Schedule:
        """What was seen until now, or until the context ended."""
        delay = self._host.delay
        return Schedule(
            arrivals=self._lags.count,
            lag_p99_s=self._lags.quantile(0.99),
            cpu=self._cpu(),
            host_delay_p99_s=_p99(delay),
            limits=self._limits,
        )

    @property
    def invalid(self) -> str | None:
        """Why what was measured is not of the service; None where it is."""
        return self.schedule.invalid

    def __enter__(self) -> ScheduleGuard:
        self._started, self._ended = _now(), None
        self._host.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._host.__exit__(kind, error, trace)
        self._ended = _now()

    def _cpu(self) -> float:
        if self._started is None:
            return 0.0
        wall, processor = self._ended or _now()
        return (processor - self._started[1]) / max(wall - self._started[0], 1e-9)


def _now() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def _p99(delay: HostDelay) -> float | None:
    seconds = delay.of_turns(1)
    return seconds if math.isfinite(seconds) else None
