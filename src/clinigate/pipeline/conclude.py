"""End an evaluation: judge what was recorded and seal it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clinigate.controls import load_catalogue
from clinigate.core.results import Results
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.envelope import Signer
from clinigate.evidence.runs import RunStore
from clinigate.evidence.seal import seal
from clinigate.evidence.times import Clock, system_clock
from clinigate.pipeline.reading import read_results

__all__ = ["Conclusion", "conclude"]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A sealed run."""

    results: Results
    bundle: Bundle

    @property
    def place(self) -> str:
        """Where the bundle is and whether anybody signed it, for a reader."""
        signed = "signed" if self.bundle.signed else "UNSIGNED"
        return f"{self.bundle.path} ({signed}, {self.bundle.status})"


def conclude(
    run_directory: Path,
    *,
    signer: Signer | None,
    clock: Clock = system_clock,
    allow_incomplete: bool = False,
) -> Conclusion:
    """Judge what a run recorded and seal it.

    Args:
        run_directory: `.clinigate/runs/<run-id>`.
        signer: who states it; None leaves the bundle UNSIGNED.
        clock: source of times.
        allow_incomplete: seal a run that was killed as what it is, INCOMPLETE.

    Raises:
        IncompleteRunError: the run never finished and may not be sealed as incomplete.
        IntegrityError: what was recorded was edited.
        EvidenceError: it is sealed already, or the disk refuses.
    """
    results = read_results(run_directory)
    root = run_directory.parent.parent
    bundle = seal(
        run_directory,
        signer=signer,
        ledger=RunStore(root).ledger(clock=clock, signer=signer),
        results=results,
        controls=load_catalogue().lock(),
        clock=clock,
        allow_incomplete=allow_incomplete,
    )
    return Conclusion(results, bundle)
