"""Whatever stages do and however they are called: a gate opens on whole evidence alone."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core import Criterion, Kind, Measurement, Observation, Relation, Status
from clinigate.errors import IncompleteRunError
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import join_run
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.stages import StageOutcome, StageSpec, read_stages
from clinigate.gate.policy import Demand, Demanded, Policy
from clinigate.pipeline.gating import decide_on
from clinigate.pipeline.recording import Recording
from clinigate.pipeline.setup import prepare
from clinigate.pipeline.stages.conducting import Course, begin_pipeline, resume_pipeline
from clinigate.pipeline.stages.model import Command, Stage
from clinigate.pipeline.stages.process import Ended, Surroundings
from clinigate.pipeline.stages.running import Terms

NAMES = ("a", "b", "c")

#: What a program does: its exit code, what it measures (None is nothing), whether it finishes.
DOES: Mapping[str, tuple[int | None, float | None, RunStatus | None]] = {
    "passes": (0, 12, RunStatus.COMPLETE),
    "fails": (1, 40, RunStatus.COMPLETE),
    "fails quietly": (0, 40, RunStatus.COMPLETE),
    "says no without a reason": (1, 12, RunStatus.COMPLETE),
    "says nothing": (0, None, RunStatus.COMPLETE),
    "gives up": (1, 12, RunStatus.ABORTED),
    "breaks off": (2, 12, RunStatus.ABORTED),
    "never finishes": (0, 12, None),
    "is killed": (137, 12, None),
    "is killed on a failure": (137, 40, None),
    "takes too long": (None, None, None),
}


@dataclass(frozen=True)
class Scene:
    """Three stages, what each does at its first and its second attempt, and how they are called."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    required: tuple[bool, ...]
    needs: tuple[bool, ...]
    demands: tuple[Demand, ...]
    only: frozenset[str]
    keep_going: bool

    def stages(self) -> list[Stage]:
        return [
            Stage(
                name,
                (Command((name,), name),),
                60,
                (NAMES[index - 1],) if index and self.needs[index] else (),
                self.required[index],
                selected=name in self.only,
                left_out="" if name in self.only else "left out",
            )
            for index, name in enumerate(NAMES)
        ]


@dataclass
class Programs:
    """Programs of stages that run in this process, and record what the scene says."""

    does: Mapping[str, str]
    ran: list[str] = field(default_factory=list)

    def __call__(
        self, argv: Sequence[str], around: Surroundings, *, timeout_s: float, grace_s: float
    ) -> Ended:
        (name,) = argv
        self.ran.append(name)
        code, seconds, status = DOES[self.does[name]]
        recorder = join_run(around.environ, producer="stub")
        Recording(recorder, None).announce("stub", [criterion(name)])
        if seconds is not None:
            about = Measurement(metric(name), Kind.WORST, seconds, 1, unit="s", events=0)
            recorder.observation(Observation("CG-STUB-001", about))
        if status is None:
            recorder.close()
        else:
            recorder.finish(status)
        return Ended(code)


def metric(name: str) -> str:
    return f"chaos.{name}.rto"


def criterion(name: str) -> Criterion:
    return Criterion(metric(name), metric(name), Relation.BELOW, 30)


def scenes() -> st.SearchStrategy[Scene]:
    three = {"min_size": 3, "max_size": 3}
    does = st.lists(st.one_of(st.just("passes"), st.sampled_from(list(DOES))), **three)
    flags = st.lists(st.booleans(), **three)
    return st.builds(
        Scene,
        first=does.map(tuple),
        second=does.map(tuple),
        required=flags.map(tuple),
        needs=flags.map(tuple),
        demands=st.lists(st.sampled_from(list(Demand)), **three).map(tuple),
        only=st.one_of(st.just(frozenset(NAMES)), st.sets(st.sampled_from(NAMES), min_size=1)).map(
            frozenset
        ),
        keep_going=st.booleans(),
    )


def policy(scene: Scene) -> Policy | None:
    """None where it would require nothing, which no policy may."""
    demands = tuple(
        Demanded(metric(name), demand) for name, demand in zip(NAMES, scene.demands, strict=True)
    )
    if Demand.REQUIRED not in scene.demands:
        return None
    return Policy("stages", "here", "development", False, demands, require_signed=False)


def play(scene: Scene, judged: Policy, root: Path) -> tuple[Course, list[list[str]]]:
    """Begin, and continue once where the run was left; return its end and what ran each time."""
    config = Config.model_validate({"subject": {"name": "stub"}, "run": {"root": str(root)}})
    setup = prepare(LoadedConfig(config, root, "here"))
    ran = []
    course: Any = None
    for does in (scene.first, scene.second):
        programs = Programs(dict(zip(NAMES, does, strict=True)))
        terms = Terms(root, {}, judged, keep_going=scene.keep_going, start=programs)
        if course is None:
            course = begin_pipeline(setup, scene.stages(), terms, signer=None)
        else:
            course = resume_pipeline(course.directory, scene.stages(), terms, signer=None)
        ran.append(programs.ran)
        if course.conclusion is not None:
            break
    return course, ran


@settings(max_examples=25)
@given(scenes())
def test_a_gate_opens_only_when_all_that_is_required_was_recorded_and_passed(scene: Scene) -> None:
    judged = policy(scene)
    if judged is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            course, ran = play(scene, judged, Path(folder))
        except IncompleteRunError:
            return  # nothing was evaluated: no bundle, and no gate that could open
        staged = read_stages(read_run(course.directory))
        assert staged is not None
        outcomes = {story.spec.name: story.outcome for story in staged.stories}
        specs = {story.spec.name: story.spec for story in staged.stories}
        if course.conclusion is None:
            assert any(
                specs[name].required and outcome is not StageOutcome.RECORDED
                for name, outcome in outcomes.items()
            )
            return
        assert settled_stages_ran_once(ran, scene)
        decision = decide_on([("run", course.directory)], judged, trust=None)
        assert not decision.opens or is_whole(course, specs, outcomes, judged)
        assert not decision.opens or not judged_wrong_once(ran, scene)
        everything = scene.only == set(NAMES) and set(scene.first) == {"passes"}
        assert decision.opens or not everything


def is_whole(
    course: Course,
    specs: Mapping[str, StageSpec],
    outcomes: Mapping[str, StageOutcome],
    judged: Policy,
) -> bool:
    assert course.conclusion is not None
    passed = {
        verdict.criterion
        for verdict in course.conclusion.results.verdicts
        if verdict.status is Status.PASS
    }
    wanted = {each.id for each in judged.demands if each.demand is Demand.REQUIRED}
    required = {name for name, spec in specs.items() if spec.required}
    recorded = {name for name, outcome in outcomes.items() if outcome is StageOutcome.RECORDED}
    complete = course.conclusion.bundle.status is RunStatus.COMPLETE
    return complete and wanted <= passed and required <= recorded


def judged_wrong_once(ran: Sequence[Sequence[str]], scene: Scene) -> bool:
    """Whether any attempt proved wrong what the policy does not let pass, dead or not."""
    return any(
        DOES[does][1] == 40 and name in names and demand is not Demand.REPORT
        for names, all_does in zip(ran, (scene.first, scene.second), strict=False)
        for name, does, demand in zip(NAMES, all_does, scene.demands, strict=True)
    )


def settled_stages_ran_once(ran: Sequence[Sequence[str]], scene: Scene) -> bool:
    """A second round runs what died and what never ran; never what stands."""
    if len(ran) < 2:
        return True
    stands = {"passes", "fails", "fails quietly", "says no without a reason", "gives up"}
    first = dict(zip(NAMES, scene.first, strict=True))
    return not any(first[name] in stands and name in ran[0] for name in ran[1])


def test_the_clock_of_this_test_is_no_excuse() -> None:
    """Evidence that is older than the policy allows opens nothing, however whole it is."""
    scene = Scene(
        ("passes",) * 3, ("passes",) * 3, (True,) * 3, (False,) * 3, (Demand.REQUIRED,) * 3,
        frozenset(NAMES), keep_going=False,
    )  # fmt: skip
    judged = policy(scene)
    assert judged is not None
    with tempfile.TemporaryDirectory() as folder:
        course, _ = play(scene, judged, Path(folder))
        later = datetime.now(UTC) + timedelta(days=31)
        stale = decide_on([("run", course.directory)], judged, trust=None, clock=lambda: later)
        assert not stale.opens
        assert decide_on([("run", course.directory)], judged, trust=None).opens
