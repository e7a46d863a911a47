"""Every criterion that is installed: the clinical ones, and those of the other producers."""

from __future__ import annotations

from clinigate.core.criterion import Criterion

__all__ = ["producer_criteria"]


def producer_criteria() -> tuple[Criterion, ...]:
    """Return the criteria of everything that Clinigate ships beside the clinical checks."""
    # Their data files are read where a gate asks, not where a command starts.
    from clinigate.chaos.criteria import builtin_criteria as of_chaos
    from clinigate.gpu_bench.criteria import builtin_criteria as of_bench
    from clinigate.hipaa.criteria import builtin_criteria as of_hipaa
    from clinigate.load.criteria import builtin_criteria as of_load
    from clinigate.phi.criteria import builtin_criteria as of_phi
    from clinigate.platform.criteria import builtin_criteria as of_platform
    from clinigate.quality.criteria import builtin_criteria as of_quality
    from clinigate.security.criteria import builtin_criteria as of_security

    homes = (
        of_chaos,
        of_load,
        of_bench,
        of_security,
        of_platform,
        of_phi,
        of_hipaa,
        of_quality,
    )
    return tuple(criterion for home in homes for criterion in home())
