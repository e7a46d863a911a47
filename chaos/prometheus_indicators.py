"""Service-level indicators from the team's own Prometheus, beside what the prober saw.

An indicator is PromQL in which `$window` stands for the experiment's window:

- a share of good requests as `GOOD / TOTAL`, whose two sides are asked one by one: only counts can
  be bounded;
- latencies as the buckets of a histogram, `sum by (le) (increase(NAME_bucket[$window]))`.

No data, stale data and data with holes are INCONCLUSIVE, with the reason; they are never a pass.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clinigate.chaos.drivers.base import WitnessReport
from clinigate.chaos.model import Experiment
from clinigate.chaos.prometheus_api import Line, Prometheus
from clinigate.chaos.prometheus_coverage import Coverage, look, unwindowed
from clinigate.chaos.slo import SLOS, Slo
from clinigate.config.resilience import PrometheusTable
from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.observation import Gap
from clinigate.core.statistics.quantiles import allowed_exceedances
from clinigate.core.statistics.rates import max_events
from clinigate.errors import ClinigateError
from clinigate.measure.prober import Timeline

__all__ = ["IndicatorWatch", "bucket_quantile", "indicator_metric", "share", "split_ratio"]

_CONFIDENCE = 0.95
_METHOD = "order statistics of histogram buckets"


def indicator_metric(experiment: Experiment, slo: Slo) -> str:
    """The metric of an indicator: `chaos.<experiment>.observed.<objective's metric>`."""
    return f"{experiment.prefix}.observed.{slo.metric}"


def split_ratio(expression: str) -> tuple[str, str] | None:
    """Both sides of the one division outside of all brackets; None where there is no single one."""
    depth, quote, cuts = 0, "", []
    skip = False
    for index, letter in enumerate(expression):
        if skip:
            skip = False
        elif quote:
            skip = letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "\"'`":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "/" and depth == 0:
            cuts.append(index)
    if len(cuts) != 1:
        return None
    good, total = expression[: cuts[0]].strip(), expression[cuts[0] + 1 :].strip()
    return (good, total) if good and total else None


def share(metric: str, good: Sequence[Line], total: Sequence[Line], found: Coverage) -> Measurement:
    """A share from the sums of two queries; increases are no whole numbers, so it rounds down."""
    asked = _sum(total)
    n = math.floor(asked + 0.5) if asked is not None else 0
    kept = _sum(good)
    events = max(0, min(n, math.floor((kept or 0.0) + 1e-6))) if n else 0
    missing = found.missing
    if missing is None and not n:
        missing = "Prometheus knows of no request in the window; no data is no pass"
    return Measurement(
        metric,
        Kind.RATE,
        events / n if n else None,
        n,
        events=events,
        caveats=found.caveats,
        unmeasurable=missing,
    )


def _sum(lines: Sequence[Line]) -> float | None:
    values = [line.points[-1][1] for line in lines if line.points]
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) if finite and len(finite) == len(values) else None


def bucket_quantile(metric: str, lines: Sequence[Line], q: float, found: Coverage) -> Measurement:
    """A quantile in seconds from cumulative buckets (`le`); its bounds are edges of buckets."""
    edges = sorted(
        (float(line.labels["le"]), line.points[-1][1]) for line in lines if "le" in line.labels
    )
    n = math.floor(edges[-1][1] + 0.5) if edges and math.isfinite(edges[-1][1]) else 0
    missing = found.missing
    if missing is None and (n == 0 or not math.isinf(edges[-1][0])):
        missing = 'no bucket with le="+Inf" counted a request in the window; no data is no pass'
    if missing is not None:
        return Measurement(metric, Kind.QUANTILE, None, n, unit="s", unmeasurable=missing)
    below = max_events(q, n, _CONFIDENCE, strict=False)
    above = allowed_exceedances(q, n, _CONFIDENCE)
    low = None if below is None else _edge(edges, below + 1, upper=False)
    high = None if above is None else _edge(edges, n - above, upper=True)
    return Measurement(
        metric,
        Kind.QUANTILE,
        _edge(edges, math.ceil(q * n), upper=True),
        n,
        unit="s",
        interval=Interval(low, high, _CONFIDENCE, _METHOD),
        caveats=found.caveats,
    )


def _edge(edges: Sequence[tuple[float, float]], rank: int, *, upper: bool) -> float | None:
    """An edge of the bucket that holds the value of this rank; None for one at infinity."""
    lower = 0.0
    for edge, count in edges:
        if count >= rank - 0.5:
            # A bucket holds what lies above its lower edge, up to its upper one.
            found = edge if upper else math.nextafter(lower, math.inf)
            return found if math.isfinite(found) else None
        lower = edge
    return None


@dataclass(slots=True)
class IndicatorWatch:
    """A witness of the configured indicators; see `clinigate.chaos.drivers.base.Witness`.

    Its window is that of all repetitions, from the first one's fault to the last one's end.
    """

    experiment: Experiment
    table: PrometheusTable
    root: Path
    _timeline: Timeline | None = None
    _begun: float | None = None
    _ended: float | None = None
    _names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._names = tuple(name for name in self.experiment.slos if name in self.table.indicators)

    def start(self, repetition: int, timeline: Timeline) -> None:  # noqa: ARG002 - the protocol's
        """Remember the timeline, on which the fault will be marked."""
        self._timeline = timeline

    def stop(self) -> None:
        """Note the window."""
        timeline = self._timeline
        fault = (
            next((m.at for m in timeline.marks if m.name == "fault"), None) if timeline else None
        )
        if timeline is not None and fault is not None:
            self._begun = self._begun if self._begun is not None else timeline.zero + fault
            self._ended = time.monotonic()

    def counts(self) -> tuple[int, int]:
        """None: indicators are read when all is over."""
        return 0, 0

    def report(self, prefix: str) -> WitnessReport:  # noqa: ARG002 - the protocol's
        """One measurement for each objective of the experiment that has an indicator."""
        slos = [SLOS[name] for name in self._names]
        if self._begun is None or self._ended is None:
            reason = "no fault was injected, there is no window to look at"
            return WitnessReport(
                tuple(Gap(indicator_metric(self.experiment, s), reason) for s in slos)
            )
        try:
            with Prometheus(self.table, self.root) as server:
                epoch = time.time() - time.monotonic() + server.ahead_s()
                start, end = self._begun + epoch, self._ended + epoch
                return WitnessReport(tuple(self._measure(server, s, start, end) for s in slos))
        except ClinigateError as error:
            gaps = (Gap(indicator_metric(self.experiment, slo), str(error)) for slo in slos)
            return WitnessReport(tuple(gaps))

    def _measure(self, server: Prometheus, slo: Slo, start: float, end: float) -> Measurement | Gap:
        expression, metric = self.table.indicators[slo.name], indicator_metric(self.experiment, slo)
        sides = split_ratio(expression) if slo.quantile is None else None
        for side in sides or (expression,):
            if (why := unwindowed(side)) is not None:
                return Gap(metric, why)
        window = f"{max(1, round(end - start))}s"
        found = look(server, expression, start, end)

        def ask(text: str) -> tuple[Line, ...]:
            return server.query(text.replace("$window", window), at=end)

        if slo.quantile is not None:
            return bucket_quantile(metric, ask(expression), slo.quantile, found)
        if sides is None:
            whole = "its PromQL is no single division GOOD / TOTAL, so that nothing can be counted"
            found = replace(found, missing=found.missing or whole)
            return share(metric, (), (), found)
        return share(metric, ask(sides[0]), ask(sides[1]), found)
