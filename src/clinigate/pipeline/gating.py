"""From bundles on disk to the gate's decision, by the criteria that are installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from clinigate.clinical.criteria import CRITERIA
from clinigate.errors import UsageError
from clinigate.evidence.times import Clock, system_clock
from clinigate.evidence.trust import TrustStore
from clinigate.gate.decision import Decision
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord, read_record
from clinigate.gate.run import run_gate
from clinigate.pipeline.criteria import producer_criteria
from clinigate.pipeline.examine import ledger_beside

__all__ = ["decide_on", "read_records"]


def decide_on(
    bundles: Sequence[tuple[str, Path]],
    policy: Policy,
    *,
    trust: TrustStore | None,
    records: Sequence[VerifiedRecord] = (),
    clock: Clock = system_clock,
) -> Decision:
    """Verify bundles where they lie and decide on them now; arguments as `gate.run.run_gate`.

    Raises:
        EvidenceError: there is no bundle at a path.
        PolicyError: the policy demands a criterion that does not exist.
    """
    return run_gate(
        bundles,
        policy,
        trust=trust,
        now=clock(),
        base_criteria=CRITERIA,
        other_criteria=producer_criteria(),
        records=records,
        ledger_of=ledger_beside,
    )


def read_records(paths: Iterable[Path], trust: TrustStore | None) -> tuple[VerifiedRecord, ...]:
    """Read the records of people in files and folders.

    Raises:
        UsageError: records were given and no trust file, so that none of them could count.
        PolicyError, IntegrityError: a record is malformed, or not signed by whom it names.
    """
    paths = tuple(paths)
    if not paths:
        return ()
    if trust is None:
        raise UsageError(
            f"{paths[0]}: a record counts by the keys that are trusted; give --trust FILE"
        )
    files = (
        file
        for path in paths
        for file in (sorted(path.glob("*.dsse.json")) if path.is_dir() else [path])
    )
    return tuple(read_record(file, trust) for file in files)
