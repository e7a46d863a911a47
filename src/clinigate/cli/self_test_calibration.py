"""The calibration of `clinigate self-test`: the reference service, clean and with each defect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Scope
from clinigate.core.verdict import Status

if TYPE_CHECKING:
    from clinigate.core.observation import Observation
    from clinigate.hipaa.premises import Premises
    from clinigate.quality.validation.tries import Tries

__all__ = ["defects", "look_at_calibration"]

#: Seconds after which the reference service ends a session; the tests wait for it.
_IDLE_S = 2.0
_LEAKS = "phi.leaks"
_HIPAA = "hipaa."
_DRILL = "hipaa.drill_"

#: Whoever reads charts in the reference service.
_READER = "clinician_north"

Statuses = dict[str, Status]


def defects() -> tuple[str, ...]:
    """Return the names of the defects, in their order."""
    from clinigate.reference.defects import DEFECTS

    return tuple(DEFECTS)


def look_at_calibration(
    tries: Tries, *, names: Iterable[str], on_step: Callable[[str], None]
) -> None:
    """Run every check on the clean service, and on each defect those that must find it.

    Args:
        tries: where they are counted.
        names: the defects; that others were left out forbids a pass.
        on_step: told what is looked at now.
    """
    from clinigate.quality.validation.calibration import count_clean, count_defect
    from clinigate.reference.defects import defect_named

    chosen = frozenset(names)
    planted = [(name, defect_named(name)) for name in defects() if name in chosen]
    on_step("the clean service")
    count_clean(tries, _seen(None, None))
    for name, defect in planted:
        on_step(f"defect {name}")
        count_defect(tries, name, _seen(name, frozenset(defect.metrics)))
    left_out = len(defects()) - len(planted)
    if left_out:
        tries.cannot(f"{left_out} of {len(defects())} defects were not chosen")


def _seen(defect: str | None, metrics: frozenset[str] | None) -> Statuses:
    """The verdicts on these metrics, of the service with a defect; None means all, and none."""
    found: Statuses = {}
    if metrics is None or any(each.startswith(_HIPAA) for each in metrics):
        found |= _hipaa(defect, metrics)
    if metrics is None or any(each.startswith(_DRILL) for each in metrics):
        found |= _drill(defect)
    if metrics is None or _LEAKS in metrics:
        found |= _leaks(defect)
    found |= _clinical(defect, metrics)
    return found


def _hipaa(defect: str | None, metrics: frozenset[str] | None) -> Statuses:
    from clinigate.hipaa.criteria import builtin_criteria
    from clinigate.hipaa.named import NAMED
    from clinigate.hipaa.run import look

    wanted = [each for each in NAMED.values() if metrics is None or each.metric in metrics]
    criteria = [each for each in builtin_criteria() if each.metric in {n.metric for n in wanted}]
    with (
        TemporaryDirectory(prefix="clinigate-self-test-") as folder,
        _premises(defect, Path(folder)) as premises,
    ):
        seen = [observation for named in wanted for observation in look(named, premises)]
    return {verdict.metric: verdict.status for verdict in judge_all(criteria, seen)}


@contextmanager
def _premises(defect: str | None, folder: Path) -> Iterator[Premises]:
    from clinigate.cli.reference_hipaa import (
        reference_attestations,
        reference_hipaa_environment,
        reference_hipaa_tables,
    )
    from clinigate.cli.reference_target import reference_tables
    from clinigate.config.loader import LoadedConfig
    from clinigate.config.model import Config
    from clinigate.hipaa.premises import opened
    from clinigate.reference.launch import running

    today = datetime.now(UTC).date()
    (folder / "hipaa-attestations.toml").write_text(reference_attestations(today), "utf-8")
    with running(defect=defect, care=True, idle_timeout_s=_IDLE_S) as service:
        tables = {**reference_tables(service), "hipaa": reference_hipaa_tables(service)}
        config = LoadedConfig(Config.model_validate(tables), folder, "the self-test's")
        environ = reference_hipaa_environment(service)
        with opened(
            config, today=today, environ=environ, seed=0, allow_destructive=True, run="self-test"
        ) as premises:
            yield premises


def _drill(defect: str | None) -> Statuses:
    """The breach drill: what the other tests do not look at is whom an audit log would name."""
    from clinigate.hipaa.drills.breach import Plan, play
    from clinigate.hipaa.drills.named import BREACH, criterion_of

    with (
        TemporaryDirectory(prefix="clinigate-self-test-") as folder,
        _premises(defect, Path(folder)) as premises,
    ):
        seen = list(play(BREACH, premises, Plan(_READER, None, 3, 3)).tally.observations())
    return {each.metric: each.status for each in judge_all([criterion_of(BREACH)], seen)}


def _leaks(defect: str | None) -> Statuses:
    from clinigate.cli.phi_trace import hunt_of_reference
    from clinigate.phi.criteria import builtin_criteria
    from clinigate.phi.leaks.hunt import hunt
    from clinigate.phi.leaks.observe import leak_observations

    with hunt_of_reference(defect, None, say=lambda _line: None) as (_config, plan):
        seen = list(leak_observations(hunt(plan, on_step=lambda _step: None)))
    criteria = [each for each in builtin_criteria() if each.metric == _LEAKS]
    return {verdict.metric: verdict.status for verdict in judge_all(criteria, seen)}


def _clinical(defect: str | None, metrics: frozenset[str] | None) -> Statuses:
    from clinigate.cli.demo import demo_config
    from clinigate.cli.reference_target import reference_environment
    from clinigate.clinical.equipment import equipment_of
    from clinigate.gate.policy import Demand
    from clinigate.pipeline.evaluate import all_checks
    from clinigate.pipeline.evaluation import Evaluation
    from clinigate.pipeline.setup import prepare
    from clinigate.reference.launch import running
    from clinigate.targets import build_target

    checks = [
        each
        for each in all_checks()
        if metrics is None or any(map(metrics.__contains__, each.metrics))
    ]
    if not checks:
        return {}
    seen: list[Observation] = []
    with running(defect=defect) as service:
        config = demo_config(service, model="calibrator", policy="demo", seed=0, root=Path())
        setup = prepare(config)
        assert config.config.target is not None
        target = build_target(
            config.config.target,
            base_dir=config.base_dir,
            environ=reference_environment(service),
        )
        evaluation = Evaluation(setup, target)
        equipment = equipment_of(setup.config)
        try:
            for each in checks:
                evaluation.run(equipment.given_to(each), seen.append)
        finally:
            evaluation.close()
    # What the demo's policy only reports, as ratings that need more people, may stay open.
    required = {each.id for each in setup.policy.demands if each.demand is Demand.REQUIRED}
    measured = {metric for each in checks for metric in each.metrics}
    criteria = [
        each
        for each in setup.criteria
        if each.scope is Scope.CATALOGUE
        and each.metric in measured
        and (each.id in required if metrics is None else each.metric in metrics)
    ]
    return {verdict.metric: verdict.status for verdict in judge_all(criteria, seen)}
