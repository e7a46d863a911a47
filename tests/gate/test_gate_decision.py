"""Only what the policy requires, measured, believed, fresh and passed, opens the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.canonical import canonical_bytes
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.verdict import Status
from clinigate.errors import PolicyError, UsageError
from clinigate.evidence.times import timestamp
from clinigate.gate.entries import Effect, Outcome
from clinigate.gate.policy import Demand, Demanded

statuses = st.sampled_from(Status)


def entry(decision, criterion_id):
    return next(each for each in decision.criteria if each.criterion.id == criterion_id)


def test_a_clean_run_opens(world, gate):
    decision = gate(world.bundle())
    assert decision.outcome is Outcome.OPENED
    assert decision.opens
    assert decision.certifies
    assert decision.reasons == ()
    assert {each.effect for each in decision.criteria} == {Effect.SATISFIED}


def test_nothing_is_never_a_pass(world, gate):
    decision = gate()
    assert not decision.opens
    assert decision.reasons[0].startswith("no bundle was given")


@given(results=st.lists(st.sampled_from(["none", "empty", "silent"]), max_size=3))
def test_empty_evidence_never_opens(world, gate, results):
    """No bundles, bundles without results, results without observations: shut, with reasons."""
    silent = replace(world.run(), observations=(), verdicts=(), criteria=())
    made = {"none": None, "empty": replace(silent, finished_at=""), "silent": silent}
    decision = gate(*(world.bundle(results=made[each]) for each in results))
    assert not decision.opens
    assert decision.reasons


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_open_means_that_every_required_criterion_passed(world, gate, data):
    """Over mixed bundles and demands: open exactly when nothing demanded is missing."""
    wished = data.draw(st.lists(st.dictionaries(st.sampled_from(world.IDS), statuses), max_size=3))
    demands = {each: data.draw(st.sampled_from(Demand)) for each in world.IDS}
    demands[world.IDS[0]] = Demand.REQUIRED
    policy = world.policy(demands=tuple(Demanded(*item) for item in demands.items()))
    decision = gate(*(world.bundle(each) for each in wished), policy=policy)
    for each in decision.criteria:
        allowed = {
            Demand.REQUIRED: {Status.PASS},
            Demand.NO_FAIL: {Status.PASS, Status.INCONCLUSIVE, Status.NOT_ASSESSED},
            Demand.REPORT: set(Status),
        }[demands[each.criterion.id]]
        if each.verdict.status not in allowed:
            assert not decision.opens
    clean = all(each.effect is not Effect.SHUTS for each in decision.criteria)
    assert decision.opens == (clean and bool(wished))
    assert bool(decision.reasons) is not decision.opens


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.PASS])
@pytest.mark.parametrize("position", range(5))
def test_replacing_any_pass_shuts(world, gate, position, status):
    """In the observations, and in what the run says of itself: only PASS opens."""
    criterion_id = world.IDS[position]
    assert not gate(world.bundle({criterion_id: status})).opens
    run = world.run()
    verdicts = tuple(
        replace(each, status=status) if each.criterion == criterion_id else each
        for each in run.verdicts
    )
    decision = gate(world.bundle(results=replace(run, verdicts=verdicts)))
    assert not decision.opens
    assert entry(decision, criterion_id).verdict.status is status


def test_the_runs_own_pass_opens_nothing(world, gate):
    """A run that says PASS over measurements that fail is judged by the measurements."""
    failing, passing = world.run({"emotion.accuracy": Status.FAIL}), world.run()
    decision = gate(world.bundle(results=replace(failing, verdicts=passing.verdicts)))
    assert (decision.outcome, decision.certifies) == (Outcome.SHUT, False)
    assert "emotion.accuracy is FAIL" in decision.reasons[0]


def test_a_criterion_that_the_run_did_not_judge_is_judged_here(world, gate):
    run = world.run({"latency.p99": Status.FAIL}, criteria=world.BASE[:2])
    assert "latency.p99 is FAIL" in gate(world.bundle(results=run)).reasons[0]


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("demand", Demand)
def test_what_each_demand_does_with_each_verdict(world, gate, demand, status):
    demands = tuple(
        Demanded(each, demand if each == "latency.p99" else Demand.REQUIRED) for each in world.IDS
    )
    decision = gate(world.bundle({"latency.p99": status}), policy=world.policy(demands=demands))
    expected = {
        Demand.REQUIRED: Effect.SATISFIED if status is Status.PASS else Effect.SHUTS,
        Demand.NO_FAIL: {
            Status.PASS: Effect.SATISFIED,
            Status.FAIL: Effect.SHUTS,
            Status.ERROR: Effect.SHUTS,
        }.get(status, Effect.REPORTED),
        Demand.REPORT: Effect.REPORTED,
    }[demand]
    assert entry(decision, "latency.p99").effect is expected
    assert decision.opens is (expected is not Effect.SHUTS)
    listed = any(gap.startswith("latency.p99") for gap in decision.gaps)
    assert listed is (expected is Effect.REPORTED and status is not Status.PASS)


def test_what_the_policy_does_not_name_may_not_be_proven_wrong(world, gate):
    """A scan that found something shuts, named or not; what nobody could tell is a gap."""
    policy = world.policy(demands=(Demanded("emotion.accuracy", Demand.REQUIRED),))
    for status in (Status.FAIL, Status.ERROR):
        decision = gate(world.bundle({"latency.p99": status}), policy=policy)
        assert not decision.opens
        assert "latency.p99" in decision.reasons[0]
    assert gate(world.bundle({"latency.p99": Status.INCONCLUSIVE}), policy=policy).opens


def test_criteria_that_the_policy_does_not_name_are_gaps(world, gate):
    """Where it says so."""
    demanded = (Demanded("emotion.accuracy", Demand.REQUIRED),)
    policy = world.policy(demands=demanded, unnamed=Demand.REPORT)
    decision = gate(world.bundle({"latency.p99": Status.FAIL}), policy=policy)
    assert decision.opens
    assert not entry(decision, "latency.p99").named
    assert any("latency.p99 is FAIL (the policy does not name it)" in gap for gap in decision.gaps)


# ---- limits ---------------------------------------------------------------------------------


def rate(events: int, n: int, metric: str) -> Observation:
    return Observation("CG-TEST-GATE-001", Measurement(metric, Kind.RATE, None, n, events=events))


LIMITS = st.floats(0.5, 0.999)
CONFIDENCES = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@settings(max_examples=300, deadline=None)
@given(
    n=st.integers(1, 400),
    missed=st.integers(0, 60),
    limit=LIMITS,
    stricter=LIMITS,
    confidences=st.tuples(CONFIDENCES, CONFIDENCES),
    min_n=st.integers(1, 300),
    demand=st.sampled_from([Demand.REQUIRED, Demand.NO_FAIL]),
    data=st.data(),
)
def test_tightening_never_opens(
    world, gate, n, missed, limit, stricter, confidences, min_n, demand, data
):
    """A stricter limit, confidence or sample size, by option or by the run, opens no shut gate."""
    base = Criterion("emotion.accuracy", "emotion.accuracy", Relation.AT_LEAST, limit)
    base = replace(base, confidence=confidences[0])
    other = Criterion("latency.p99", "latency.p99", Relation.BELOW, 0.1)
    accuracy = rate(max(n - missed, 0), n, "emotion.accuracy")
    run = world.run(observations=(accuracy, world.seen(other, Status.PASS)), verdicts=())
    strict = replace(base, limit=max(limit, stricter), confidence=max(confidences), min_n=min_n)
    policy = world.policy(
        demands=(Demanded(base.id, demand), Demanded(other.id, Demand.REQUIRED)),
    )
    loose = gate(world.bundle(results=replace(run, criteria=())), policy=policy, base=(base, other))
    own = replace(run, criteria=(data.draw(st.sampled_from([strict, base])),))
    optioned = policy.tightened({base.id: strict.limit})
    for tightened in (policy, optioned):
        tight = gate(world.bundle(results=own), policy=tightened, base=(base, other))
        assert loose.opens or not tight.opens


def test_more_confidence_makes_no_failure_tolerable(world, gate):
    """40 of 60 fail 0.75 at 80% confidence; a run that asked for 99% cannot tell, and shuts."""
    base = Criterion("emotion.accuracy", "emotion.accuracy", Relation.AT_LEAST, 0.75, 0.8)
    other = world.BASE[3]
    seen = (rate(40, 60, "emotion.accuracy"), world.seen(other, Status.PASS))
    run = world.run(observations=seen, verdicts=(), criteria=(replace(base, confidence=0.99),))
    demands = (Demanded(base.id, Demand.NO_FAIL), Demanded(other.id, Demand.REQUIRED))
    decision = gate(
        world.bundle(results=run), policy=world.policy(demands=demands), base=(base, other)
    )
    assert entry(decision, base.id).verdict.status is Status.FAIL


@pytest.mark.parametrize(
    "own", [{"limit": 0.99}, {"confidence": 0.9999}, {"min_n": 101}, {}], ids=str
)
def test_a_stricter_run_is_judged_at_its_own_limit(world, gate, own):
    """100 of 100 keep 95% at 95% confidence, and not what a stricter run asked for."""
    base = world.BASE[0]
    run = world.run(
        criteria=(replace(base, **own),),
        observations=(rate(100, 100, base.metric),),
        verdicts=(),
    )
    policy = world.policy(demands=(Demanded(base.id, Demand.REQUIRED),))
    decision = gate(world.bundle(results=run), policy=policy, base=(base,))
    assert decision.opens is (own == {})


def test_a_looser_run_is_judged_at_the_policys_limit(world, gate):
    """A run that allowed 20% misses opens nothing at a policy of 0.1%."""
    loose = tuple(
        replace(each, limit=0.5) if each.id == "crisis.false_negative_rate" else each
        for each in world.BASE
    )
    seen = world.run().observations[:1] + world.run().observations[2:]
    run = world.run(
        criteria=loose, observations=(*seen, rate(60, 6000, "crisis.false_negative_rate"))
    )
    decision = gate(world.bundle(results=run))
    assert not decision.opens
    assert entry(decision, "crisis.false_negative_rate").criterion.limit == 0.001


def test_a_run_that_meant_something_else_is_an_error(world, gate):
    other = replace(world.BASE[0], metric="emotion.recall")
    decision = gate(world.bundle(results=world.run(criteria=(other,))))
    assert entry(decision, "emotion.accuracy").verdict.status is Status.ERROR
    assert "the policy as emotion.accuracy" in decision.reasons[0]


def test_a_measurement_of_another_kind_than_the_criterion_judges_is_an_error(world, gate):
    mean = Observation("CG-TEST-GATE-001", Measurement("safety.compliance", Kind.MEAN, 1.0, 700))
    decision = gate(world.bundle(results=world.run(observations=(mean,), verdicts=())))
    assert entry(decision, "safety.compliance").verdict.status is Status.ERROR


def test_a_policy_looser_than_the_shipped_limit_says_so(world, gate):
    demands = (Demanded("latency.p99", Demand.REQUIRED, limit=0.2),)
    run = world.run(criteria=())
    decision = gate(world.bundle(results=run), policy=world.policy(demands=demands))
    assert any("'< 0.2', looser than Clinigate's own 0.1" in gap for gap in decision.gaps)


def test_options_only_tighten(world, gate):
    assert not gate(world.bundle(), policy=world.policy().tightened({"latency.p99": 0.015})).opens
    with pytest.raises(UsageError, match="looser than the policy's"):
        gate(world.bundle(), policy=world.policy().tightened({"latency.p99": 0.2}))
    with pytest.raises(PolicyError, match=r"did you mean 'latency\.p99'"):
        gate(world.bundle(), policy=world.policy().tightened({"latency.p9": 0.2}))


def test_a_policy_that_asks_for_less_certainty_says_so(world, gate):
    demands = tuple(Demanded(each, Demand.REQUIRED, confidence=0.6, min_n=1) for each in world.IDS)
    decision = gate(
        world.bundle(results=world.run(criteria=())), policy=world.policy(demands=demands)
    )
    assert decision.opens
    assert (
        "latency.p99 is judged with confidence 0.6, less than Clinigate's own 0.95" in decision.gaps
    )
    assert (
        "safety.compliance is judged with min_n 1, less than Clinigate's own 598" in decision.gaps
    )


def test_nothing_measured_is_not_looked_at_whatever_is_accepted(world, gate):
    """Every request was throttled: the verdict may be waived, the coverage may not."""
    nothing = Measurement("latency.p99", Kind.QUANTILE, None, 0, excluded=480)
    kept = [o for o in world.run().observations if o.about.metric != "latency.p99"]
    observations = (*kept, Observation("CG-TEST-GATE-001", nothing))
    run = world.run(observations=observations, verdicts=judge_all(world.BASE, observations))
    records = [world.waiver("latency.p99")]
    whole = world.policy(minimum_coverage=1.0)
    assert gate(world.bundle(results=run), records=records).opens
    decision = gate(world.bundle(results=run), records=records, policy=whole)
    assert decision.reasons == ("4 of 5 required criteria were assessed, the policy wants 100%",)


def test_coverage(world, gate):
    """Waivers cannot replace looking."""
    unseen = "crisis.false_negative_rate.unseen"
    gaps = {unseen: Status.NOT_ASSESSED, "latency.p99": Status.NOT_ASSESSED}
    waivers = [world.waiver(unseen), world.waiver("latency.p99")]
    wanted = world.policy(minimum_coverage=0.8)
    decision = gate(world.bundle(gaps), policy=wanted, records=waivers)
    assert decision.reasons == ("3 of 5 required criteria were assessed, the policy wants 80%",)
    assert gate(
        world.bundle(gaps), policy=world.policy(minimum_coverage=0.6), records=waivers
    ).opens


def test_reasons_come_gravest_first(world, gate):
    wished = {
        "latency.p99": Status.INCONCLUSIVE,
        "emotion.accuracy": Status.FAIL,
        "crisis.false_negative_rate": Status.FAIL,
    }
    stale = world.run(wished, finished_at=timestamp(world.NOW - timedelta(days=99)))
    broken = world.bundle(name="b", problems=("edited",))
    decision = gate(world.bundle(results=stale), broken)
    begin = ["bundle 'b'", "crisis.false", "emotion", "bundle 'clinical'", "latency"]
    assert [r.startswith(b) for r, b in zip(decision.reasons, begin, strict=True)] == [True] * 5
    assert decision.outcome is Outcome.INTEGRITY


def test_a_mean_without_enough_confidence_opens_nothing(world, gate):
    """Bounds computed at 95% cannot keep a policy that asks for 99%."""
    measured = Measurement(
        "latency.p99", Kind.QUANTILE, 0.02, 900, interval=Interval(0.01, 0.03, 0.95, "by hand")
    )
    seen = (*world.run().observations[:3], Observation("CG-TEST-GATE-001", measured))
    run = world.run(observations=(*seen, world.run().observations[4]), verdicts=(), criteria=())
    strict = tuple(
        Demanded(each, Demand.REQUIRED, confidence=0.99 if each == "latency.p99" else None)
        for each in world.IDS
    )
    assert gate(world.bundle(results=run)).opens
    decision = gate(world.bundle(results=run), policy=world.policy(demands=strict))
    assert entry(decision, "latency.p99").verdict.status is Status.INCONCLUSIVE


def test_a_decision_is_plain_json(world, gate):
    decision = gate(world.bundle({"emotion.accuracy": Status.FAIL}))
    plain = decision.to_plain()
    assert (plain["opens"], plain["outcome"]) == (False, "shut")
    assert plain["policy_digest"] == world.policy().digest
    assert canonical_bytes(plain)
