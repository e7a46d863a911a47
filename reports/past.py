"""Earlier runs of the same system, as a report compares itself with them."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.results import Results

__all__ = ["PastRun"]


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier run, as far as it can be believed.

    Attributes:
        run: its id. started_at: RFC 3339.
        status: COMPLETE, ABORTED or INCOMPLETE, as the statement or the ledger says.
        results: what it measured, and its verdicts; None of a run that was never sealed, or that is
            damaged. Of its findings only the number is kept, of figures and slices nothing.
        why_not: why there are no results, in a sentence; empty where there are.
        signed: whether its statement is signed.
        findings: how many there were of each metric.
    """

    run: str
    started_at: str
    status: str
    results: Results | None
    why_not: str = ""
    signed: bool = False
    findings: tuple[tuple[str, int], ...] = ()
