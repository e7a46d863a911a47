"""From bundles on disk to the gate's decision, by the criteria that are installed.

What people signed of a bundle, and what stands for its system, is read where it lies; callers add
records from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from clinigate.clinical.criteria import CRITERIA
from clinigate.errors import IntegrityError, UsageError
from clinigate.evidence.key_changes import brought_back
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.recorded import read_run
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.stages import read_stages
from clinigate.evidence.times import Clock, system_clock
from clinigate.evidence.trust import TrustStore
from clinigate.gate.bundles import GateInput
from clinigate.gate.decision import Decision, decide
from clinigate.gate.entries import Outcome
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord, read_record
from clinigate.gate.run import run_gate
from clinigate.pipeline.criteria import producer_criteria
from clinigate.pipeline.examine import ledger_beside
from clinigate.pipeline.people import People, people_beside, why_clock_set_back
from clinigate.pipeline.reading import results_of

__all__ = ["decide_on", "decide_so_far", "read_records"]


def decide_on(
    bundles: Sequence[tuple[str, Path]],
    policy: Policy,
    *,
    trust: TrustStore | None,
    records: Sequence[VerifiedRecord] = (),
    root: Path | None = None,
    stamp_roots: Path | None = None,
    clock: Clock = system_clock,
) -> Decision:
    """Verify bundles where they lie and decide on them now.

    Args:
        bundles: name of the job or producer, and where the bundle lies.
        policy: what the environment demands.
        trust: the keys whose signatures count; None and nobody's do.
        records: further ones, beside those that lie with the bundles and in their evidence roots.
        root: an evidence root whose standing records count too, wherever the bundles lie.
        stamp_roots: certificates of the time-stamping authorities whose word counts.
        clock: source of the decision's time.

    Raises:
        EvidenceError: there is no bundle at a path.
        PolicyError: the policy demands a criterion that does not exist.
    """
    now = clock()
    paths = [path for _, path in bundles]
    people = _people(paths, trust, root)
    decision = run_gate(
        bundles,
        policy,
        trust=trust,
        now=now,
        base_criteria=CRITERIA,
        other_criteria=producer_criteria(),
        records=_each_once(records, people.records),
        ledger_of=ledger_beside,
        stamp_roots=stamp_roots,
    )
    told = replace(decision, gaps=(*decision.gaps, *people.untold))
    return _unless_set_back(told, paths, trust, now)


def decide_so_far(
    run_directory: Path,
    policy: Policy,
    *,
    records: Sequence[VerifiedRecord] = (),
    clock: Clock = system_clock,
) -> Decision:
    """Decide on a run that is not whole yet: the gate stays shut, and says what it has seen.

    Raises:
        IncompleteRunError: nothing was evaluated.
        IntegrityError: a spool holds what is no record.
        PolicyError: the policy demands a criterion that does not exist.
    """
    recorded = read_run(run_directory)
    staged = read_stages(recorded)
    run = GateInput(
        "run",
        results_of(recorded),
        status=RunStatus.INCOMPLETE,
        stages=() if staged is None else staged.stories,
        resumed=bool(recorded.continued),
        set_aside=len(recorded.set_aside),
    )
    return decide(
        policy,
        [run],
        records=records,
        now=clock(),
        base_criteria=CRITERIA,
        other_criteria=producer_criteria(),
    )


def _people(paths: Sequence[Path], trust: TrustStore | None, root: Path | None) -> People:
    """A ledger that was cut is the bundles' trouble, and told by their verification."""
    try:
        return people_beside(paths, trust, root=root)
    except IntegrityError:
        return People()


def _each_once(*sources: Iterable[VerifiedRecord]) -> tuple[VerifiedRecord, ...]:
    return tuple({each.digest: each for source in sources for each in source}.values())


def _unless_set_back(
    decision: Decision, paths: Iterable[Path], trust: TrustStore | None, now: datetime
) -> Decision:
    """Shut an open gate where the ledger knows of a later time, or of keys that count no more.

    Who sets back the clock, or the trust file, brings to life what has expired or was revoked.
    """
    if not decision.opens:
        return decision
    ledgers = sorted({each for path in paths if (each := ledger_beside(path)) is not None})
    reasons = tuple(why for each in ledgers if (why := why_clock_set_back(each, now)))
    if reasons:
        return replace(decision, outcome=Outcome.UNFINISHED, certifies=False, reasons=reasons)
    if trust is not None:
        reasons = tuple(
            why for each in ledgers for why in brought_back(read_ledger(each).chain.records, trust)
        )
    if reasons:
        return replace(decision, outcome=Outcome.SHUT, certifies=False, reasons=reasons)
    return decision


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
