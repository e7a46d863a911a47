"""The figures in Prometheus' text format, for a textfile collector or a pushgateway."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from clinigate.core.bounds import bounds_at
from clinigate.core.verdict import Status
from clinigate.delivery.deployments import Deployment, Ended
from clinigate.delivery.figures import Figure
from clinigate.quality.criteria import (
    CHANGE_FAILURE_RATE,
    DEPLOYMENT_FREQUENCY,
    DEPLOYMENT_SUCCESS,
    LEAD_TIME,
    RECOVERY_TIME,
)

__all__ = ["exposition"]

_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DEPLOYMENT_SUCCESS: (
            "clinigate_deployment_success_ratio",
            "Share of deployments that got the traffic and kept it.",
        ),
        CHANGE_FAILURE_RATE: (
            "clinigate_change_failure_ratio",
            "Share of changes in production that were taken back or repaired.",
        ),
        DEPLOYMENT_FREQUENCY: (
            "clinigate_deployment_interval_seconds",
            "Median time between two deployments that succeeded.",
        ),
        LEAD_TIME: (
            "clinigate_change_lead_time_seconds",
            "Median time from a commit to production.",
        ),
        RECOVERY_TIME: (
            "clinigate_recovery_time_seconds",
            "Median time for which patients were worse off.",
        ),
    }
)


def exposition(figures: Sequence[Figure], deployments: Sequence[Deployment]) -> str:
    """Return the text; what was not measured has no sample, as a missing value is no zero."""
    lines: list[str] = []
    counts = Counter(each.ended for each in deployments)
    lines += _family(
        "clinigate_deployments_total",
        "counter",
        "Deployments that the ledger knows, by how they ended.",
        [({"ended": str(each)}, float(counts[each])) for each in Ended],
    )
    for figure in figures:
        name, words = _NAMES[figure.measurement.metric]
        lines += _family(name, "gauge", words, list(_values(figure)))
    lines += _family(
        "clinigate_delivery_verdict",
        "gauge",
        "Verdict on each figure: 1 for the one that holds.",
        [
            (
                {"figure": _short(figure), "verdict": str(status)},
                float(figure.verdict.status is status),
            )
            for figure in figures
            for status in Status
        ],
    )
    lines += _family(
        "clinigate_delivery_observations_needed",
        "gauge",
        "Deployments or times that would settle a figure which too few speak of.",
        [
            ({"figure": _short(each)}, float(each.needed))
            for each in figures
            if each.needed is not None
        ],
    )
    return "\n".join(lines) + "\n"


def _values(figure: Figure) -> Iterator[tuple[Mapping[str, str], float]]:
    measured = figure.measurement
    bounds = bounds_at(measured, figure.criterion.confidence) if measured.n else None
    told = {
        "estimate": measured.value,
        "lower": None if bounds is None else bounds.low,
        "upper": None if bounds is None else bounds.high,
        "limit": figure.criterion.limit,
    }
    for kind, value in told.items():
        if value is not None:
            yield {"value": kind}, value


def _short(figure: Figure) -> str:
    return figure.criterion.id.rpartition(".")[2]


def _family(
    name: str, kind: str, words: str, samples: Sequence[tuple[Mapping[str, str], float]]
) -> Iterator[str]:
    if not samples:
        return
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        inside = ",".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"{name}{{{inside}}} {_number(value)}"


def _number(value: float) -> str:
    """As the format writes numbers; a bound that is none is infinite."""
    return f"{value:.10g}" if math.isfinite(value) else f"{value:+}".replace("inf", "Inf")
