"""The acceptance criteria of all benchmarks, at the limits that ship."""

from __future__ import annotations

from clinigate.core.criterion import Criterion
from clinigate.gpu_bench.ai.criteria import Limits, criteria_for

__all__ = ["builtin_criteria"]


def builtin_criteria() -> tuple[Criterion, ...]:
    """Return the criteria of `clinigate bench` at their own limits, for policies to demand."""
    return criteria_for(Limits(gpu_utilization=0.8))
