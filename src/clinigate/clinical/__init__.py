"""Clinical checks: emotion, fairness, crisis detection, response time, therapeutic replies, safety.

`criteria.CRITERIA` says what they are judged by, `load()` registers them, `draw.packs_used(plan)`
names the packs that a run draws from. Nothing is loaded before it is asked for.
"""

from __future__ import annotations

__all__ = ["load"]


def load() -> None:
    """Register the clinical checks. Calling it twice is harmless."""
    import clinigate.clinical.checks  # noqa: F401 - importing registers
