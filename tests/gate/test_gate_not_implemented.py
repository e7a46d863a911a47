"""Clauses that are not kept: an Addressable one may be decided against, a Required one never.

45 CFR 164.306(d).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinigate.controls import Requirement, load_catalogue
from clinigate.core.verdict import Status
from clinigate.evidence.times import timestamp
from clinigate.gate.decision import decide
from clinigate.gate.entries import Effect
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.records import Decision, Record, RecordSubject, decode_record, encode_record

AUTO, ATTEST = "164.312(c)(1)", "164.308(a)(2)"


@pytest.fixture(scope="session")
def gate(world):
    def judged(statuses, *records, policy):
        return decide(
            policy,
            [world.bundle(statuses)],
            records=records,
            now=world.NOW,
            base_criteria=world.BASE,
        )

    return judged


def control(control_id):
    return load_catalogue().get(control_id)


def decided(world, control_id, *, days=30):
    """A documented decision not to implement a clause. 45 CFR 164.306(d)(3)."""
    terms = Decision(
        control_id,
        "sha256:" + "aa" * 32,
        timestamp(world.NOW + timedelta(days=days)),
        "the disks are encrypted by their maker",
    )
    record = Record(
        subject=RecordSubject.of_system(world.SUBJECT),
        signers=(world.OFFICER,),
        reason="the tablets hold no record",
        issued=timestamp(world.NOW - timedelta(days=1)),
        terms=terms,
    )
    return VerifiedRecord(record, "sha256:" + "cc" * 32)


ADDRESSABLE = "164.312(a)(2)(iv)"


def test_an_addressable_clause_may_rest_on_its_documented_decision(world, gate):
    policy = world.policy(controls=(control(ADDRESSABLE),))
    assert not gate({}, policy=policy).opens
    decision = gate({}, decided(world, ADDRESSABLE), policy=policy)
    assert decision.opens
    (clause,) = decision.controls
    assert (clause.status, clause.effect) == (Status.NOT_ASSESSED, Effect.SATISFIED)
    assert clause.reason.startswith("not implemented, by decision until 2026-07-01")
    assert clause.reason.endswith("the disks are encrypted by their maker")


def test_a_decision_ends(world, gate):
    policy = world.policy(controls=(control(ADDRESSABLE),))
    assert not gate({}, decided(world, ADDRESSABLE, days=-0.5), policy=policy).opens


@pytest.mark.parametrize("control_id", [ATTEST, AUTO, "164.308(a)(5)(i)", "164.308(a)(99)"])
def test_nobody_decides_against_a_required_clause_or_a_standard(world, gate, control_id):
    known = control_id in load_catalogue()
    policy = world.policy(controls=(control(control_id),) if known else ())
    decision = gate({}, decided(world, control_id), policy=policy)
    assert any(f"{control_id} is not Addressable" in gap for gap in decision.gaps)


def test_no_decision_goes_over_a_criterion_that_shuts(world):
    base = tuple(replace(each, controls=(ADDRESSABLE,)) for each in world.BASE)
    decision = decide(
        world.policy(controls=(control(ADDRESSABLE),)),
        [world.bundle({"latency.p99": Status.FAIL})],
        records=[decided(world, ADDRESSABLE)],
        now=world.NOW,
        base_criteria=base,
    )
    assert not decision.opens
    assert decision.controls[0].effect is Effect.SHUTS


def test_a_waived_required_clause_never_reads_conforming(world, gate):
    """A risk is accepted; the clause is not kept thereby."""
    required = load_catalogue().get(ATTEST)
    assert required.requirement is Requirement.REQUIRED
    policy = world.policy(controls=(required,))
    (clause,) = gate({}, world.waiver(None, control=ATTEST), policy=policy).controls
    assert clause.effect is Effect.WAIVED
    assert clause.status is not Status.PASS
    assert clause.reason.startswith("non-compliant, risk accepted until ")


def test_a_decision_reads_back_as_it_was_signed(world):
    record = decided(world, ADDRESSABLE).record
    assert decode_record(encode_record(record)) == record
    assert record.kind == "decision"
