"""What the HIPAA checks must show: each safeguard, and not once found wanting."""

from __future__ import annotations

from clinigate.core.criterion import Criterion, Relation
from clinigate.hipaa.named import NAMED

__all__ = ["builtin_criteria"]


def builtin_criteria() -> tuple[Criterion, ...]:
    """Return the criteria, one for each named test."""
    return tuple(
        Criterion(
            named.metric,
            named.metric,
            Relation.AT_MOST,
            0,
            title=named.title,
            controls=named.controls,
        )
        for named in NAMED.values()
    )
