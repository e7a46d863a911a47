"""What a report says of scope, gaps, traceability and people, and what it never leaves out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType

from clinigate.clinical.criteria import CRITERIA
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Gap, Observation
from clinigate.core.plan import Plan, Profile
from clinigate.core.verdict import Status
from clinigate.gate.bundles import GateInput
from clinigate.gate.decision import decide
from clinigate.gate.entries import Effect, Outcome
from clinigate.gate.policy import load_policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.record_terms import Terms
from clinigate.gate.records import (
    Attestation,
    Decision,
    Meaning,
    NamedSigner,
    Record,
    RecordSubject,
    SignOff,
)
from clinigate.phi.criteria import builtin_criteria as of_phi
from clinigate.reports import gateview
from clinigate.reports.build import build_report
from clinigate.reports.facts import environment_facts, fingerprint, moment
from clinigate.reports.model import Tone
from clinigate.reports.overall import headline
from clinigate.reports.people import record_facts


def test_only_a_full_run_that_met_everything_is_a_pass() -> None:
    every = [Status.PASS, Status.PASS]
    assert headline(every).word == "PASS"
    assert headline(every, sample=True).word == "SAMPLE – never a certification"
    assert headline(every, interrupted="out of time").word == "NOT CERTIFIED"
    assert headline([]).word == "NOT CERTIFIED"
    for status in set(Status) - {Status.PASS}:
        assert headline([*every, status]).word == "NOT CERTIFIED"
        assert headline([*every, status]).tone is not Tone.GOOD


def test_every_cover_says_what_it_does_not_show(examples: ModuleType) -> None:
    reports = examples.reports()
    for report in reports.values():
        assert report.not_shown[0].startswith("This is not a clinical trial")
        assert "No clinician has reviewed the scenarios yet." in report.not_shown
    assert any("UNSIGNED" in sentence for sentence in reports["sample"].not_shown)
    assert any("sample" in sentence for sentence in reports["sample"].not_shown)
    assert any("signature proves" in sentence for sentence in reports["clean"].not_shown)


def test_partly_reviewed_packs_are_counted(examples: ModuleType) -> None:
    first, *others = examples.PACKS
    run = replace(examples.clean(), packs=(replace(first, review="R. N., LCSW"), *others))
    report = build_report(run)
    assert "No clinician has reviewed 2 of 3 scenario packs." in report.not_shown
    assert [pack.reviewed for pack in report.packs] == [True, False, False]


def test_gaps_are_rows(examples: ModuleType) -> None:
    """Whatever is not PASS, not reviewed, not signed or not examined has a row of its own."""
    report = examples.reports()["defective"]
    listed = {(gap.kind, gap.what) for gap in report.gaps}
    for row in report.criteria:
        named = any(what == row.criterion for _, what in listed)
        assert named == (row.status not in (Status.PASS, Status.FAIL))
    assert ("Review", "Pack crisis-en 1.0.0") in listed
    assert ("Evidence", "L3 Trusted time") in listed
    assert ("People", "No sign-off recorded") not in listed


def test_gaps_of_a_bare_run(examples: ModuleType) -> None:
    plan = Plan(profile=Profile.PR, only_cases=frozenset({"a1"}))
    run = replace(examples.sample(), plan=plan, interrupted="interrupted by the user")
    kinds = {(gap.kind, gap.what) for gap in build_report(run).gaps}
    assert {
        ("Run", "The run ended early"),
        ("Run", "Sample of the cases"),
        ("Run", "1 chosen cases only"),
        ("Subject", "No digest of image or model"),
        ("Evidence", "Not sealed"),
    } <= kinds
    unsigned = build_report(run, None, examples.evidence(signed=False)).gaps
    assert ("Evidence", "UNSIGNED") in {(gap.kind, gap.what) for gap in unsigned}


def test_a_metric_that_nobody_judges_is_a_gap_and_an_orphan(examples: ModuleType) -> None:
    extra = (
        Observation("CG-X-NEW-001", Gap("new.metric", "not selected"), ("164.312(b)",)),
        Observation("CG-X-NEW-002", Measurement("odd.metric", Kind.RATE, 0.5, 2, events=1)),
    )
    run = replace(examples.clean(), observations=(*examples.clean().observations, *extra))
    report = build_report(run, catalogue=examples.CATALOGUE)
    assert ("Not assessed", "new.metric") in {(gap.kind, gap.what) for gap in report.gaps}
    orphans = [row for row in report.trace if not row.criterion]
    assert [(row.control, row.checks, row.status) for row in orphans] == [
        ("164.312(b)", ("CG-X-NEW-001",), None),
        ("", ("CG-X-NEW-002",), None),
    ]
    assert orphans[0].control_title == "unknown to the catalogues"


def test_every_criterion_is_traced_to_its_controls(examples: ModuleType) -> None:
    report = examples.reports()["defective"]
    traced = {(row.control, row.criterion) for row in report.trace}
    assert ("21 CFR 11.10(a)", "emotion.accuracy") in traced
    assert ("SOC 2 PI1.3", examples.FNR) in traced
    missed = next(row for row in report.trace if row.criterion == examples.FNR)
    assert missed.checks == ("CG-CLIN-CRISIS-001",)
    assert missed.evidence[0] == examples.digest(24)
    assert len(missed.evidence) + missed.more == 63


def test_what_was_not_recorded_apart_is_traced_to_the_sealed_results(
    examples: ModuleType,
) -> None:
    run = examples.clean()
    bare = replace(run, observations=tuple(replace(o, evidence=()) for o in run.observations))
    evidence = examples.evidence()
    results = next(file for file in evidence.files if file.path == "results.json")
    trace = build_report(bare, None, evidence, catalogue=examples.CATALOGUE).trace
    assert {(row.evidence, row.file) for row in trace} == {((results.sha256,), "results.json")}
    unsealed = build_report(bare, catalogue=examples.CATALOGUE).trace
    assert {(row.evidence, row.file) for row in unsealed} == {((), "")}


def test_a_criterion_without_control_or_check_keeps_its_line(examples: ModuleType) -> None:
    run = examples.results(())
    bare = replace(run, criteria=tuple(replace(each, controls=()) for each in run.criteria))
    trace = build_report(bare, catalogue=examples.CATALOGUE).trace
    assert len(trace) == len(run.criteria)
    assert {(row.control, row.checks) for row in trace} == {("", ())}


def test_the_shipped_catalogues_name_the_controls(examples: ModuleType) -> None:
    trace = build_report(examples.clean()).trace
    named = next(row for row in trace if row.control == "21 CFR 11.10(a)")
    assert named.control_title == "Validation of systems"


def test_every_effect_and_outcome_of_the_gate_has_its_word() -> None:
    assert set(gateview._TONES) == set(Effect)
    assert set(gateview._WORDS) == set(Outcome)


def test_a_real_decision_is_shown_whole(examples: ModuleType) -> None:
    """The gate judges again; its reasons that repeat a row are said once."""
    run = examples.defective()
    decision = decide(
        load_policy("demo", "development"),
        [GateInput(name="clinical", results=run)],
        now=datetime(2026, 3, 14, 9, 20, tzinfo=UTC),
        base_criteria=examples.CRITERIA,
        other_criteria=(*CRITERIA, *of_phi()),
    )
    report = build_report(run, decision)
    assert report.gate is not None
    assert not report.gate.opens
    by_id = {row.criterion: row for row in report.gate.rows}
    assert by_id[examples.FNR].tone is Tone.BAD
    assert by_id[examples.FNR].limit == "< 0.001"
    left = gateview.unsaid(report.gate.reasons, report.criteria)
    assert not [reason for reason in left if reason.startswith(examples.FNR)]


def test_waivers_come_with_the_decision(examples: ModuleType) -> None:
    report = examples.reports()["defective"]
    waiver, sign_off = report.records
    assert (waiver.kind, waiver.about) == ("waiver", "therapy.appropriateness")
    assert waiver.requested_by != waiver.signer
    assert sign_off.kind == "sign-off"
    row = next(row for row in report.gate.rows if row.criterion == waiver.about)
    assert (row.effect, row.status) == ("waived", Status.INCONCLUSIVE)


def test_records_of_people_are_told_by_kind(examples: ModuleType) -> None:
    signer = NamedSigner("Dr. M. Lindqvist", "clinical safety officer", examples.digest(1))
    subject = RecordSubject.of_build(examples.SUBJECT)
    time, later = "2026-03-14T12:40:00.000000Z", "2026-09-14T12:40:00.000000Z"
    terms: tuple[Terms, ...] = (
        SignOff(signer.name, time, Meaning.REVIEW),
        Attestation("11.10(i)", f"sha256:{examples.digest(2)}", later),
        Decision("164.312(a)(2)(iv)", f"sha256:{examples.digest(3)}", later, "disks are encrypted"),
    )
    listed = record_facts(
        VerifiedRecord(Record(subject, (signer,), "seen", time, each), f"sha256:{i:064x}")
        for i, each in enumerate(terms)
    )
    assert [(fact.kind, fact.meaning, fact.expires_at) for fact in listed] == [
        ("sign-off", "review", ""),
        ("attestation", "", later),
        ("decision", "", later),
    ]
    assert listed[0].about == f"build {subject.digest}"
    assert listed[1].about == "11.10(i)"
    assert listed[2].about == "164.312(a)(2)(iv)"
    assert {fact.signer for fact in listed} == {"Dr. M. Lindqvist, clinical safety officer"}


def test_environment_is_flattened_in_order(examples: ModuleType) -> None:
    facts = [(fact.label, fact.value) for fact in environment_facts(examples.evidence())]
    assert facts == sorted(facts)
    assert ("clinigate.editable", "no") in facts
    assert ("ci", "unknown") in facts
    numbers = replace(examples.evidence(), environment={"cpus": 1, "tags": ["a", "b"], "no": []})
    assert [fact.value for fact in environment_facts(numbers)] == ["1", "none", "a, b"]


def test_times_are_read_by_people_and_nonsense_stays(examples: ModuleType) -> None:
    assert moment("2026-03-14T09:15:02.000000Z") == "2026-03-14 09:15:02 UTC"
    assert moment("2026-03-14T10:15:02+01:00") == "2026-03-14 09:15:02 UTC"
    assert moment("yesterday") == "yesterday"
    run = replace(examples.clean(), finished_at="2026-03-14T11:00:00")
    evaluated = {fact.label: fact.value for fact in build_report(run).cover}["Evaluated"]
    assert evaluated == "2026-03-14 09:15:02 UTC to 2026-03-14T11:00:00"


def test_a_fingerprint_is_grouped_for_the_eye() -> None:
    assert fingerprint("0123456789abcdef") == "01234567 89abcdef"
