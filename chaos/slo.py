"""The platform's catalogue of service-level objectives, and what a pass of each needs.

Sample sizes follow from the exact binomial bound at 95 % confidence with no failure:
`n >= ln(0.05) / ln(objective)`; 30-day budgets are `(1 - objective) * 30 d`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["BUDGET_SLO", "PERIOD_S", "SLOS", "Slo"]

#: Seconds of the period that error budgets are counted over.
PERIOD_S = 30 * 86_400.0
#: The objective whose error budget experiments are charged to.
BUDGET_SLO = "api-availability"


@dataclass(frozen=True, slots=True)
class Slo:
    """One objective.

    Attributes:
        name: as experiments refer to it.
        title: in plain words.
        metric: last part of the metric that speaks to it.
        objective: least share of good events; None for objectives of time alone.
        quantile: the percentile that `limit_s` caps; None where the objective is a share.
        limit_s: greatest value of that percentile, or greatest age or time, in seconds.
        controls: clauses in the controls' catalogues.
    """

    name: str
    title: str
    metric: str
    objective: float | None = None
    quantile: float | None = None
    limit_s: float | None = None
    controls: tuple[str, ...] = ()

    @property
    def need_n(self) -> int:
        """Events that a pass needs at 95 % confidence when nothing goes wrong."""
        share = self.objective if self.objective is not None else self.quantile
        return 1 if share is None else math.ceil(math.log(0.05) / math.log(share))

    @property
    def budget_s(self) -> float | None:
        """Seconds of full outage that 30 days allow; None for an objective without a share."""
        return None if self.objective is None else (1 - self.objective) * PERIOD_S


def _by_name(*slos: Slo) -> dict[str, Slo]:
    return {slo.name: slo for slo in slos}


#: Every objective of the platform, by name.
SLOS: dict[str, Slo] = _by_name(
    Slo(
        "api-availability",
        "API availability of at least 99.95%",
        "availability",
        objective=0.9995,
        controls=("SLO.api.availability",),
    ),
    Slo(
        "api-p95",
        "API latency: p95 below 100 ms",
        "p95",
        quantile=0.95,
        limit_s=0.1,
        controls=("SLO.api.latency",),
    ),
    Slo(
        "inference-availability",
        "Inference availability of at least 99.9%",
        "inference_availability",
        objective=0.999,
        controls=("SLO.inference.availability",),
    ),
    Slo(
        "inference-p99",
        "Inference latency: p99 below 200 ms",
        "inference_p99",
        quantile=0.99,
        limit_s=0.2,
        controls=("SLO.inference.latency",),
    ),
    Slo(
        "data-freshness",
        "Data freshness: 99.5% within 1 hour",
        "freshness",
        objective=0.995,
        limit_s=3600.0,
        controls=("SLO.data.freshness",),
    ),
    Slo(
        "time-to-restore",
        "Time to restore service in a critical incident below 15 minutes",
        "time_to_restore",
        limit_s=900.0,
        controls=("CC7.5", "A1.3"),
    ),
)
