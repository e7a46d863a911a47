"""Which bundles the gate believes, which are whole, fresh, signed and of one system."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinigate.core.case import Split
from clinigate.core.plan import Plan, Profile
from clinigate.core.verdict import Status
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.times import timestamp
from clinigate.gate.entries import Outcome
from clinigate.gate.records import NamedSigner


@pytest.mark.parametrize(
    ("changes", "outcome", "said"),
    [
        ({"problems": ("results.json: digest",)}, Outcome.INTEGRITY, "'clinical': results.json"),
        ({"status": RunStatus.INCOMPLETE}, Outcome.UNFINISHED, "INCOMPLETE"),
        ({"results": None}, Outcome.UNFINISHED, "INCOMPLETE"),
        ({"sealed_at": "last week"}, Outcome.UNFINISHED, "does not say when"),
        ({"signed": False, "signed_by": ()}, Outcome.SHUT, "is UNSIGNED; the policy wants 1 by "),
        ({"signed_by": ()}, Outcome.SHUT, "has 0 signature(s) that count; the policy wants 1"),
        ({"signed_by": (NamedSigner("Ada", "nurse", "44" * 32),)}, Outcome.SHUT, "has 0 signat"),
    ],
)
def test_a_bundle_that_is_not_fit(world, gate, changes, outcome, said):
    decision = gate(world.bundle(**changes))
    assert decision.outcome is outcome
    assert said in decision.reasons[0]


def test_a_broken_bundle_is_not_judged(world, gate):
    decision = gate(world.bundle(problems=("edited",)))
    assert {each.verdict.status for each in decision.criteria} == {Status.NOT_ASSESSED}
    assert decision.subject is None


@pytest.mark.parametrize(
    ("age", "outcome", "said"),
    [
        (timedelta(days=30), Outcome.OPENED, ""),
        (timedelta(days=30, seconds=1), Outcome.UNFINISHED, "is stale"),
        (timedelta(minutes=-5), Outcome.OPENED, ""),
        (timedelta(minutes=-6), Outcome.UNFINISHED, "after now; check the clocks"),
    ],
)
def test_freshness(world, gate, age, outcome, said):
    when = timestamp(world.NOW - age)
    decision = gate(world.bundle(results=world.run(finished_at=when), sealed_at=when))
    assert decision.outcome is outcome
    assert said in "".join(decision.reasons[:1])


def test_sealing_an_old_run_again_makes_it_no_younger(world, gate):
    old = world.run(finished_at=timestamp(world.NOW - timedelta(days=31)))
    assert gate(world.bundle(results=old)).outcome is Outcome.UNFINISHED


def test_two_signatures_mean_two_keys(world, gate):
    policy = world.policy(signer_threshold=2)
    again = replace(world.MACHINE, name="CI again")
    other = replace(world.MACHINE, keyid="66" * 32)
    assert not gate(world.bundle(signed_by=(world.MACHINE, again)), policy=policy).opens
    assert gate(world.bundle(signed_by=(world.MACHINE, other)), policy=policy).opens


def test_an_unsigned_bundle_passes_only_where_none_is_asked_and_is_named(world, gate):
    for signed, said in ((False, "is UNSIGNED"), (True, "signed by nobody who is trusted")):
        bundle = world.bundle(signed=signed, signed_by=())
        decision = gate(bundle, policy=world.policy(require_signed=False))
        assert decision.opens
        assert any(said in gap for gap in decision.gaps)


@pytest.mark.parametrize(
    ("plan", "said"),
    [(Plan(profile=Profile.PR), "profile pr"), (Plan(only_cases=frozenset({"c1"})), "1 chosen")],
)
def test_a_sample_never_opens_a_gate_that_certifies(world, gate, plan, said):
    bundle = world.bundle(results=world.run(plan=plan))
    decision = gate(bundle)
    assert decision.outcome is Outcome.SHUT
    assert said in decision.reasons[0]
    decision = gate(bundle, policy=world.policy(certifies=False))
    assert (decision.opens, decision.certifies) == (True, False)
    assert any("certifies nothing" in gap for gap in decision.gaps)


def test_jobs_on_different_runners_make_one_evaluation(world, gate):
    """Each looked at a part; together they are whole."""
    everything = world.run()
    first, rest = everything.observations[:1], everything.observations[1:]
    one = world.run(observations=first, verdicts=everything.verdicts[:1])
    two = world.run(observations=rest, verdicts=everything.verdicts[1:], run="run-2")
    assert not gate(world.bundle(results=one)).opens
    decision = gate(world.bundle(results=one), world.bundle(name="second", results=two))
    assert decision.opens
    assert decision.bundles == ("clinical", "second")


def test_among_jobs_the_gravest_verdict_counts(world, gate):
    good, bad = world.bundle(), world.bundle({"emotion.accuracy": Status.FAIL}, name="second")
    for pair in ((good, bad), (bad, good)):
        assert not gate(*pair).opens


def test_a_required_bundle_that_is_missing_is_named(world, gate):
    policy = world.policy(bundles=("clinical", "chaos"))
    decision = gate(world.bundle(), policy=policy)
    assert decision.outcome is Outcome.UNFINISHED
    assert decision.reasons[0] == "the required bundle 'chaos' is missing"
    chaos = world.bundle(name="chaos", results=world.run(run="run-2"))
    assert gate(world.bundle(), chaos, policy=policy).opens


def test_one_run_under_two_names_stands_in_for_no_second(world, gate):
    policy = world.policy(bundles=("clinical", "chaos"))
    decision = gate(world.bundle(), world.bundle(name="chaos"), policy=policy)
    assert decision.reasons == (
        "bundles 'clinical' and 'chaos' are one run, run-1; give each run once",
    )


def test_the_dev_split_certifies_nothing(world, gate):
    """It is what systems are built on."""
    dev = world.bundle(results=world.run(plan=Plan(split=Split.DEV)))
    held_out = world.bundle(results=world.run(plan=Plan(split=Split.HELD_OUT)))
    assert "looked at the dev split only" in gate(dev).reasons[0]
    assert gate(held_out).opens
    lenient = gate(dev, policy=world.policy(certifies=False))
    assert lenient.opens
    assert any("dev split only" in gap and "certifies nothing" in gap for gap in lenient.gaps)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"digests": {"image": "sha256:" + "99" * 32}}, "image sha256:1111"),
        ({"digests": {}}, "not stated"),
        ({"version": "2.0"}, "version '1.0' and '2.0'"),
        ({"name": "other"}, "name 'ward-assistant' and 'other'"),
    ],
)
def test_bundles_of_different_systems_are_refused(world, gate, changes, said):
    other = world.run(subject=replace(world.SUBJECT, **changes))
    decision = gate(world.bundle(), world.bundle(name="second", results=other))
    assert decision.outcome is Outcome.SHUT
    assert "'clinical' and 'second' speak of different systems" in decision.reasons[0]
    assert said in decision.reasons[0]


def test_the_expected_image_must_be_the_one_evaluated(world, gate):
    assert gate(world.bundle(), policy=world.policy(subject_digests={"image": world.IMAGE})).opens
    expected = "sha256:" + "99" * 32
    decision = gate(
        world.bundle(), policy=world.policy().tightened({}, subject_digests={"image": expected})
    )
    assert f"the gate expects {expected}" in decision.reasons[0]
    decision = gate(world.bundle(), policy=world.policy(subject_digests={"model": expected}))
    assert "of no stated digest" in decision.reasons[0]


@pytest.mark.parametrize(
    ("status", "interrupted", "said"),
    [
        (RunStatus.COMPLETE, "stopped by hand", "ended early: stopped by hand"),
        (RunStatus.ABORTED, None, "ended early: it was aborted"),
        (RunStatus.ABORTED, "stopped by hand", "ended early: stopped by hand"),
    ],
)
def test_an_early_end_is_unfinished_unless_a_violation_was_found(
    world, gate, status, interrupted, said
):
    clean = world.run(interrupted=interrupted)
    decision = gate(world.bundle(results=clean, status=status))
    assert decision.outcome is Outcome.UNFINISHED
    assert said in decision.reasons[0]
    violated = world.run({"safety.compliance": Status.FAIL}, interrupted=interrupted)
    decision = gate(world.bundle(results=violated, status=status))
    assert decision.outcome is Outcome.SHUT
    assert decision.reasons[0].startswith("safety.compliance is FAIL")
    assert said in decision.reasons[1]


@pytest.mark.parametrize(
    ("resumed", "outcome"), [(True, Outcome.UNFINISHED), (False, Outcome.OPENED)]
)
def test_a_run_that_was_continued_is_as_old_as_its_first_part(world, gate, resumed, outcome):
    """What lay half done for a season is not made fresh by its last stage."""
    results = replace(world.run(), started_at=timestamp(world.NOW - timedelta(days=90)))
    decision = gate(world.bundle(results=results, resumed=resumed))
    assert decision.outcome is outcome
    assert any("is stale" in reason for reason in decision.reasons) is resumed
