"""Every criterion that is installed: the clinical ones, and those of the other producers."""

from __future__ import annotations

from clinigate.core.criterion import Criterion

__all__ = ["producer_criteria"]


def producer_criteria() -> tuple[Criterion, ...]:
    """Return the criteria of all experiments, profiles and benchmarks that Clinigate ships."""
    # Their data files are read where a gate asks, not where a command starts.
    from clinigate.chaos.criteria import builtin_criteria as of_chaos
    from clinigate.gpu_bench.criteria import builtin_criteria as of_bench
    from clinigate.load.criteria import builtin_criteria as of_load

    return (*of_chaos(), *of_load(), *of_bench())
