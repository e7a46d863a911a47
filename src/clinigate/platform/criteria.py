"""What the platform policies must show: no open finding in any of the topics."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from clinigate.core.criterion import Criterion, Relation
from clinigate.platform.rule import Topic
from clinigate.platform.rules import load_rules

__all__ = ["builtin_criteria", "criteria_of"]


@cache
def builtin_criteria() -> tuple[Criterion, ...]:
    """Return the criteria, one for each topic."""
    return criteria_of(load_rules().topics)


def criteria_of(topics: Iterable[Topic]) -> tuple[Criterion, ...]:
    """Return the criteria of some topics."""
    return tuple(
        Criterion(
            id=each.metric,
            metric=each.metric,
            relation=Relation.AT_MOST,
            limit=0.0,
            title=each.title,
            controls=each.controls,
        )
        for each in topics
    )
