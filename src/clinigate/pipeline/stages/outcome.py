"""How a stage came out: by how its programs ended, and by what they left in the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from clinigate.core.observation import Gap
from clinigate.core.verdict import Status
from clinigate.errors import IncompleteRunError, IntegrityError
from clinigate.evidence.spool import RunStatus, Spool, read_spool
from clinigate.evidence.stages import StageOutcome
from clinigate.gate.policy import Demand, Policy
from clinigate.pipeline.reading import read_results
from clinigate.pipeline.recording import CRITERIA, EVALUATION
from clinigate.pipeline.stages.model import Stage
from clinigate.pipeline.stages.process import Ended

__all__ = ["new_spools", "observation_count", "outcome_of", "spool_names", "stage_of"]

#: What the exit codes of our own commands and of pytest mean, for a reader.
_CODES = {
    2: "it is unfinished",
    3: "its evidence does not agree with itself",
    4: "it was called wrongly",
    5: "pytest found no tests",
}
_BROKEN = (Status.FAIL, Status.ERROR)


def spool_names(run_directory: Path) -> frozenset[str]:
    """Return the names of all spools that a run has now."""
    return frozenset(path.name for path in (run_directory / "spool").glob("*.ndjson"))


def new_spools(run_directory: Path, names: Iterable[str]) -> tuple[Spool, ...]:
    """Read spools of a run.

    Raises:
        IntegrityError: one holds what is no record.
    """
    return tuple(read_spool(run_directory / "spool" / name) for name in sorted(names))


def stage_of(spool: Spool) -> str | None:
    """Return the stage whose process wrote a spool; None where it does not say."""
    named = spool.records[0].body.get("stage") if spool.records else None
    return None if named is None else str(named)


def observation_count(spools: Iterable[Spool]) -> int:
    """Return how many observations stand in some spools."""
    return sum(record.type == "observation" for spool in spools for record in spool.records)


def outcome_of(
    stage: Stage, ended: Ended, spools: Sequence[Spool], *, run_directory: Path, policy: Policy
) -> tuple[StageOutcome, str]:
    """Return how a stage came out, and why in a sentence; an empty one where all is said.

    Args:
        stage: it.
        ended: how its last program ended.
        spools: what its processes wrote.
        run_directory: of the run, whose verdicts may explain exit code 1.
        policy: what is required, for the same.
    """
    died = _death(stage, ended, spools)
    if died is not None:
        return StageOutcome.DIED, died
    if observation_count(spools) == 0:
        return StageOutcome.SILENT, f"it ended with exit code {ended.code} and recorded nothing"
    if (gap := _nothing_but_gaps(spools)) is not None:
        return StageOutcome.REFUSED, f"it assessed nothing: {gap}"
    if ended.code == 0 or _explained(spools, run_directory, policy):
        return StageOutcome.RECORDED, ""
    return (
        StageOutcome.REFUSED,
        "it ended with exit code 1, and nothing that it recorded says why: see its output",
    )


def _death(stage: Stage, ended: Ended, spools: Sequence[Spool]) -> str | None:
    if ended.code is None:
        return f"it was stopped after {stage.timeout_s:g} s, its timeout_s"
    if ended.signal_name is not None:
        return f"it was killed by {ended.signal_name}"
    if ended.code > 1:
        meaning = _CODES.get(ended.code)
        return f"it ended with exit code {ended.code}{f': {meaning}' if meaning else ''}"
    torn = [spool.name for spool in spools if spool.status is RunStatus.INCOMPLETE]
    if torn:
        return f"a part of it never finished: {', '.join(torn)}"
    return None


def _nothing_but_gaps(spools: Iterable[Spool]) -> str | None:
    """Why nothing was looked at, where nothing was: the reason of the first gap."""
    told = [r.body["about"] for spool in spools for r in spool.records if r.type == "observation"]
    gaps = [about for about in told if about["_type"] == Gap.__name__]
    return str(gaps[0]["reason"]) if gaps and len(gaps) == len(told) else None


def _explained(spools: Sequence[Spool], run_directory: Path, policy: Policy) -> bool:
    """Whether a verdict on this stage's criteria is why it ended with exit code 1.

    A command of ours ends so on every verdict but PASS; pytest on FAIL, ERROR, and what the policy
    requires and nobody could tell. Tests beside the checks fail without any verdict.
    """
    try:
        results = read_results(run_directory)
    except (IncompleteRunError, IntegrityError):
        return False
    tests = [spool for spool in spools if _of_pytest(spool)]
    strict = _criteria(spool for spool in spools if spool not in tests)
    tested, observed = _criteria(tests), _observed(tests)
    for verdict in results.verdicts:
        if verdict.status is Status.PASS:
            continue
        if verdict.criterion in strict:
            return True
        if verdict.criterion in tested and verdict.metric in observed:
            required = policy.demand_of(verdict.criterion) in (Demand.REQUIRED, None)
            if required or verdict.status in _BROKEN:
                return True
    return False


def _of_pytest(spool: Spool) -> bool:
    return str(spool.records[0].body["producer"]).startswith("pytest")


def _criteria(spools: Iterable[Spool]) -> frozenset[str]:
    """Ids of the criteria that these processes announced."""
    found: list[Any] = []
    for about in _notes(spools):
        found += about["about"]["criteria"] if about["topic"] == EVALUATION else []
        found += [about["about"]] if about["topic"] == CRITERIA else []
    return frozenset(str(each["id"]) for each in found)


def _observed(spools: Iterable[Spool]) -> frozenset[str]:
    """The metrics that these processes said anything of."""
    return frozenset(
        str(record.body["about"]["metric"])
        for spool in spools
        for record in spool.records
        if record.type == "observation"
    )


def _notes(spools: Iterable[Spool]) -> Iterator[Any]:
    return (r.body for spool in spools for r in spool.records if r.type == "note")
