"""What a waiver lets through, and what no signature lets through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinigate.controls import load_catalogue
from clinigate.core.verdict import Status
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.times import timestamp
from clinigate.gate.decision import decide
from clinigate.gate.entries import Effect, Outcome
from clinigate.gate.policy import Demand, Demanded
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.records import Attestation, Record, RecordSubject

UNSEEN = "crisis.false_negative_rate.unseen"


@pytest.fixture(scope="session")
def gate(world):
    def decided(statuses, *records, policy=None, bundle=None, now=world.NOW):
        return decide(
            policy or world.policy(),
            [bundle or world.bundle(statuses)],
            records=records,
            now=now,
            base_criteria=world.BASE,
        )

    return decided


def entry(decision, criterion_id):
    return next(each for each in decision.criteria if each.criterion.id == criterion_id)


WAIVABLE = (Status.FAIL, Status.INCONCLUSIVE, Status.NOT_ASSESSED)


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.PASS])
@pytest.mark.parametrize(
    ("criterion_id", "waivable"),
    [
        ("emotion.accuracy", WAIVABLE),
        ("latency.p99", WAIVABLE),
        (UNSEEN, (Status.INCONCLUSIVE, Status.NOT_ASSESSED)),
        ("crisis.false_negative_rate", ()),
        ("safety.compliance", ()),
    ],
)
def test_what_a_waiver_lets_through(world, gate, criterion_id, waivable, status):
    """Never an ERROR, never a zero-tolerance crisis criterion, never a proven rate of misses."""
    wished = {criterion_id: status}
    if status is Status.ERROR and criterion_id == UNSEEN:
        policy = world.policy(demands=(Demanded(UNSEEN, Demand.REQUIRED),))
    else:
        policy = None
    decision = gate(wished, world.waiver(criterion_id), policy=policy)
    assert decision.opens is (status in waivable)
    waived = entry(decision, criterion_id)
    assert waived.verdict.status is status
    assert waived.effect is (Effect.WAIVED if status in waivable else Effect.SHUTS)
    if status in waivable:
        how = "non-compliant" if status is Status.FAIL else "not shown"
        assert waived.note.startswith(f"{how}, risk accepted until 2026-07-01")
        assert waived.waiver.approver == "Ada Officer"
        assert any(gap.startswith(f"{criterion_id} is {status}") for gap in decision.gaps)
    else:
        assert "the waiver by Ada Officer does not count" in decision.reasons[0]


def test_a_waiver_also_covers_what_must_not_fail(world, gate):
    demands = tuple(
        Demanded(each, Demand.NO_FAIL if each == "latency.p99" else Demand.REQUIRED)
        for each in world.IDS
    )
    policy = world.policy(demands=demands)
    assert gate({"latency.p99": Status.FAIL}, world.waiver("latency.p99"), policy=policy).opens


def test_any_zero_tolerance_criterion_is_beyond_waivers(world, gate):
    """Also one whose name nobody foresaw."""
    strict = replace(world.BASE[0], id="house.rule", limit=1.0, zero_tolerance=True)
    for status in (Status.FAIL, Status.INCONCLUSIVE, Status.NOT_ASSESSED):
        decision = decide(
            world.policy(demands=(Demanded("house.rule", Demand.REQUIRED),)),
            [world.bundle({"emotion.accuracy": status})],
            records=[world.waiver("house.rule")],
            now=world.NOW,
            base_criteria=(strict,),
        )
        assert not decision.opens


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issued": "later"}, "counts from"),
        ({"expires": "now"}, "expired at"),
        ({"subject": "other run"}, "another run"),
        ({"subject": "other build"}, "another build"),
        ({"signers": "machine"}, "who signed it may not; in production that is for: compliance"),
    ],
)
def test_a_waiver_that_does_not_count_says_why(world, gate, changes, said):
    other = replace(world.SUBJECT, version="2.0")
    values = {
        "later": timestamp(world.NOW + timedelta(days=1)),
        "now": timestamp(world.NOW),
        "other run": RecordSubject.of_run("sha256:" + "77" * 32),
        "other build": RecordSubject.of_build(other),
        "machine": (replace(world.OFFICER, role="machine"),),
    }
    changed = {field: values[value] for field, value in changes.items()}
    decision = gate({"latency.p99": Status.FAIL}, world.waiver("latency.p99", **changed))
    assert decision.outcome is Outcome.SHUT
    assert any(said in gap for gap in decision.gaps)


def test_the_approvers_own_role_counts(world, gate):
    """An officer beside a developer who calls himself approver does not make him one."""
    developer = replace(world.OFFICER, name="Dev", role="developer", keyid="88" * 32)
    one = world.waiver("latency.p99")
    terms = replace(one.record.terms, approver="Dev")
    both = VerifiedRecord(
        replace(one.record, terms=terms, signers=(world.OFFICER, developer)), one.digest
    )
    assert not gate({"latency.p99": Status.FAIL}, both).opens


def test_a_policy_without_record_roles_accepts_no_waiver(world, gate):
    policy = world.policy(record_roles=())
    decision = gate({"latency.p99": Status.FAIL}, world.waiver("latency.p99"), policy=policy)
    assert not decision.opens
    assert any("that is for: nobody" in gap for gap in decision.gaps)


def test_a_waiver_of_the_build_outlives_the_run(world, gate):
    waiver = world.waiver("latency.p99", subject=RecordSubject.of_build(world.SUBJECT))
    later = world.bundle({"latency.p99": Status.FAIL}, statement_digest="sha256:" + "99" * 32)
    assert gate({}, waiver, bundle=later).opens


def test_a_build_that_looks_like_the_next_one_takes_no_waiver(world, gate):
    """Without version and digests it would speak of every build to come."""
    nameless = replace(world.SUBJECT, version="unversioned", digests={})
    results = world.run({"latency.p99": Status.FAIL}, subject=nameless)
    waiver = world.waiver("latency.p99", subject=RecordSubject.of_build(nameless))
    decision = gate({}, waiver, bundle=world.bundle(results=results))
    assert not decision.opens
    assert any("tell one build from the next" in gap for gap in decision.gaps)
    of_run = world.waiver("latency.p99")
    assert gate({}, of_run, bundle=world.bundle(results=results)).opens


@pytest.mark.parametrize(
    "changes",
    [
        {"problems": ("edited",)},
        {"status": RunStatus.INCOMPLETE},
        {"signed_by": ()},
        {"sealed_at": "2020-01-01T00:00:00.000000Z"},
    ],
)
def test_no_waiver_mends_a_bundle(world, gate, changes):
    waivers = [world.waiver(each) for each in world.IDS]
    assert not gate({}, *waivers, bundle=world.bundle(**changes)).opens


def test_the_longest_waiver_counts(world, gate):
    short = world.waiver("latency.p99", expires=timestamp(world.NOW + timedelta(days=2)))
    for records in ([short, world.waiver("latency.p99")], [world.waiver("latency.p99"), short]):
        decision = gate({"latency.p99": Status.FAIL}, *records)
        assert entry(decision, "latency.p99").waiver.until.startswith("2026-07-01")


# ---- clauses ----------------------------------------------------------------------------------


def control(control_id):
    return load_catalogue().get(control_id)


def attested(world, control_id, *, days=30, issued_ago=1):
    issued = world.NOW - timedelta(days=issued_ago)
    terms = Attestation(
        control_id, "sha256:" + "aa" * 32, timestamp(world.NOW + timedelta(days=days))
    )
    record = Record(
        subject=RecordSubject.of_system(world.SUBJECT),
        signers=(world.OFFICER,),
        reason="the roster of this year",
        issued=timestamp(issued),
        terms=terms,
    )
    return VerifiedRecord(record, "sha256:" + "bb" * 32)


AUTO, HYBRID, ATTEST = "164.312(c)(1)", "11.10(a)", "164.308(a)(2)"


@pytest.mark.parametrize(
    ("control_id", "attest", "fails", "status", "effect"),
    [
        (AUTO, False, False, Status.PASS, Effect.SATISFIED),
        (AUTO, True, True, Status.FAIL, Effect.SHUTS),
        (ATTEST, True, True, Status.PASS, Effect.SATISFIED),
        (ATTEST, False, False, Status.NOT_ASSESSED, Effect.SHUTS),
        (HYBRID, True, False, Status.PASS, Effect.SATISFIED),
        (HYBRID, False, False, Status.NOT_ASSESSED, Effect.SHUTS),
        (HYBRID, True, True, Status.FAIL, Effect.SHUTS),
        ("164.312(b)", True, False, Status.NOT_ASSESSED, Effect.SHUTS),
    ],
)
def test_a_clause_needs_what_its_mode_says(world, gate, control_id, attest, fails, status, effect):
    """Auto: criteria; attest: a document; hybrid: both; nothing that speaks to it: not assessed."""
    wished = dict.fromkeys(world.NEVER, Status.FAIL) if fails else {}
    records = [attested(world, control_id)] if attest else []
    policy = world.policy(controls=(control(control_id),))
    (clause,) = gate(wished, *records, policy=policy).controls
    assert (clause.status, clause.effect) == (status, effect)


def test_a_clause_that_is_not_shown_shuts_the_gate(world, gate):
    decision = gate({}, policy=world.policy(controls=(control(ATTEST),)))
    assert decision.outcome is Outcome.SHUT
    assert decision.reasons[0].startswith("45 CFR 164.308(a)(2) is NOT_ASSESSED")


def test_what_a_policy_only_reports_serves_no_clause(world, gate):
    demands = (
        Demanded("emotion.accuracy", Demand.REQUIRED),
        Demanded("safety.compliance", Demand.REPORT),
    )
    decision = gate({}, policy=world.policy(demands=demands, controls=(control(AUTO),)))
    assert decision.controls[0].status is Status.NOT_ASSESSED


@pytest.mark.parametrize("how", [{"days": -0.5}, {"issued_ago": 366, "days": 9}])
def test_a_stale_attestation_is_none(world, gate, how):
    policy = world.policy(controls=(control(ATTEST),))
    decision = gate({}, attested(world, ATTEST, **how), policy=policy)
    assert decision.controls[0].effect is Effect.SHUTS


def test_evidence_of_a_clause_goes_stale_before_the_bundle_does(world, gate):
    """164.312(c)(1) asks for evidence of the last 7 days, the policy for 30."""
    old = world.run(finished_at=timestamp(world.NOW - timedelta(days=8)))
    policy = world.policy(controls=(control(AUTO),))
    decision = gate({}, policy=policy, bundle=world.bundle(results=old))
    assert decision.controls[0].status is Status.INCONCLUSIVE
    assert "older than 7 days" in decision.reasons[0]


def test_a_waived_clause_reads_non_compliant(world, gate):
    policy = world.policy(controls=(control(ATTEST),))
    decision = gate({}, world.waiver(None, control=ATTEST), policy=policy)
    assert decision.opens
    (clause,) = decision.controls
    assert clause.status is Status.NOT_ASSESSED
    assert clause.reason.startswith("non-compliant, risk accepted until 2026-07-01")
    assert any(gap.startswith("45 CFR 164.308(a)(2): non-compliant") for gap in decision.gaps)


def test_a_waived_criterion_leaves_its_clause_non_compliant(world, gate):
    base = tuple(replace(each, controls=(AUTO,)) for each in world.BASE)
    decision = decide(
        world.policy(controls=(control(AUTO),)),
        [world.bundle({"latency.p99": Status.FAIL})],
        records=[world.waiver("latency.p99")],
        now=world.NOW,
        base_criteria=base,
    )
    assert decision.opens
    assert decision.controls[0].effect is Effect.WAIVED
    assert decision.controls[0].reason.startswith("non-compliant")


def test_no_waiver_of_a_clause_goes_over_a_criterion_that_shuts(world, gate):
    policy = world.policy(controls=(control(AUTO),))
    decision = gate(
        {"safety.compliance": Status.INCONCLUSIVE}, world.waiver(None, control=AUTO), policy=policy
    )
    assert decision.controls[0].effect is Effect.SHUTS
    assert not decision.opens
