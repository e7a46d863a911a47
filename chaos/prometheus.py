"""The team's own Prometheus as witnesses of an experiment: its indicators and its alerts.

Hand `watchers(...)` to `RunRequest.watchers`, and judge by `prometheus_criteria(...)` besides the
experiment's own criteria.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clinigate.chaos.criteria import alert_metric
from clinigate.chaos.drivers.base import Witness, WitnessReport
from clinigate.chaos.model import Experiment
from clinigate.chaos.prometheus_alerts import AlertWatch
from clinigate.chaos.prometheus_indicators import IndicatorWatch, indicator_metric
from clinigate.chaos.slo import SLOS
from clinigate.config.resilience import PrometheusTable
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.observation import Gap
from clinigate.errors import ConfigError
from clinigate.measure.prober import Timeline

__all__ = ["prometheus_criteria", "watchers"]


def watchers(
    experiment: Experiment, table: PrometheusTable | None, root: Path
) -> Mapping[str, Witness]:
    """Witnesses by name (`alerts`, `prometheus`), for `RunRequest.watchers`.

    Args:
        experiment: names the alerts that must fire, and the objectives.
        table: `[chaos.prometheus]`; without one, alerts that the experiment names are a gap.
        root: the configuration's folder, for `ca_file`.

    Raises:
        ConfigError: an indicator for an objective that isn't there; the known ones are named.
    """
    if table is None:
        return {"alerts": _NoPrometheus(experiment)} if experiment.alerts else {}
    unknown = sorted(set(table.indicators) - set(SLOS))
    if unknown:
        raise ConfigError(
            f"[chaos.prometheus] indicators: {unknown[0]!r} is no objective; "
            f"there are {', '.join(sorted(SLOS))}"
        )
    found: dict[str, Witness] = {"alerts": AlertWatch(experiment, table, root)}
    if set(experiment.slos) & set(table.indicators):
        found["prometheus"] = IndicatorWatch(experiment, table, root)
    return found


def prometheus_criteria(
    experiment: Experiment, table: PrometheusTable | None
) -> tuple[Criterion, ...]:
    """One criterion for each objective of the experiment that has an indicator.

    A percentile from buckets is held to "at most", since a bucket counts what equals its edge.
    """
    if table is None:
        return ()
    found = []
    for name in experiment.slos:
        slo = SLOS[name]
        is_share = slo.quantile is None and slo.objective is not None
        limit = slo.objective if is_share else slo.limit_s
        if name not in table.indicators or limit is None:
            continue
        metric = indicator_metric(experiment, slo)
        found.append(
            Criterion(
                id=metric,
                metric=metric,
                relation=Relation.AT_LEAST if is_share else Relation.AT_MOST,
                limit=limit,
                min_n=slo.need_n,
                title=f"{experiment.title}: {slo.title}, as the team's own Prometheus saw it",
                controls=slo.controls,
                possible=(0.0, 1.0) if is_share else None,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _NoPrometheus:
    """Stands for the alerts of an experiment where no Prometheus is configured: all are gaps."""

    experiment: Experiment

    def start(self, repetition: int, timeline: Timeline) -> None:
        """Nothing to watch."""

    def stop(self) -> None:
        """Nothing to end."""

    def counts(self) -> tuple[int, int]:
        """Nothing was tried."""
        return 0, 0

    def report(self, prefix: str) -> WitnessReport:  # noqa: ARG002 - the protocol's
        """A gap for each alert."""
        reason = "no Prometheus is configured; set [chaos.prometheus] url"
        alerts = self.experiment.alerts
        return WitnessReport(tuple(Gap(alert_metric(self.experiment, a), reason) for a in alerts))
