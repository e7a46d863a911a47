"""What an experiment must show: its file as acceptance criteria.

Inside the window of a fault that takes the service away, 99.95% is not to be had; such an
experiment states no SLO and is judged by its objectives, the budget it spent, and its invariants.
"""

from __future__ import annotations

from functools import cache

from clinigate.chaos.model import AlertSpec, Experiment, Invariant
from clinigate.chaos.parse import builtin_experiments
from clinigate.chaos.slo import BUDGET_SLO, SLOS, Slo
from clinigate.core.criterion import Criterion, Relation

__all__ = ["alert_metric", "budget_limit_s", "builtin_criteria", "experiment_criteria"]

#: What the metrics of the witnesses that ship say in a report.
_WORDS = {
    "breaker_opened": "breakers open on a lost dependency",
    "crisis_path": "who discloses a crisis is answered as one",
    "expired_accepted": "no client accepts an expired certificate",
    "expiry_noticed": "the end of a certificate is noticed",
    "lost_escalations": "no escalation is lost",
    "lost_writes": "no acknowledged write is lost",
    "retry_storm": "a failing dependency is not stormed",
    "unaudited": "nothing is served without its audit row",
}


@cache
def builtin_criteria() -> tuple[Criterion, ...]:
    """The criteria of every experiment that Clinigate ships, as policies name them."""
    return tuple(c for each in builtin_experiments() for c in experiment_criteria(each))


def experiment_criteria(experiment: Experiment) -> tuple[Criterion, ...]:
    """One criterion for each metric that the experiment is judged by."""
    return (
        *_objectives(experiment),
        _worst(
            experiment,
            "undo",
            experiment.undo.within_s,
            "the fault is taken back, and verified to be, in time",
        ),
        _worst(
            experiment,
            "budget_spent",
            budget_limit_s(experiment),
            "seconds of outage that one repetition cost, of 30 days' error budget",
        ),
        *(_slo(experiment, SLOS[name]) for name in experiment.slos),
        *(c for each in experiment.invariants for c in _invariant(experiment, each)),
        *(_alert(experiment, alert) for alert in experiment.alerts),
    )


def budget_limit_s(experiment: Experiment) -> float:
    """Seconds of outage that one repetition may cost."""
    whole = SLOS[BUDGET_SLO].budget_s
    assert whole is not None
    return round(whole * experiment.safety.max_budget_pct / 100, 3)


def alert_metric(experiment: Experiment, alert: AlertSpec) -> str:
    """The metric of one alert: `chaos.<experiment>.alert.<name in small letters>`."""
    word = "".join(c if c.isalnum() else "_" for c in alert.name.lower())
    return f"{experiment.prefix}.alert.{word}"


def _objectives(experiment: Experiment) -> tuple[Criterion, ...]:
    found: list[Criterion] = []
    if experiment.objectives.rto_s is not None:
        title = "recovery time: from the fault to the first stable window"
        found.append(_worst(experiment, "rto", experiment.objectives.rto_s, title))
    if experiment.objectives.rpo_s is not None:
        title = "recovery point: age of the oldest acknowledged write that was lost"
        found.append(_worst(experiment, "rpo", experiment.objectives.rpo_s, title))
    return tuple(found)


def _worst(experiment: Experiment, metric: str, limit_s: float, title: str) -> Criterion:
    name = f"{experiment.prefix}.{metric}"
    return Criterion(
        id=name,
        metric=name,
        relation=Relation.AT_MOST,
        limit=limit_s,
        min_n=experiment.repeat,
        title=f"{experiment.title}: {title}",
        controls=experiment.controls,
    )


def _slo(experiment: Experiment, slo: Slo) -> Criterion:
    name = f"{experiment.prefix}.{slo.metric}"
    share = slo.objective if slo.quantile is None else None
    limit = share if share is not None else slo.limit_s
    assert limit is not None
    return Criterion(
        id=name,
        metric=name,
        relation=Relation.AT_LEAST if share is not None else Relation.BELOW,
        limit=limit,
        min_n=slo.need_n,
        title=f"{experiment.title}: {slo.title}",
        controls=(*slo.controls, *(c for c in experiment.controls if c not in slo.controls)),
        possible=(0.0, 1.0) if share is not None else None,
    )


def _invariant(experiment: Experiment, invariant: Invariant) -> tuple[Criterion, ...]:
    name = f"{experiment.prefix}.{invariant.metric}"
    words = _WORDS.get(invariant.metric, invariant.metric.replace("_", " "))
    found = [_kept(experiment, invariant, name, words)]
    if invariant.p99_s is not None:
        found.append(
            Criterion(
                id=f"{name}_p99",
                metric=f"{name}_p99",
                relation=Relation.BELOW,
                limit=invariant.p99_s,
                title=f"{experiment.title}: {words}, 99th percentile",
                controls=experiment.controls,
            )
        )
    return tuple(found)


def _kept(experiment: Experiment, invariant: Invariant, name: str, words: str) -> Criterion:
    share = invariant.success
    return Criterion(
        id=name,
        metric=name,
        relation=Relation.AT_MOST if share is None else Relation.AT_LEAST,
        limit=0.0 if share is None else share,
        min_n=invariant.least,
        zero_tolerance=share in (None, 1),
        title=f"{experiment.title}: {words}",
        controls=experiment.controls,
    )


def _alert(experiment: Experiment, alert: AlertSpec) -> Criterion:
    name = alert_metric(experiment, alert)
    return Criterion(
        id=name,
        metric=name,
        relation=Relation.AT_MOST,
        limit=alert.within_s,
        min_n=experiment.repeat,
        title=f"{experiment.title}: alert {alert.name} fires in time",
        controls=experiment.controls,
    )
