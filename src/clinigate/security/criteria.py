"""What the scanners must show: nothing open that is grave."""

from __future__ import annotations

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.flaw import FlawSeverity
from clinigate.security.registry import all_scanners
from clinigate.security.scanner import SEVERITIES, Topic, metric_of

__all__ = ["builtin_criteria", "criterion_of"]


def builtin_criteria() -> tuple[Criterion, ...]:
    """Return the criteria, one for each metric."""
    return tuple(
        criterion_of(topic, severity)
        for scanner in all_scanners()
        for topic in scanner.topics
        for severity in SEVERITIES
    )


def criterion_of(topic: Topic, severity: FlawSeverity) -> Criterion:
    """Return the criterion that no finding of at least this severity is open."""
    metric = metric_of(topic, severity)
    return Criterion(
        metric,
        metric,
        Relation.AT_MOST,
        0,
        title=f"No open {topic.title}, {severity} or graver",
        controls=topic.controls,
    )
