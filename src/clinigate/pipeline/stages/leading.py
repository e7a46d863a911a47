"""Lead a run: begin it or take it over, alone, and write down what becomes of its stages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.codec import to_plain
from clinigate.core.observation import Observation
from clinigate.errors import EvidenceError, IncompleteRunError, UsageError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.environment import capture_environment, changes_digest
from clinigate.evidence.inputs import TREE
from clinigate.evidence.presence import leading
from clinigate.evidence.recorded import SET_ASIDE, RecordedRun, read_run
from clinigate.evidence.stages import (
    ATTEMPT,
    NOT_RUN,
    PLAN,
    LeftOut,
    StageAttempt,
    Staged,
    StagePlan,
    read_stages,
)
from clinigate.gate.policy import Policy
from clinigate.pipeline.inputs import current_inputs
from clinigate.pipeline.process_run import ProcessRun
from clinigate.pipeline.reading import results_of
from clinigate.pipeline.setup import Setup
from clinigate.pipeline.stages.shutting import criteria_of, violations
from clinigate.pipeline.stages.untouched import check_run

__all__ = [
    "PRODUCER",
    "Lead",
    "basis_of",
    "beginning",
    "check_basis",
    "read_staged",
    "taking_over",
]

#: Whose spools lead a run of stages.
PRODUCER = "run"


class Lead:
    """A run that this process leads.

    Attributes:
        run: the run. presence: the descriptor that every stage is handed.
        policy: what it is judged by.
    """

    def __init__(self, run: ProcessRun, presence: int, policy: Policy) -> None:
        self.run = run
        self.presence = presence
        self.policy = policy

    @property
    def directory(self) -> Path:
        """The run's home."""
        return self.run.directory

    def staged(self) -> Staged:
        """Return what became of the stages until now.

        Raises:
            IntegrityError: a stage wrote what is not its own.
        """
        return _checked(self.directory)

    def attempted(self, attempt: StageAttempt) -> None:
        """Write down how a stage came out."""
        self.run.recording.recorder.note(ATTEMPT, to_plain(attempt))

    def left_out(self, stage: str, why: str) -> None:
        """Write down that a stage's turn never came."""
        self.run.recording.recorder.note(NOT_RUN, to_plain(LeftOut(stage, why)))

    def set_aside(self, spools: Collection[str], reason: str) -> None:
        """Let parts of the run count no more, but for the violations that they prove."""
        recorded = read_run(self.directory)
        names = sorted(set(spools) - recorded.set_aside.keys() - recorded.leaders)
        if not names:
            return
        recorder = self.run.recording.recorder
        # First what lasts: a process that is killed in between has forgotten nothing.
        for observation in _lasting(recorded, names, self.policy):
            recorder.observation(observation)
        recorder.note(SET_ASIDE, {"spools": names, "reason": reason})


@contextmanager
def beginning(
    setup: Setup, plan: StagePlan, policy: Policy, *, signer: Signer | None
) -> Iterator[Lead]:
    """Begin a run and lead it; it is left as it is where the block does not end it.

    Raises:
        EvidenceError: the disk refuses, or the ledger is damaged.
    """
    run = ProcessRun.begin(setup, producer=PRODUCER, signer=signer)
    try:
        with leading(run.directory) as presence:
            run.recording.recorder.note(PLAN, to_plain(plan))
            yield Lead(run, presence, policy)
    finally:
        run.leave()


@contextmanager
def taking_over(directory: Path, policy: Policy, *, signer: Signer | None) -> Iterator[Lead]:
    """Lead a run that its leader left; parts that died are set aside.

    Raises:
        EvidenceError: it had no stages, is sealed, or somebody is at work on it.
    """
    with leading(directory) as presence:
        staged = _checked(directory)
        run = ProcessRun.resume(directory, producer=PRODUCER, signer=signer)
        try:
            lead = Lead(run, presence, policy)
            lead.set_aside(_dead_parts(directory, staged), "its stage died, and was done again")
            yield lead
        finally:
            run.leave()


def read_staged(recorded: RecordedRun) -> Staged:
    """Return what became of a run's stages.

    Raises:
        EvidenceError: the run had none.
    """
    staged = read_stages(recorded)
    if staged is None:
        raise EvidenceError(
            f"run {recorded.run}: holds no plan of stages: `clinigate run` did not begin it, or "
            "was killed before its first stage; begin a new run"
        )
    return staged


def _checked(directory: Path) -> Staged:
    recorded = read_run(directory)
    staged = read_staged(recorded)
    check_run(directory, recorded, staged)
    return staged


def basis_of(config: LoadedConfig, policy: Policy) -> dict[str, str]:
    """Return, by name, digests of what must not change under a run.

    Raises:
        ConfigError, EvidenceError: an input is not there, or cannot be read.
    """
    tables = config.config.model_dump(mode="json", exclude={"signing"})
    basis = {f"[{name}]": sha256_hex(canonical_bytes({name: tables[name]})) for name in tables}
    basis["the policy"] = policy.digest
    for name, each in current_inputs(config, policy).items():
        if each.kind == TREE:
            basis[f"the files of [inputs.{name}]"] = each.digest
    here = capture_environment(config.base_dir, {})
    basis["Clinigate"] = str(here["clinigate"])
    if here["git"] is not None:
        basis["the commit"] = str(here["git"]["commit"])
        basis["what is not committed"] = str(changes_digest(config.base_dir))
    return basis


def check_basis(run: str, begun: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Compare what a run was begun as with what it would be begun as today.

    Raises:
        UsageError: something changed, and the parts would speak of different things.
    """
    changed = [name for name in dict.fromkeys((*begun, *now)) if begun.get(name) != now.get(name)]
    if changed:
        raise UsageError(
            f"run {run} cannot be resumed: {', '.join(changed)} changed since it began, and its "
            "parts would speak of different things; begin a new run"
        )


def _dead_parts(directory: Path, staged: Staged) -> set[str]:
    """The spools of stages that will run again, and of the one that died with its leader."""
    recorded = read_run(directory)
    told = {name for s in staged.stories for each in s.attempts for name in each.spools}
    settled = {name for s in staged.stories if s.settled for name in s.attempts[-1].spools}
    orphans = {spool.name for spool in recorded.spools} - told - recorded.leaders
    return (told - settled) | orphans


def _lasting(
    recorded: RecordedRun, names: Sequence[str], policy: Policy
) -> tuple[Observation, ...]:
    try:
        criteria = criteria_of(results_of(recorded), policy)
    except IncompleteRunError:
        return ()
    return violations(criteria, recorded.observations_in(names))
