"""Policies that ask for signatures: each demand needs a person of its own, and nothing less."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import PolicyError
from clinigate.evidence.times import timestamp
from clinigate.gate.entries import Outcome
from clinigate.gate.policy import SignOffDemand, load_policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.records import Meaning, NamedSigner, Record, RecordSubject, SignOff
from clinigate.gate.sign_offs import unmet

NAMES = ("Ada Officer", "Cy Developer", "Rhea Reviewer")
ROLES = ("qa", "lead")
demands = st.builds(SignOffDemand, st.sampled_from(Meaning), st.sampled_from(ROLES))
signed = st.tuples(st.sampled_from(NAMES), st.sampled_from(Meaning), st.sampled_from(ROLES))


def sign_off(world, name, meaning=Meaning.APPROVAL, role="qa", **changes):
    at = timestamp(changes.pop("at", world.NOW))
    keyid = changes.pop("keyid", "77" * 32)
    given = {
        "subject": RecordSubject.of_run(world.STATEMENT),
        "signers": (NamedSigner(name, role, keyid),),
        "reason": "the report was read",
        "issued": at,
        "terms": SignOff(name, at, meaning),
    }
    return VerifiedRecord(Record(**{**given, **changes}), f"sha256:{keyid}")


@pytest.fixture
def asking(world):
    def policy(*asked):
        return world.policy(sign_offs=tuple(SignOffDemand(*each) for each in asked))

    return policy


APPROVAL, REVIEW = (Meaning.APPROVAL, "qa"), (Meaning.REVIEW, "lead")


def test_missing_it_shuts_and_there_it_opens(world, gate, asking):
    shut = gate(world.bundle(), policy=asking(APPROVAL))
    assert shut.outcome is Outcome.SHUT
    assert "lacks a sign-off: approval by the role qa" in shut.reasons[0]
    there = gate(world.bundle(), policy=asking(APPROVAL), records=[sign_off(world, "Ada")])
    assert there.outcome is Outcome.OPENED


def test_two_sign_offs_of_one_person_are_one(world, gate, asking):
    """Another key, another spelling, another meaning: it is still one person."""
    policy = asking(APPROVAL, REVIEW)
    one = sign_off(world, "Ada Officer")
    same = sign_off(world, "OFFICER, Áda", *REVIEW, keyid="88" * 32)
    assert gate(world.bundle(), policy=policy, records=[one, same]).outcome is Outcome.SHUT
    other = sign_off(world, "Rhea Reviewer", *REVIEW, keyid="99" * 32)
    assert gate(world.bundle(), policy=policy, records=[one, other]).outcome is Outcome.OPENED


def test_each_bundle_needs_its_own(world, gate, asking):
    first = world.bundle()
    run = world.run(run="run-2")
    second = world.bundle(name="second", results=run, statement_digest="sha256:" + "ab" * 32)
    decision = gate(first, second, policy=asking(APPROVAL), records=[sign_off(world, "Ada")])
    assert decision.outcome is Outcome.SHUT
    assert all("'second' lacks a sign-off" in reason for reason in decision.reasons)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"role": "machine"}, "a machine's key signed it"),
        ({"at": timedelta(days=-3)}, "before the run was sealed"),
        ({"at": timedelta(days=1)}, "it counts from"),
    ],
)
def test_one_that_does_not_count_says_why(world, gate, asking, changes, told):
    if "at" in changes:
        changes = {"at": world.NOW + changes["at"]}
    decision = gate(
        world.bundle(), policy=asking(APPROVAL), records=[sign_off(world, "Ada", **changes)]
    )
    assert decision.outcome is Outcome.SHUT
    assert any(told in gap for gap in decision.gaps)


def test_one_of_another_run_does_not_count(world, gate, asking):
    elsewhere = RecordSubject.of_run("sha256:" + "cd" * 32)
    record = sign_off(world, "Ada", subject=elsewhere)
    assert gate(world.bundle(), policy=asking(APPROVAL), records=[record]).outcome is Outcome.SHUT


@given(asked=st.lists(demands, max_size=4), held=st.lists(signed, max_size=6))
def test_the_demands_are_met_as_far_as_anybody_could(world, asked, held):
    """The count of unmet demands is the least over all ways to share them out among people."""
    records = [sign_off(world, *each).record for each in held]
    left = unmet(asked, records)
    can = {(name, SignOffDemand(meaning, role)) for name, meaning, role in held}
    people = [*NAMES, *(f"nobody {number}" for number in range(len(asked)))]
    least = min(
        sum((person, demand) not in can for person, demand in zip(order, asked, strict=False))
        for order in permutations(people, len(asked))
    )
    assert len(left) == least
    assert all(demand in asked for demand in left)


POLICY = """\
schema = "clinigate.policy/1"
name = "p"
[[criteria]]
id = "emotion.accuracy"
demand = "required"
[environments.production]
{inside}
"""


def test_a_policy_file_says_who_must_sign_and_for_how_long_a_risk_is_accepted(tmp_path):
    path = tmp_path / "policy.toml"
    inside = (
        'sign_offs = [{meaning = "approval", role = "qa"}]\n'
        'records = {roles = ["qa"], max_waiver_days = 90}'
    )
    path.write_text(POLICY.format(inside=inside))
    policy = load_policy(str(path), "production")
    assert policy.sign_offs == (SignOffDemand(Meaning.APPROVAL, "qa"),)
    assert policy.max_waiver_days == 90
    assert policy.digest != replace(policy, sign_offs=()).digest
    assert policy.digest != replace(policy, max_waiver_days=180).digest


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ('sign_offs = [{meaning = "consent", role = "qa"}]', "sign_offs"),
        ('sign_offs = [{meaning = "review"}]', "role"),
        ('sign_offs = [{meaning = "review", role = "machine"}]', "a sign-off is a person's"),
        ("records = {max_waiver_days = 181}", "max_waiver_days"),
        ("records = {max_waiver_days = 0}", "max_waiver_days"),
        ("records = {max_waiver_days = true}", "max_waiver_days"),
    ],
)
def test_a_policy_that_asks_for_the_impossible_is_refused(tmp_path, inside, told):
    path = tmp_path / "policy.toml"
    path.write_text(POLICY.format(inside=inside))
    with pytest.raises(PolicyError, match=told) as caught:
        load_policy(str(path), "production")
    assert str(path) in str(caught.value)
