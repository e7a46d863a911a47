"""Which alerts fired during an experiment, and when; one that stays silent is a finding."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from clinigate.chaos.criteria import alert_metric
from clinigate.chaos.drivers.base import WitnessReport
from clinigate.chaos.model import AlertSpec, Experiment
from clinigate.chaos.prometheus_api import Line, Prometheus
from clinigate.config.resilience import PrometheusTable
from clinigate.core.measurement import Kind, Measurement, SliceResult
from clinigate.core.observation import Finding, Gap
from clinigate.errors import ClinigateError
from clinigate.measure.prober import Timeline

__all__ = ["AlertWatch", "Firing", "firings"]

_POLL_S = 0.5
#: Evaluations farther apart than so many of the shortest pause are two firings.
_LATE = 2.5
_FIRING = 'ALERTS{alertstate="firing"}'


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert in one repetition.

    Attributes:
        name: of the alert.
        after_s: from the fault to the first evaluation that found it firing.
        before: whether it was firing when the fault began, so that it tells nothing.
    """

    name: str
    after_s: float
    before: bool


def firings(lines: Sequence[Line], fault_at: float) -> tuple[Firing, ...]:
    """The alerts of raw `ALERTS{alertstate="firing"}` series, relative to the fault, by name."""
    found: dict[str, Firing] = {}
    for line in lines:
        name = line.labels.get("alertname", "")
        times = [at for at, _ in line.points]
        if not name or not times:
            continue
        first = _first(name, times, fault_at)
        if name not in found or first.after_s < found[name].after_s:
            found[name] = first
    return tuple(found[name] for name in sorted(found))


def _first(name: str, times: Sequence[float], fault_at: float) -> Firing:
    """When it began to fire after the fault; one that had resolved by then is another firing."""
    early = [at for at in times if at < fault_at]
    late = [at for at in times if at >= fault_at]
    if not early:
        return Firing(name, late[0] - fault_at, before=False)
    step = min((later - at for at, later in pairwise(times)), default=0.0)
    if late and late[0] - early[-1] > _LATE * step:
        return Firing(name, late[0] - fault_at, before=False)
    return Firing(name, early[0] - fault_at, before=True)


@dataclass(slots=True)
class _Repetition:
    """What was seen in one repetition; None where the fault never came to be."""

    number: int
    seen: tuple[Firing, ...] | None = None


@dataclass(slots=True)
class AlertWatch:
    """A witness of the experiment's alerts; see `clinigate.chaos.drivers.base.Witness`.

    It waits after the repetition until each alert fired or its time is over.
    """

    experiment: Experiment
    table: PrometheusTable
    root: Path
    _repetitions: list[_Repetition] = field(default_factory=list)
    _timeline: Timeline | None = None
    _started: float = 0.0
    _unreached: str | None = None
    _broken: Mapping[str, str] = field(default_factory=dict)

    def start(self, repetition: int, timeline: Timeline) -> None:
        """Note where the repetition begins."""
        self._repetitions.append(_Repetition(repetition))
        self._timeline = timeline
        self._started = time.monotonic()

    def stop(self) -> None:
        """Read what fired; the error of a server that can't be asked is kept for the report."""
        timeline = self._timeline
        fault = (
            next((m.at for m in timeline.marks if m.name == "fault"), None) if timeline else None
        )
        if timeline is None or fault is None:
            return
        try:
            with Prometheus(self.table, self.root) as server:
                self._read(server, timeline, timeline.zero + fault)
        except ClinigateError as error:
            self._unreached = str(error)

    def _read(self, server: Prometheus, timeline: Timeline, fault: float) -> None:
        """`fault` is on CLOCK_MONOTONIC; the server's times are brought onto it."""
        rules = {rule.name: rule.error for rule in server.alert_rules()}
        self._broken = {
            each.name: f"its rule is broken: {rules[each.name]}"
            if each.name in rules
            else "there is no such alerting rule"
            for each in self.experiment.alerts
            if rules.get(each.name, "missing")
        }
        epoch = time.time() - time.monotonic() + server.ahead_s()
        waits = [each.within_s for each in self.experiment.alerts if each.name not in self._broken]
        until = fault + max(waits, default=0.0)
        while True:
            window = max(1, round(time.monotonic() - self._started) + 1)
            seen = firings(server.query(f"{_FIRING}[{window}s]"), epoch + fault)
            fired = {each.name for each in seen} | set(self._broken)
            if fired >= {each.name for each in self.experiment.alerts} or time.monotonic() > until:
                break
            time.sleep(_POLL_S)
        self._repetitions[-1].seen = seen
        for each in seen:
            if not each.before:
                timeline.mark(f"alert {each.name}", fault - timeline.zero + each.after_s)

    def counts(self) -> tuple[int, int]:
        """None: alerts are looked at when the repetition is over."""
        return 0, 0

    def report(self, prefix: str) -> WitnessReport:
        """One measurement for each alert that the experiment names; the others as evidence."""
        alerts = self.experiment.alerts
        done = [each for each in self._repetitions if each.seen is not None]
        if self._unreached is not None:
            gaps = (Gap(alert_metric(self.experiment, a), self._unreached) for a in alerts)
            return WitnessReport(tuple(gaps))
        about: list[Measurement | Finding] = []
        for alert in alerts:
            about.append(self._measurement(alert, done))
            about += self._findings(alert, done)
        record = {
            "experiment": prefix,
            "firing": [
                {
                    "repetition": each.number,
                    "alerts": [
                        {"name": f.name, "after_s": round(f.after_s, 3), "before": f.before}
                        for f in each.seen or ()
                    ],
                }
                for each in done
            ],
        }
        return WitnessReport(tuple(about), ((json.dumps(record).encode(), "application/json"),))

    def _measurement(self, alert: AlertSpec, done: Sequence[_Repetition]) -> Measurement:
        times = [(each.number, _firing_of(alert, each)) for each in done]
        fired = [found.after_s for _, found in times if found is not None and not found.before]
        early = [number for number, found in times if found is not None and found.before]
        return Measurement(
            metric=alert_metric(self.experiment, alert),
            kind=Kind.WORST,
            value=max(fired, default=None),
            n=len(times),
            unit="s",
            events=sum(found is None for _, found in times),
            slices=tuple(
                SliceResult(f"repetition={number}", found.after_s if found else None, 1)
                for number, found in times
            ),
            unmeasurable=(
                f"{alert.name} was firing before the fault already (repetition {early[0]}); let it "
                "resolve first"
                if early
                else None
            ),
        )

    def _findings(self, alert: AlertSpec, done: Sequence[_Repetition]) -> list[Finding]:
        metric = alert_metric(self.experiment, alert)
        why = self._broken.get(alert.name, f"it stayed silent for {alert.within_s:g} s")
        return [
            Finding(metric, f"alert {alert.name}: {why}", where=f"repetition={each.number}")
            for each in done
            if _firing_of(alert, each) is None
        ]


def _firing_of(alert: AlertSpec, repetition: _Repetition) -> Firing | None:
    return next((each for each in repetition.seen or () if each.name == alert.name), None)
