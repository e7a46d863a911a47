"""Criteria of experiments, load and benchmarks: demanded by a policy, shipped or a team's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.verdict import Status
from clinigate.errors import PolicyError
from clinigate.gate.policy import Demand, Demanded

SHIPPED = Criterion("chaos.kill-replica.rto", "chaos.kill-replica.rto", Relation.BELOW, 30)
OTHER = Criterion("load.smoke.latency_p95", "load.smoke.latency_p95", Relation.BELOW, 1)
OWN = Criterion("chaos.our-queue.rto", "chaos.our-queue.rto", Relation.BELOW, 60)


def run_of(world, criterion, seconds):
    """A run of one experiment that took so long to recover."""
    about = Measurement(criterion.metric, Kind.WORST, seconds, 1, unit="s", events=0)
    observations = (Observation("CG-CHAOS-TEST-001", about),)
    results = replace(
        world.run(),
        run="run-2",
        criteria=(criterion,),
        verdicts=judge_all([criterion], observations),
        observations=observations,
    )
    return world.bundle(results=results, name="chaos")


def demands(world, *extra):
    stands = tuple(Demanded(each, Demand.REQUIRED) for each in world.IDS)
    return world.policy(demands=(*stands, *extra))


@pytest.mark.parametrize("criterion", [SHIPPED, OWN])
@pytest.mark.parametrize(("seconds", "opens"), [(12, True), (61, False)])
def test_a_demanded_objective_decides(world, gate, criterion, seconds, opens):
    """One that Clinigate ships as well as one that only the team's own bundle knows."""
    policy = demands(world, Demanded(criterion.id, Demand.REQUIRED))
    bundles = (world.bundle(), run_of(world, criterion, seconds))
    assert gate(*bundles, policy=policy, others=[SHIPPED, OTHER]).opens is opens


def test_a_shipped_objective_that_nobody_looked_at_shuts(world, gate):
    policy = demands(world, Demanded(SHIPPED.id, Demand.REQUIRED))
    decision = gate(world.bundle(), policy=policy, others=[SHIPPED, OTHER])
    assert not decision.opens
    assert decision.reasons[0].startswith(f"{SHIPPED.id} is NOT_ASSESSED")


def test_an_objective_that_nobody_knows_is_refused(world, gate):
    """A name that was mistyped must not become a criterion that is never asked for."""
    policy = demands(world, Demanded("chaos.kill-replika.rto", Demand.REQUIRED))
    with pytest.raises(PolicyError, match=r"did you mean 'chaos\.kill-replica\.rto'"):
        gate(world.bundle(), policy=policy, others=[SHIPPED, OTHER])


def test_a_run_cannot_redefine_what_is_shipped(world, gate):
    """The shipped limit stands: a run of a bent criterion is judged by it all the same."""
    policy = demands(world, Demanded(SHIPPED.id, Demand.REQUIRED))
    bent = run_of(world, replace(SHIPPED, limit=300), 61)
    decision = gate(world.bundle(), bent, policy=policy, others=[SHIPPED])
    (entry,) = [each for each in decision.criteria if each.criterion.id == SHIPPED.id]
    assert entry.verdict.status is Status.FAIL
    assert entry.criterion.limit == SHIPPED.limit


def test_what_nobody_asked_for_is_a_gap_in_one_sentence(world, gate):
    """An objective that was measured is listed; a family that was not looked at is told once."""
    policy = world.policy(unnamed=Demand.REPORT)
    bundles = (world.bundle(), run_of(world, SHIPPED, 61))
    decision = gate(*bundles, policy=policy, others=[SHIPPED, OTHER])
    assert decision.opens
    assert any(gap.startswith(f"{SHIPPED.id} is FAIL (the policy does not name it)")
               for gap in decision.gaps)  # fmt: skip
    assert "nothing of load was looked at, and the policy names none of it (1 criteria)" in (
        decision.gaps
    )
    assert OTHER.id not in {each.criterion.id for each in decision.criteria}
