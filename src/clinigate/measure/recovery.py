"""How a service came through a fault, by what an open-loop prober saw: pure arithmetic.

A request belongs to what the fault did when it ended after the fault, also when it had been sent
before: what was in flight is the first thing that a crash destroys. Times are those of the
timeline; durations are in seconds.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from clinigate.core.measurement import Kind, Measurement
from clinigate.core.statistics.arguments import (
    check_at_least,
    check_count,
    check_finite,
    check_open_unit,
    check_positive,
)
from clinigate.errors import UsageError
from clinigate.measure.timelinefile import Sample

__all__ = [
    "MarkerReport",
    "Recovery",
    "availability",
    "budget_spent",
    "burn_rate",
    "markers",
    "recover",
]

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one fault did, as seen from outside. Durations count from the fault.

    Attributes:
        rto_s: until the start of the first stable-green window after the harm began; 0 where there
            was no harm, None where it never came.
        settled_s: until the start of the green stretch that lasted to the end of the observation;
            None where it ended in harm, or too soon to tell. Above `rto_s`, there was a relapse.
        first_bad_s: until the first request that was harmed was due, 0 for one in flight; None
            without harm.
        detected_s: until the first harmed request had ended: nobody outside can know sooner.
        bad_seconds: time of which the requests due were bad; each stands for the time until the
            next one was due.
        requests, bad: requests that ended after the fault, and those of them that failed.
        in_flight, in_flight_bad: of these, the ones that were due before the fault.
        observed_s: from the fault to when the last request was due.
    """

    rto_s: float | None
    settled_s: float | None
    first_bad_s: float | None
    detected_s: float | None
    bad_seconds: float
    requests: int
    bad: int
    in_flight: int
    in_flight_bad: int
    observed_s: float

    @property
    def relapsed(self) -> bool:
        """Whether harm came back after the first stable window."""
        return self.rto_s is not None and self.settled_s != self.rto_s


def recover(
    samples: Iterable[Sample],
    *,
    fault_at_s: float,
    stable_s: float = 1.0,
    least: int = 10,
    p95_limit_s: float | None = None,
) -> Recovery:
    """Return how the service recovered from the fault that was applied at `fault_at_s`.

    A window of `stable_s` is green when at least `least` requests were due in it, all were good,
    and their p95 (nearest rank) keeps `p95_limit_s`. It is harmful when one of them failed or the
    p95 breaks the limit. Without a limit a late answer is as good as a prompt one: name the limit
    for faults that freeze or slow a service.

    Raises:
        UsageError: nothing was asked after the fault, or so seldom that no window could be green.
    """
    check_finite("fault_at_s", [fault_at_s])
    check_positive("stable_s", stable_s)
    check_count("least", least, low=1)
    after = sorted(
        (s for s in samples if s.ended_s >= fault_at_s), key=lambda s: (s.scheduled_s, s.ended_s)
    )
    if not after:
        raise UsageError(
            f"no request ended after the fault at {fault_at_s:g} s; keep the prober running on"
        )
    windows = list(_windows(after, stable_s=stable_s, least=least, p95_limit_s=p95_limit_s))
    if all(window.requests < least for window in windows):
        most = max(window.requests for window in windows)
        raise UsageError(
            f"no window of {stable_s:g} s holds {least} requests, the fullest holds {most}; "
            "probe faster, longer, or with a longer stable_s"
        )
    return _recovery(after, windows, fault_at_s=fault_at_s, p95_limit_s=p95_limit_s)


@dataclass(frozen=True, slots=True)
class _Window:
    """The stretch of time that begins when one of the requests is due."""

    start: float
    end: float
    requests: int
    harmful: bool
    green: bool


def _windows(
    after: Sequence[Sample], *, stable_s: float, least: int, p95_limit_s: float | None
) -> Iterator[_Window]:
    """Yield the window that begins with each request."""
    inside: deque[Sample] = deque()
    latencies: list[float] = []
    bad, entering = 0, 0
    last = after[-1].scheduled_s
    for sample in after:
        end = sample.scheduled_s + stable_s
        while entering < len(after) and after[entering].scheduled_s < end:
            inside.append(after[entering])
            insort(latencies, after[entering].latency_s)
            bad += not after[entering].ok
            entering += 1
        n = len(inside)
        slow = p95_limit_s is not None and latencies[math.ceil(0.95 * n) - 1] > p95_limit_s
        harmful = bad > 0 or slow
        ends_seen = last >= end or math.isclose(last, end)
        green = ends_seen and not harmful and n >= least and not _harmed(sample, p95_limit_s)
        yield _Window(sample.scheduled_s, end, n, harmful, green)
        leaving = inside.popleft()
        del latencies[bisect_left(latencies, leaving.latency_s)]
        bad -= not leaving.ok


def _recovery(
    after: Sequence[Sample],
    windows: Sequence[_Window],
    *,
    fault_at_s: float,
    p95_limit_s: float | None,
) -> Recovery:
    harmful = [number for number, window in enumerate(windows) if window.harmful]
    harmed = _first_harmed(after, windows[harmful[0]], p95_limit_s) if harmful else []
    in_flight = [sample for sample in after if sample.scheduled_s < fault_at_s]
    return Recovery(
        rto_s=_until_green(windows, harmful[0], fault_at_s) if harmful else 0.0,
        settled_s=_until_green(windows, harmful[-1], fault_at_s) if harmful else 0.0,
        first_bad_s=max(0.0, harmed[0].scheduled_s - fault_at_s) if harmed else None,
        detected_s=min(sample.ended_s for sample in harmed) - fault_at_s if harmed else None,
        bad_seconds=_bad_seconds(after, fault_at_s),
        requests=len(after),
        bad=sum(not sample.ok for sample in after),
        in_flight=len(in_flight),
        in_flight_bad=sum(not sample.ok for sample in in_flight),
        observed_s=max(0.0, after[-1].scheduled_s - fault_at_s),
    )


def _until_green(windows: Sequence[_Window], after: int, fault_at_s: float) -> float | None:
    """From the fault to the first green window behind number `after`."""
    starts = (window.start for window in windows[after + 1 :] if window.green)
    start = next(starts, None)
    return None if start is None else max(0.0, start - fault_at_s)


def _first_harmed(
    after: Sequence[Sample], window: _Window, p95_limit_s: float | None
) -> list[Sample]:
    within = (sample for sample in after if window.start <= sample.scheduled_s < window.end)
    return [sample for sample in within if _harmed(sample, p95_limit_s)]


def _harmed(sample: Sample, p95_limit_s: float | None) -> bool:
    return not sample.ok or (p95_limit_s is not None and sample.latency_s > p95_limit_s)


def _bad_seconds(after: Sequence[Sample], fault_at_s: float) -> float:
    due = [max(sample.scheduled_s, fault_at_s) for sample in after]
    # Nothing was due after the last request; it stands for as much time as the others on average.
    due.append(due[-1] + (due[-1] - due[0]) / max(len(due) - 1, 1))
    return sum(due[n + 1] - due[n] for n, sample in enumerate(after) if not sample.ok)


@dataclass(frozen=True, slots=True)
class MarkerReport:
    """What became of numbered writes.

    Attributes:
        acked: how many were acknowledged.
        lost: acknowledged and not found again: a broken promise.
        ambiguous: nobody was told how they ended, and both outcomes are right; never lost.
        ambiguous_found: those of them that are there.
        duplicated: found more than once.
        unknown: found, and neither acknowledged nor ambiguous.
        rpo_s: how far back the loss reaches: from the last acknowledgement that survived before
            the first lost one, to the last lost one. 0 without loss, None where nothing was
            acknowledged, so that nothing could be lost.
    """

    acked: int
    lost: tuple[int, ...]
    ambiguous: tuple[int, ...]
    ambiguous_found: tuple[int, ...]
    duplicated: tuple[int, ...]
    unknown: tuple[int, ...]
    rpo_s: float | None


def markers(
    acked: Mapping[int, float],
    read_back: Iterable[int],
    ambiguous: Collection[int] = (),
    *,
    began_s: float = 0.0,
) -> MarkerReport:
    """Compare what was acknowledged with what is there after the fault.

    Args:
        acked: number of each acknowledged write, and when that came.
        read_back: numbers found, as often as they were found.
        ambiguous: numbers whose writers got no answer; one that was acknowledged on a retry is
            none.
        began_s: when writing began; the loss reaches back to it where no write before survived.

    Raises:
        UsageError: a time that is not finite.
    """
    check_finite("acked", acked.values())
    found = Counter(read_back)
    unsure = sorted(set(ambiguous) - acked.keys())
    return MarkerReport(
        acked=len(acked),
        lost=tuple(sorted(number for number in acked if number not in found)),
        ambiguous=tuple(unsure),
        ambiguous_found=tuple(number for number in unsure if number in found),
        duplicated=tuple(sorted(number for number, times in found.items() if times > 1)),
        unknown=tuple(sorted(found.keys() - acked.keys() - set(unsure))),
        rpo_s=_rpo_s(acked, found, began_s),
    )


def _rpo_s(acked: Mapping[int, float], found: Collection[int], began_s: float) -> float | None:
    if not acked:
        return None
    lost = [at for number, at in acked.items() if number not in found]
    if not lost:
        return 0.0
    first = min(lost)
    survived = (at for number, at in acked.items() if number in found and at <= first)
    return max(lost) - max(survived, default=began_s)


def availability(metric: str, samples: Iterable[Sample]) -> Measurement:
    """Return the share of good requests with its counts, from which a criterion bounds it."""
    counted = [sample.ok for sample in samples]
    good, n = sum(counted), len(counted)
    return Measurement(metric, Kind.RATE, good / n if n else None, n, events=good)


def budget_spent(bad_s: float, objective: float, *, period_days: float = 30) -> float:
    """Return which share of a period's error budget `bad_s` seconds of outage used up.

    99.95% of 30 days leaves 1,296 s. Above 1 there is none left.

    Raises:
        UsageError: a negative time, an objective outside (0, 1), or a period not above 0.
    """
    check_at_least("bad_s", bad_s, 0.0)
    check_open_unit("objective", objective)
    check_positive("period_days", period_days)
    return bad_s / ((1.0 - objective) * period_days * _DAY_S)


def burn_rate(bad: int, n: int, objective: float) -> float | None:
    """Return how many times faster than allowed the budget burns while `bad` of `n` fail.

    At 1 the budget lasts exactly its period (Google SRE Workbook, chapter 5). None where nothing
    was asked: no data is not good news.

    Raises:
        UsageError: counts that cannot be, or an objective outside (0, 1).
    """
    check_count("n", n)
    check_count("bad", bad, high=n)
    check_open_unit("objective", objective)
    return bad / n / (1.0 - objective) if n else None
