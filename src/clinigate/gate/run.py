"""Bundles from disk: open, verify, decide. What is wrong with a bundle shuts the gate, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from clinigate.controls import load_catalogue
from clinigate.core.criterion import Criterion
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.recorded import read_run
from clinigate.evidence.report import VerificationReport
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.stages import StageStory, read_stages
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.gate.bundles import GateInput
from clinigate.gate.decision import Decision, decide
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.records import NamedSigner

__all__ = ["gate_input", "input_of", "run_gate"]

LedgerOf = Callable[[Path], Path | None]


def run_gate(
    bundles: Sequence[tuple[str, Path]],
    policy: Policy,
    *,
    trust: TrustStore | None,
    now: datetime,
    base_criteria: Sequence[Criterion],
    other_criteria: Sequence[Criterion] = (),
    records: Sequence[VerifiedRecord] = (),
    ledger_of: LedgerOf = lambda _: None,
    stamp_roots: Path | None = None,
) -> Decision:
    """Open and verify bundles, and decide.

    Args:
        bundles: name of the job or producer, and the bundle's directory or zip.
        policy: what the environment demands.
        trust: the keys whose signatures count; None and nobody's do.
        now: time of the decision.
        base_criteria: the criteria that every decision speaks of.
        other_criteria: those that a policy may demand too.
        records: of people, verified.
        ledger_of: the ledger's directory of a bundle that lies where it was made; None elsewhere.
        stamp_roots: certificates of the time-stamping authorities whose word counts.

    Raises:
        EvidenceError: there is nothing to read at a path.
        PolicyError, UsageError, ValueError: as `decide`.
    """
    inputs = [
        gate_input(name, path, trust, ledger=ledger_of(path), stamp_roots=stamp_roots)
        for name, path in bundles
    ]
    return decide(
        policy,
        inputs,
        records=records,
        now=now,
        base_criteria=base_criteria,
        other_criteria=other_criteria,
    )


def gate_input(
    name: str,
    path: Path,
    trust: TrustStore | None,
    *,
    ledger: Path | None = None,
    stamp_roots: Path | None = None,
) -> GateInput:
    """Open and verify one bundle.

    A run that was never sealed and a bundle that is damaged are no errors here: they are what the
    decision speaks of.

    Raises:
        EvidenceError: there is nothing to read at the path.
    """
    catalogue = load_catalogue()
    try:
        bundle = open_bundle(path)
        report = verify_bundle(
            bundle,
            trust=trust,
            ledger=ledger,
            known_control=lambda each: each in catalogue,
            stamp_roots=stamp_roots,
        )
        return input_of(name, bundle, report)
    except IncompleteRunError:
        return GateInput(name, None, status=RunStatus.INCOMPLETE, stages=_left_stages(path))
    except IntegrityError as error:
        return GateInput(name, None, problems=(str(error),))


def input_of(name: str, bundle: Bundle, report: VerificationReport) -> GateInput:
    """Return what the gate needs of a bundle that was verified.

    Raises:
        IntegrityError: nothing failed, and yet the results cannot be read.
    """
    recorded = None if report.problems else bundle.recorded()
    staged = None if recorded is None else read_stages(recorded)
    return GateInput(
        name=name,
        results=None if report.problems else bundle.results(),
        status=report.run_status,
        problems=report.problems,
        signed=report.signed,
        signed_by=tuple(NamedSigner(key.name, key.role, key.keyid) for key in report.signed_by),
        statement_digest=bundle.statement_digest,
        sealed_at=bundle.statement.sealed_at,
        stages=() if staged is None else staged.stories,
        basis={} if staged is None else staged.plan.basis,
        resumed=recorded is not None and bool(recorded.continued),
        set_aside=0 if recorded is None else len(recorded.set_aside),
    )


def _left_stages(run_directory: Path) -> tuple[StageStory, ...]:
    """The stages of a run that was never sealed, as far as they can be told."""
    try:
        staged = read_stages(read_run(run_directory))
    except EvidenceError:
        return ()
    return () if staged is None else staged.stories
