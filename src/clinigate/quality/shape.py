"""The form that the criteria of this home share: one for each metric, under its name."""

from __future__ import annotations

from clinigate.core.criterion import Criterion, Relation

__all__ = ["criterion_of"]


def criterion_of(
    metric: str,
    relation: Relation,
    limit: float,
    title: str,
    *,
    possible: tuple[float, float] = (0.0, 1.0),
    controls: tuple[str, ...] = (),
    min_n: int = 1,
    zero_tolerance: bool = False,
) -> Criterion:
    """Return the criterion of a metric, called as the metric is."""
    return Criterion(
        id=metric,
        metric=metric,
        relation=relation,
        limit=limit,
        title=title,
        possible=possible,
        controls=controls,
        min_n=min_n,
        zero_tolerance=zero_tolerance,
    )
