"""What a run's leader wrote of its stages, and what became of each.

Notes in the leaders' spools: `stages` once, with the plan; then `stage` for every attempt that
ended, and `stage-not-run` for what was left out. Nobody else's notes count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from clinigate.core.codec import from_plain
from clinigate.errors import IntegrityError
from clinigate.evidence.recorded import RecordedRun

__all__ = [
    "ATTEMPT",
    "NOT_RUN",
    "PLAN",
    "LeftOut",
    "StageAttempt",
    "StageOutcome",
    "StagePlan",
    "StageSpec",
    "StageStory",
    "Staged",
    "read_stages",
]

T = TypeVar("T")

#: Topics of the notes that hold a `StagePlan`, a `StageAttempt` and a `LeftOut`.
PLAN = "stages"
ATTEMPT = "stage"
NOT_RUN = "stage-not-run"


class StageOutcome(StrEnum):
    """How a stage came out, as far as the run goes; what it found is its verdicts' business."""

    #: it ended, and what it recorded stands.
    RECORDED = "recorded"
    #: it ended with exit code 1, and nothing that it recorded says why.
    REFUSED = "refused"
    #: it ended, and recorded nothing.
    SILENT = "silent"
    #: it was killed, ran out of time, or broke off.
    DIED = "died"
    #: its turn never came.
    NOT_RUN = "not run"
    #: whoever began the run left it out.
    UNSELECTED = "not selected"


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One stage as it was planned.

    Attributes:
        name: unique in its run. commands: as a user would type them, secrets taken out.
        timeout_s: seconds that it may take. needs: stages that must have gone well before.
        required: whether the gate stays shut without its evidence.
        selected: False where it was left out on the command line.
    """

    name: str
    commands: tuple[str, ...]
    timeout_s: float
    needs: tuple[str, ...] = ()
    required: bool = True
    selected: bool = True


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What a run was begun as; a continuation must be of the same.

    Attributes:
        stages: in the order of their turns.
        basis: digests by name of what must not change under a run: each table of the
            configuration, the policy, the commit.
        keep_going: whether later stages run after one that did not go well.
    """

    stages: tuple[StageSpec, ...]
    basis: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    keep_going: bool = False


@dataclass(frozen=True, slots=True)
class StageAttempt:
    """One time that a stage ran.

    Attributes:
        stage: its name. attempt: 1, and more where the run was continued.
        outcome, why: how it ended, in a word and a sentence.
        seconds: how long it took.
        code: the exit code of its last command, 128 + N for signal N; None where it ran out of
            time.
        spools: what its processes wrote. observations: how many are in them.
        shuts: criteria by which the gate is sure to stay shut since then.
        marks: of each of `spools`, `<bytes>:<SHA-256>` as it was when the attempt ended.
    """

    stage: str
    attempt: int
    outcome: StageOutcome
    why: str
    seconds: float
    code: int | None = None
    spools: tuple[str, ...] = ()
    observations: int = 0
    shuts: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stage whose turn never came, and why."""

    stage: str
    why: str


@dataclass(frozen=True, slots=True)
class StageStory:
    """A stage and all that became of it: the last attempt is how it stands."""

    spec: StageSpec
    attempts: tuple[StageAttempt, ...] = ()
    left_out: str = ""

    @property
    def outcome(self) -> StageOutcome:
        """How it stands."""
        if self.attempts:
            return self.attempts[-1].outcome
        return StageOutcome.NOT_RUN if self.spec.selected else StageOutcome.UNSELECTED

    @property
    def why(self) -> str:
        """Why it stands so, in a sentence; empty where nothing is to be said."""
        return self.attempts[-1].why if self.attempts else self.left_out

    @property
    def went_well(self) -> bool:
        """Whether a stage that needs it may run: it shut no gate, and what it had to say stands."""
        if not self.attempts or self.attempts[-1].shuts:
            return False
        return self.outcome is StageOutcome.RECORDED or self._prepared

    @property
    def settled(self) -> bool:
        """Whether a run that is continued leaves it as it is."""
        return self.outcome in (StageOutcome.RECORDED, StageOutcome.REFUSED) or self._prepared

    @property
    def died(self) -> bool:
        """Whether it must be done again before its evidence is whole."""
        return bool(self.attempts) and not self.settled

    @property
    def _prepared(self) -> bool:
        """Ended well without evidence, and none was asked of it: it builds or starts something."""
        silent = self.outcome is StageOutcome.SILENT and not self.spec.required
        return silent and self.attempts[-1].code == 0


@dataclass(frozen=True, slots=True)
class Staged:
    """A run's plan, and the stories of its stages in the order of their turns."""

    plan: StagePlan
    stories: tuple[StageStory, ...]

    def story(self, name: str) -> StageStory:
        """Return the story of a stage of this plan."""
        return next(story for story in self.stories if story.spec.name == name)


def read_stages(recorded: RecordedRun) -> Staged | None:
    """Return what became of a run's stages; None for a run that had none.

    Raises:
        IntegrityError: a note does not read back, or speaks of a stage that was never planned.
    """
    plans = _notes(recorded, PLAN, StagePlan)
    if not plans:
        return None
    plan = plans[0]
    attempts: dict[str, list[StageAttempt]] = {spec.name: [] for spec in plan.stages}
    for attempt in _notes(recorded, ATTEMPT, StageAttempt):
        if attempt.stage not in attempts:
            raise IntegrityError(f"run {recorded.run}: stage {attempt.stage!r} was never planned")
        attempts[attempt.stage].append(attempt)
    left_out = {each.stage: each.why for each in _notes(recorded, NOT_RUN, LeftOut)}
    stories = (
        # By their numbers: the clock may have been set back between two of them.
        StageStory(
            spec,
            tuple(sorted(attempts[spec.name], key=lambda each: each.attempt)),
            left_out.get(spec.name, ""),
        )
        for spec in plan.stages
    )
    return Staged(plan, tuple(stories))


def _notes(recorded: RecordedRun, topic: str, kind: type[T]) -> list[T]:
    bodies = (
        record.body["about"]
        for record in recorded.records
        if record.type == "note"
        and record.spool in recorded.leaders
        and record.body.get("topic") == topic
    )
    return [_noun(kind, body, recorded.run) for body in bodies]


def _noun(kind: type[T], body: Any, run: str) -> T:
    try:
        return from_plain(kind, body)
    except ValueError as error:
        raise IntegrityError(f"run {run}: a note does not read back: {error}") from error
