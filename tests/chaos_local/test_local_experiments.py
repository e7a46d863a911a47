"""Each shipped experiment passes on the reference cluster as it should be, and fails on a defect.

Trials run at once on a cluster without defects and on one with many, of which the experiment must
see its own. Faults are short and without Chaos Toolkit's process here;
benchmarks/campaign_local_chaos.py runs them whole, each defect alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos import measured
from clinigate.chaos.criteria import experiment_criteria
from clinigate.chaos.drivers.base import Driver, DriverOptions, UndoStep
from clinigate.chaos.drivers.local import connect
from clinigate.chaos.model import Experiment, Invariant
from clinigate.chaos.parse import find_experiment
from clinigate.chaos.probing import EntryProber
from clinigate.chaos.repetition import RepetitionResult
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Observation
from clinigate.core.verdict import Status
from clinigate.measure.timeline import Timeline
from clinigate.reference.cluster import running_cluster
from clinigate.reference.operational import OPERATIONAL_DEFECTS

pytestmark = pytest.mark.xdist_group("chaos_local_experiments")

_WAIT_S = 120.0
_NO_LIMIT_S = 600.0
#: Shown by load, not by chaos.
_OF_LOAD = {"crisis-dropped-in-surge"}


@dataclass
class Seen:
    """A recorder that keeps what it is given."""

    measured: dict[str, Measurement] = field(default_factory=dict)
    findings: dict[str, list[str]] = field(default_factory=dict)

    def observation(self, seen: Observation) -> None:
        if isinstance(seen.about, Measurement):
            self.measured[seen.about.metric.rpartition(".")[2]] = seen.about
        elif isinstance(seen.about, Finding):
            words = self.findings.setdefault(seen.about.metric.rpartition(".")[2], [])
            words.append(seen.about.message)

    def blob(self, data: bytes, media_type: str) -> str:
        assert data or media_type
        return "sha256:" + "0" * 64

    def note(self, topic: str, body: Any) -> None:
        raise AssertionError(f"nothing is noted here: {topic} {body}")


@dataclass(frozen=True)
class Trial:
    """What came of one experiment on one cluster."""

    verdicts: dict[str, Status]
    reasons: dict[str, str]
    findings: dict[str, list[str]]
    measured: dict[str, Measurement]

    @property
    def unmet(self) -> list[str]:
        """What is not passed, and what was found; empty where every criterion is met."""
        lines = [
            f"{name}: {status} {self.reasons[name]}"
            for name, status in self.verdicts.items()
            if status is not Status.PASS
        ]
        return [*lines, *map(str, self.findings.items())] if lines else []

    def fails(self, metric: str, words: str) -> bool:
        """Whether a criterion fails, and a finding says `words` about it."""
        assert self.verdicts[metric] is Status.FAIL, self.reasons[metric]
        assert words in " ".join(self.findings[metric])
        return True


def quick(name: str, *, timeout_s: float = 15.0, settle: str = "30s") -> Experiment:
    """A shipped experiment with fewer questions, and without limits that a busy host breaks."""
    experiment = find_experiment(name)
    rto_s = None if experiment.objectives.rto_s is None else _NO_LIMIT_S

    def fewer(invariant: Invariant) -> Invariant:
        parameters = dict(invariant.parameters)
        if invariant.probe == "crisis-path":
            parameters |= {"rate": "20/s", "timeout": f"{timeout_s}s", "settle": settle}
        if invariant.probe == "certificates":
            parameters |= {"rate": "10/s"}
        return replace(invariant, least=min(4, invariant.least), p99_s=None, parameters=parameters)

    return replace(
        experiment,
        invariants=tuple(fewer(each) for each in experiment.invariants),
        load=replace(experiment.load, rate=12.0, timeout_s=timeout_s, slow_s=None),
        objectives=replace(experiment.objectives, rto_s=rto_s),
        undo=replace(experiment.undo, within_s=_NO_LIMIT_S),
        safety=replace(experiment.safety, max_budget_pct=100.0),
        repeat=1,
    )


def run_trial(
    driver: Driver,
    experiment: Experiment,
    *,
    lasts_s: float,
    recovers_s: float = _WAIT_S,
) -> Trial:
    """Break, mend after `lasts_s`; then wait for a recovery, `recovers_s` at most."""
    timeline = Timeline()
    result = RepetitionResult(1, timeline)
    probes = {each.probe: each for each in reversed(experiment.invariants)}
    witnesses = {name: driver.witness(each) for name, each in probes.items()}
    with EntryProber(driver, experiment.load, timeline, seed=1), ExitStack() as watching:
        for witness in witnesses.values():
            witness.start(1, timeline)
            watching.callback(witness.stop)
        assert timeline.wait_for(lambda t: len(t.samples) >= 5, _WAIT_S)
        assert all(sample.ok for sample in timeline.samples)
        found = driver.resolve(experiment.fault.target.selector)
        victims = found[: experiment.fault.target.max_count]
        steps = driver.undo_steps(experiment.fault, victims)
        try:
            driver.inject(experiment.fault, victims)
            result.fault_at_s = timeline.mark("fault").at
            begun = result.fault_at_s
            timeline.wait_for(lambda t: False, lasts_s)
        finally:
            result.undo_due_s = timeline.now()
            undo(steps)
        result.undone_at_s = timeline.now()
        timeline.span(experiment.fault.type, begun, result.undone_at_s)
        timeline.wait_for(lambda t: settled(t, begun), recovers_s)
    return judged(experiment, result, witnesses)


def settled(timeline: Timeline, fault_at_s: float) -> bool:
    recent = timeline.since(timeline.now() - 1.2)
    begun = [sample for sample in recent if sample.scheduled_s > fault_at_s]
    return len(begun) > 11 and all(s.ok for s in recent)


def undo(steps: tuple[UndoStep, ...]) -> None:
    for step in steps:
        function(step.action)(step.args)
        deadline = time.monotonic() + _WAIT_S
        while not function(step.verify)(step.args):
            assert time.monotonic() < deadline, step.title
            time.sleep(0.02)


def function(name: str) -> Callable[[Any], Any]:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)  # type: ignore[no-any-return]


def judged(experiment: Experiment, result: RepetitionResult, witnesses: Any) -> Trial:
    seen: Any = Seen()
    measured.record(experiment, [result], seen, evidence=())
    for name, witness in witnesses.items():
        measured.record_witness(experiment, name, witness, seen)
    verdicts = {
        criterion.metric.rpartition(".")[2]: criterion.judge(
            seen.measured[criterion.metric.rpartition(".")[2]]
        )
        for criterion in experiment_criteria(experiment)
    }
    return Trial(
        {name: verdict.status for name, verdict in verdicts.items()},
        {name: verdict.reason for name, verdict in verdicts.items()},
        seen.findings,
        seen.measured,
    )


@dataclass
class Clusters:
    """A clean one; one with the defects of operation that chaos can show; one that storms.

    Its storm of retries would hide what the others do: what is asked 25 times is not forgotten.
    """

    clean: Driver
    spoilt: Driver
    storming: Driver


@pytest.fixture(scope="module")
def clusters() -> Iterator[Clusters]:
    with ExitStack() as running:
        spoilt = sorted(set(OPERATIONAL_DEFECTS) - _OF_LOAD - {"retry-storm"})
        topologies = (
            running.enter_context(running_cluster(replicas, defects=defects))
            for replicas, defects in ((2, ()), (2, tuple(spoilt)), (1, ("retry-storm",)))
        )
        yield Clusters(*map(connected, topologies))


def connected(topology: Path) -> Driver:
    return connect(DriverOptions(topology=str(topology)))


def on_all(
    name: str, clean: Driver, *spoilt: Driver, lasts_s: float, timeout_s: float = 2.0
) -> list[Trial]:
    """A trial on each at once; the spoilt ones get little time, since they would never settle."""
    with ThreadPoolExecutor(1 + len(spoilt)) as trials:
        under_way = [trials.submit(run_trial, clean, quick(name), lasts_s=lasts_s)]
        brief = quick(name, timeout_s=timeout_s, settle="1s")
        under_way += [
            trials.submit(run_trial, driver, brief, lasts_s=lasts_s, recovers_s=1.5)
            for driver in spoilt
        ]
        return [trial.result() for trial in under_way]


def test_a_frozen_replica_is_left_out(clusters):
    # Few requests hang at the frozen one at a time: a short limit lets new ones follow.
    clean, spoilt = on_all(
        "freeze-replica", clusters.clean, clusters.spoilt, lasts_s=3.0, timeout_s=0.5
    )
    assert clean.unmet == []
    assert spoilt.fails("crisis_path", "not answered as a crisis: unanswered")


def test_latency_slows_and_breaks_nothing(clusters):
    (clean,) = on_all("latency-100ms", clusters.clean, lasts_s=1.2)
    assert clean.unmet == []
    assert clean.measured["crisis_path"].n >= 4


def test_a_lost_database_is_given_up(clusters):
    clean, spoilt = on_all("partition-db", clusters.clean, clusters.spoilt, lasts_s=2.5)
    assert clean.unmet == []
    assert spoilt.fails("breaker_opened", "did not give database up")


def test_a_database_that_refuses_is_not_stormed(clusters):
    clean, storming = on_all("refuse-db", clusters.clean, clusters.storming, lasts_s=1.5)
    assert clean.unmet == []
    assert storming.fails("retry_storm", "more than 3 times each")


def test_a_crisis_is_answered_and_escalated_without_any_dependency(clusters):
    (clean,) = on_all("crisis-path", clusters.clean, lasts_s=1.5)
    assert clean.unmet == []
    assert clean.measured["crisis_path"].n == clean.measured["lost_escalations"].n


def test_a_crisis_that_nobody_looks_for_without_the_model_is_seen(clusters):
    clean, spoilt = on_all("crisis-path-inference", clusters.clean, clusters.spoilt, lasts_s=1.2)
    assert clean.unmet == []
    assert spoilt.fails("crisis_path", "not answered as a crisis: http-503")


def test_an_escalation_that_is_forgotten_without_the_desk_is_seen(clusters):
    clean, spoilt = on_all("crisis-path-queue", clusters.clean, clusters.spoilt, lasts_s=2.5)
    assert clean.unmet == []
    assert spoilt.fails(
        "lost_escalations", "did not come to its end: escalation.acknowledged is missing"
    )


def test_a_full_disk_refuses_what_cannot_be_audited(clusters):
    clean, spoilt = on_all("disk-full", clusters.clean, clusters.spoilt, lasts_s=1.5)
    assert clean.unmet == []
    assert spoilt.fails("unaudited", "answers have no audit row")


def test_the_end_of_a_certificate_is_noticed(clusters):
    clean, spoilt = on_all("expired-certificate", clusters.clean, clusters.spoilt, lasts_s=3.0)
    assert clean.unmet == []
    assert spoilt.fails("expiry_noticed", "nobody would be told 14 days before")


def test_a_killed_replica_is_hardly_noticed(clusters):
    # Last but one, and on the clean cluster alone: the other one starts nothing again.
    (clean,) = on_all("kill-replica", clusters.clean, lasts_s=0.5)
    assert clean.unmet == []


def test_a_service_that_does_not_start_again_is_seen(clusters):
    clean, spoilt = on_all("kill-all", clusters.clean, clusters.spoilt, lasts_s=0.5)
    assert clean.unmet == []
    assert spoilt.fails("rto", "no stable 1 s")
