"""End an evaluation: judge what was recorded and seal it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from clinigate.controls import load_catalogue
from clinigate.core.results import Results
from clinigate.errors import ClinigateError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.envelope import Signer
from clinigate.evidence.keyless import sign_keyless
from clinigate.evidence.runs import RunStore
from clinigate.evidence.seal import seal
from clinigate.evidence.times import Clock, system_clock
from clinigate.pipeline.reading import read_results
from clinigate.pipeline.sealing_key import SealingKey
from clinigate.pipeline.stamping import stamp

__all__ = ["Conclusion", "conclude"]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A sealed run.

    Attributes:
        results: what was judged.
        bundle: the sealed run.
        shortfalls: sentences on what was to be added to the seal and was not; the seal stands.
    """

    results: Results
    bundle: Bundle
    shortfalls: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where the bundle is and whether anybody signed it, for a reader."""
        signed = "signed" if self.bundle.signed else "UNSIGNED"
        words = "; ".join((f"{signed}, {self.bundle.status}", *self.shortfalls))
        return f"{self.bundle.path} ({words})"


def conclude(
    run_directory: Path,
    *,
    signer: Signer | None,
    clock: Clock = system_clock,
    allow_incomplete: bool = False,
) -> Conclusion:
    """Judge what a run recorded and seal it; then ask who vouches for the seal's time.

    Args:
        run_directory: `.clinigate/runs/<run-id>`.
        signer: who states it; None leaves the bundle UNSIGNED. A `SealingKey` says whom else to
            ask.
        clock: source of times.
        allow_incomplete: seal a run that was killed as what it is, INCOMPLETE.

    Raises:
        IncompleteRunError: the run never finished and may not be sealed as incomplete.
        IntegrityError: what was recorded was edited.
        EvidenceError: it is sealed already, or the disk refuses.
        KeyFileError: the key's home does not sign; the run stays as it is and can be sealed later.
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
    bundle, shortfalls = _vouched_for(bundle, signer)
    return Conclusion(results, bundle, shortfalls)


def _vouched_for(bundle: Bundle, signer: Signer | None) -> tuple[Bundle, tuple[str, ...]]:
    """Add what others say of a seal. Whatever goes wrong here is told; it never undoes the seal."""
    if not isinstance(signer, SealingKey):
        return bundle, ()
    shortfalls: list[str] = []
    if signer.authority is not None:
        try:
            bundle = stamp(bundle, signer.authority)
        except (ClinigateError, OSError) as error:
            retry = f"ask again: clinigate seal --stamp {bundle.run}"
            shortfalls.append(f"time not proven: {error}; {retry}")
    if signer.sigstore:
        try:
            bundle = sign_keyless(bundle, os.environ)
        except (ClinigateError, OSError) as error:
            shortfalls.append(str(error))
    return bundle, tuple(shortfalls)
