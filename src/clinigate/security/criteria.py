"""What the scanners must show."""

from __future__ import annotations

from clinigate.core.criterion import Criterion

__all__ = ["builtin_criteria"]


def builtin_criteria() -> tuple[Criterion, ...]:
    """Return the criteria, one for each metric."""
    return ()
