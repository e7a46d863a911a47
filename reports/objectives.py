"""What an SRE looks at first: objectives of service, loads, benchmarks and experiments."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.reports.drawing import Drawing
from clinigate.reports.model import CriterionRow, Report

__all__ = ["ObjectiveGroup", "objectives"]

#: By the beginning of a metric, the kind of objective; in the order in which they are shown.
_KINDS = (
    ("chaos", "Experiments"),
    ("load", "Loads"),
    ("latency", "Response times"),
    ("bench", "Benchmarks"),
    ("platform", "Platform"),
    ("delivery", "Delivery"),
    ("production", "Production"),
)


@dataclass(frozen=True, slots=True)
class ObjectiveGroup:
    """Objectives of one kind, and the figures beside them."""

    title: str
    rows: tuple[CriterionRow, ...]
    figures: tuple[Drawing, ...] = ()

    @property
    def met(self) -> int:
        """How many passed."""
        return sum(row.status.value == "PASS" for row in self.rows)


def objectives(report: Report) -> tuple[ObjectiveGroup, ...]:
    """Return what the run says of the service's running, by kind; kinds without any are left out.

    What is not PASS stands first.
    """
    groups = (
        ObjectiveGroup(
            title,
            tuple(
                sorted(
                    (row for row in report.criteria if _begins(row.metric, family)),
                    key=lambda row: row.status.value == "PASS",
                )
            ),
            tuple(each for each in report.figures if _begins(each.metric, family)),
        )
        for family, title in _KINDS
    )
    return tuple(group for group in groups if group.rows or group.figures)


def _begins(metric: str, family: str) -> bool:
    return metric.partition(".")[0] == family
