"""A primary is killed under acknowledged writes: what is lost, and how long it takes, is measured.

Both modes recover. A promoted standby that goes on waiting for a standby of its own never does, and
a replication that was cut before the crash loses as much as the cut was long.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from clinigate.chaos.criteria import experiment_criteria
from clinigate.chaos.drivers import postgres_markers
from clinigate.chaos.drivers.base import DriverOptions, VictimGoneError
from clinigate.chaos.drivers.postgres_local import PostgresLocalDriver, connect
from clinigate.chaos.drivers.postgres_markers import MarkerWitness
from clinigate.chaos.labs.failover import failover_lab, restore, restored
from clinigate.chaos.labs.pair import PairDefect
from clinigate.chaos.labs.postgres import postgres_missing
from clinigate.chaos.model import Experiment, FaultSpec, Invariant, Json
from clinigate.chaos.parse import find_experiment
from clinigate.chaos.probing import EntryProber
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.verdict import Status
from clinigate.errors import UsageError
from clinigate.measure.prober import Timeline
from clinigate.measure.recovery import Recovery, recover

pytestmark = pytest.mark.skipif(postgres_missing() is not None, reason=str(postgres_missing()))

ASYNC = find_experiment("db-failover-async")
SYNC = find_experiment("db-failover-sync")
WITHIN_S = 60.0
STABLE_S = 0.5


@contextmanager
def _driver(
    *, sync: bool = False, defect: PairDefect | None = None
) -> Iterator[PostgresLocalDriver]:
    with failover_lab(sync=sync, defect=defect, fsync=False) as topology:
        driver = connect(DriverOptions(topology=str(topology)))
        assert isinstance(driver, PostgresLocalDriver)
        yield driver


@pytest.fixture(scope="module")
def pair() -> Iterator[PostgresLocalDriver]:
    """An asynchronous pair; whoever hurts it puts it whole again."""
    with _driver() as driver:
        yield driver


def _fault(experiment: Experiment, **parameters: Json) -> FaultSpec:
    fault = experiment.fault
    return replace(fault, parameters={**fault.parameters, **parameters})


def _kill(
    driver: PostgresLocalDriver, experiment: Experiment, fault: FaultSpec, *, comes_back: bool
) -> tuple[Recovery, MarkerWitness]:
    """Kill the primary under load, watch, undo; what was seen."""
    (invariant,) = experiment.invariants or (Invariant(probe="markers", metric="rpo"),)
    witness = driver.witness(invariant)
    assert isinstance(witness, MarkerWitness)
    load = replace(experiment.load, timeout_s=1.0)
    timeline = Timeline()
    with EntryProber(driver, load, timeline, seed=1):
        witness.start(1, timeline)
        assert timeline.wait_for(lambda t: t.outcomes["ok"] >= 10, WITHIN_S)
        victims = driver.resolve(fault.target.selector)
        steps = driver.undo_steps(fault, victims)
        driver.inject(fault, victims)
        killed = timeline.now()

        def recovered() -> bool:
            good = [s for s in timeline.since(killed) if s.ok and s.started_s > killed]
            return len(good) >= 2 * STABLE_S * load.rate

        def harmed_for_long(t: Timeline) -> bool:
            return t.outcomes["timeout"] >= 10

        timeline.wait_for(lambda _: recovered() if comes_back else harmed_for_long(timeline), 60)
        for step in steps:
            restore(step.args)
            assert restored(step.args)
        witness.stop()
    seen = recover(
        timeline.samples, fault_at_s=killed, stable_s=STABLE_S, least=5, p95_limit_s=load.slow_s
    )
    return seen, witness


def _measured(witness: MarkerWitness, experiment: Experiment) -> dict[str, Measurement]:
    about = witness.report(experiment.prefix).about
    return {a.metric.rpartition(".")[2]: a for a in about if isinstance(a, Measurement)}


def _verdict(experiment: Experiment, metric: str, measurement: Measurement) -> Status:
    criteria = [
        replace(criterion, min_n=1)
        for criterion in experiment_criteria(experiment)
        if criterion.metric == f"{experiment.prefix}.{metric}"
    ]
    (verdict,) = judge_all(criteria, [Observation("CG-CHAOS-X-001", measurement)])
    return verdict.status


def _rto(experiment: Experiment, seen: Recovery) -> Measurement:
    return Measurement(
        f"{experiment.prefix}.rto",
        Kind.WORST,
        seen.rto_s,
        n=1,
        unit="s",
        events=int(seen.rto_s is None),
    )


class TestAsynchronous:
    def test_the_standby_takes_over_and_the_lost_server_comes_back_as_its_standby(
        self, pair: PostgresLocalDriver
    ) -> None:
        before = pair.resolve({"role": "primary"})[0].name
        seen, witness = _kill(pair, ASYNC, _fault(ASYNC), comes_back=True)
        assert seen.bad > 0
        assert _verdict(ASYNC, "rto", _rto(ASYNC, seen)) is Status.PASS
        measured = _measured(witness, ASYNC)
        assert _verdict(ASYNC, "rpo", measured["rpo"]) is Status.PASS
        assert measured["lost_writes"].n > 0
        after = {v.labels["role"]: v.name for v in pair.resolve({"app": "db"})}
        assert after["standby"] == before
        assert len(pair.members("database/db")) == 2

    def test_a_cut_replication_loses_as_much_as_the_cut_was_long(
        self, pair: PostgresLocalDriver
    ) -> None:
        seen, witness = _kill(pair, ASYNC, _fault(ASYNC, partition="1s"), comes_back=True)
        assert seen.rto_s is not None
        rpo = _measured(witness, ASYNC)["rpo"]
        assert rpo.value is not None
        assert rpo.value >= 0.9
        tight = replace(ASYNC, objectives=replace(ASYNC.objectives, rpo_s=0.5))
        assert _verdict(tight, "rpo", rpo) is Status.FAIL
        assert _verdict(ASYNC, "rpo", rpo) is Status.PASS
        lost = _measured(witness, ASYNC)["lost_writes"]
        assert lost.events is not None
        assert lost.events >= 20

    def test_undoing_twice_and_undoing_nothing_are_harmless(
        self, pair: PostgresLocalDriver
    ) -> None:
        victims = pair.resolve({"role": "primary"})
        (step,) = pair.undo_steps(_fault(ASYNC), victims)
        for _ in range(2):
            restore(step.args)
            assert restored(step.args)
        assert pair.resolve({"role": "primary"}) == victims

    def test_a_victim_that_is_another_process_by_now_is_left_alone(
        self, pair: PostgresLocalDriver
    ) -> None:
        (victim,) = pair.resolve({"role": "primary"})
        with pytest.raises(VictimGoneError):
            pair.inject(_fault(ASYNC), (replace(victim, uid="1:1"),))
        assert pair.resolve({"role": "primary"}) == (victim,)

    def test_an_experiment_for_the_other_replication_is_refused(
        self, pair: PostgresLocalDriver
    ) -> None:
        with pytest.raises(UsageError, match="meant for sync replication, and the pair of"):
            pair.undo_steps(_fault(SYNC), pair.resolve({"role": "primary"}))


class TestSynchronous:
    def test_no_acknowledged_write_is_lost(self) -> None:
        with _driver(sync=True) as pair:
            seen, witness = _kill(pair, SYNC, _fault(SYNC), comes_back=True)
        assert _verdict(SYNC, "rto", _rto(SYNC, seen)) is Status.PASS
        measured = _measured(witness, SYNC)
        assert measured["lost_writes"].events == 0
        assert _verdict(SYNC, "lost_writes", measured["lost_writes"]) is Status.PASS
        assert _verdict(SYNC, "rpo", measured["rpo"]) is Status.PASS

    def test_a_promoted_standby_that_waits_for_its_own_standby_never_recovers(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_markers, "_TIMEOUT_S", 1.0)
        defect = PairDefect.KEEPS_SYNCHRONOUS_STANDBY
        with _driver(sync=True, defect=defect) as pair:
            seen, witness = _kill(pair, SYNC, _fault(SYNC), comes_back=False)
        assert seen.rto_s is None
        assert _verdict(SYNC, "rto", _rto(SYNC, seen)) is Status.FAIL
        lost = _measured(witness, SYNC)["lost_writes"]
        assert lost.events == 0
        assert "ambiguous, not lost" in lost.caveats[0]


def test_a_lab_that_is_gone_took_its_faults_with_it(tmp_path: Path) -> None:
    args = {"control": str(tmp_path / "nothing")}
    restore(args)
    assert restored(args)
