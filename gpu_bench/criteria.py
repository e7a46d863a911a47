"""The acceptance criteria of all benchmarks, at the limits that ship."""

from __future__ import annotations

from clinigate.core.criterion import Criterion
from clinigate.gpu_bench.ai import criteria as ai
from clinigate.gpu_bench.database import criteria as database
from clinigate.gpu_bench.database.options import Limits as DatabaseLimits

__all__ = ["builtin_criteria"]


def builtin_criteria() -> tuple[Criterion, ...]:
    """Return the criteria of `clinigate bench` at their own limits, for policies to demand."""
    return (
        *ai.criteria_for(ai.Limits(gpu_utilization=0.8)),
        *ai.regression_criteria(tail=True),
        *database.criteria_for(DatabaseLimits()),
    )
