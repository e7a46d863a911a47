"""What the sections say: scope, system, traceability both ways, test records, evidence index."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib import resources
from types import ModuleType

import pytest

from clinigate.clinical.criteria import CRITERIA
from clinigate.controls import load_catalogue
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.pipeline.criteria import producer_criteria
from clinigate.reports.backtrace import backward, orphans
from clinigate.reports.build import build_report
from clinigate.reports.evidenceindex import evidence_index
from clinigate.reports.facts import environment_facts
from clinigate.reports.html import render_html
from clinigate.reports.model import Report
from clinigate.reports.sealed import BlobFact, EvidenceFacts, FileFact
from clinigate.reports.system import system_view
from clinigate.reports.tried import asked_by, tried_for


@pytest.fixture(scope="module")
def report(examples: ModuleType) -> Report:
    made: Report = examples.reports()["defective"]
    return made


def test_whatever_a_criterion_judges_somebody_has_said_how_it_is_tried() -> None:
    for criterion in (*CRITERIA, *producer_criteria()):
        tried = tried_for(criterion.metric)
        assert tried is not None, criterion.metric
        assert all((tried.sends, tried.looks_at, tried.cannot_see)), criterion.metric
    assert tried_for("unheard.of") is None


def test_plain_words_are_of_clauses_that_exist() -> None:
    catalogue = load_catalogue()
    folder = resources.files("clinigate.reports") / "words"
    clauses = tomllib.loads((folder / "clauses.toml").read_text(encoding="utf-8"))
    assert [clause for clause in clauses if clause not in catalogue] == []
    assert all(asked_by(control.id) for control in catalogue.of("hipaa-security"))
    assert asked_by("no.such") == ""


def test_a_clause_says_what_it_asks_for_what_was_tried_and_what_stays_unseen(
    report: Report,
) -> None:
    assert report.clauses is not None
    row = next(row for row in report.clauses.rows if row.id == "11.10(a)")
    page = render_html(report)
    assert row.asks in page
    assert row.trials
    assert sum(len(tests) for _, tests in row.trials) == len(row.criteria)
    for tried, _ in row.trials:
        assert tried is not None
        assert tried.cannot_see[1:] in page


def test_scope_and_exclusions_are_all_there_is(examples: ModuleType) -> None:
    made = build_report(examples.clean())
    assert made.scoping is not None
    assert made.clauses is not None
    for scope, group in zip(made.scoping.rows, made.clauses.groups, strict=True):
        out = [citation for each in scope.excluded for citation in each.citations]
        assert sorted((*scope.inside, *out)) == sorted(row.citation for row in group.rows)
        assert all(each.why for each in scope.excluded)
        assert scope.outside == len(out)
    assert made.scoping.digest == load_catalogue().digest


def test_the_system_says_what_binds_it_and_what_does_not(examples: ModuleType) -> None:
    environment = {
        "inputs": {
            "manifests": {"digest": "sha256:ab"},
            "odd": {"paths": []},
            "api": "sha256:cd",
            "policy": "sha256:ef",
            "clinigate": "version:0.1.0",
            "version": "version:3",
        },
        "git": {"commit": "0123abc", "dirty": True},
    }
    evidence = EvidenceFacts(bundle="b", environment=environment)
    system = system_view(examples.clean(), evidence)
    bound = {part.name: part.digest for part in system.parts if not part.missing}
    missing = {part.name for part in system.parts if part.missing}
    assert bound.keys() == {"image", "model", "manifests", "api"}
    assert missing == {"Prompt", "Configuration", "Data"}
    labels = {fact.label for fact in environment_facts(evidence)}
    assert labels == {"git.commit", "git.dirty"}, "a digest stands once, with the system"
    assert system.revision == "0123abc, with changes that nobody committed"
    clean = replace(evidence, environment={"git": {"commit": "0123abc", "dirty": False}})
    assert system_view(examples.clean(), clean).revision == "0123abc"
    assert system_view(examples.clean(), None).revision == ""
    assert system_view(examples.clean(), replace(evidence, environment={"git": None})).parts


def test_each_criterion_has_a_test_record_with_expected_and_actual(report: Report) -> None:
    for row in report.criteria:
        assert row.test is not None
        assert row.limit in row.test.expected
        assert row.test.actual == row.reason
        assert row.test.risks == ()
    page = render_html(report)
    assert page.count("<summary>Test record</summary>") == len(report.criteria)
    assert page.count("<dd>none declared</dd>") == len(report.criteria)


def test_declared_risks_stand_in_the_record_and_in_the_matrix(examples: ModuleType) -> None:
    made = build_report(
        examples.clean(), catalogue=examples.CATALOGUE, risks={examples.FNR: ("RC-7", "RC-9")}
    )
    page = render_html(made)
    assert page.count("RC-7, RC-9") >= 2
    row = next(row for row in made.criteria if row.criterion == examples.FNR)
    assert row.test is not None
    assert row.test.risks == ("RC-7", "RC-9")


def test_a_risk_control_is_declared_for_many_criteria_and_one_without_a_verdict_is_named(
    examples: ModuleType,
) -> None:
    run = examples.clean()
    metric = next(each.metric for each in run.criteria if each.id == examples.FNR)
    risks = {"nowhere.*": ("RC-1", "RC-2"), f"{metric[:-1]}?": ("RC-2",), metric: ("RC-3", "RC-2")}
    made = build_report(run, catalogue=examples.CATALOGUE, risks=risks)
    test = next(row.test for row in made.criteria if row.criterion == examples.FNR)
    assert test is not None
    assert test.risks == ("RC-2", "RC-3")
    named = {title: names for title, names, _ in orphans(made)}
    assert named["Risk controls declared that no verdict speaks to"] == ("RC-1",)


def test_from_each_digest_the_way_leads_back(report: Report) -> None:
    forward = {(d, row.criterion) for row in report.trace for d in row.evidence if row.criterion}
    back = {(each.digest, name) for each in backward(report) for name in each.criteria}
    assert forward == back
    assert forward


def test_orphans_of_every_kind_are_named(examples: ModuleType) -> None:
    run = examples.clean()
    first, *others = run.criteria
    stray = Observation("CG-STRAY-X-001", Measurement("stray", Kind.RATE, 0.0, 9, events=0))
    odd = replace(
        run,
        criteria=(replace(first, controls=()), *others),
        observations=tuple(
            replace(each, controls=()) if each.about.metric == first.metric else each
            for each in (*run.observations, stray)
            if each.about.metric != others[-1].metric
        ),
    )
    named = {title: names for title, names, _ in orphans(build_report(odd))}
    assert first.id in named["Criteria that serve no clause"]
    assert others[-1].id in named["Criteria that no check spoke to"]
    assert named["Checks whose observations no criterion judges"] == ("CG-STRAY-X-001",)
    fine = {title: names for title, names, _ in orphans(build_report(run))}
    assert fine["Checks whose observations no criterion judges"] == ()
    assert fine["Criteria that no check spoke to"] == ()


def test_the_index_says_who_collected_what_and_when() -> None:
    evidence = EvidenceFacts(
        bundle="b",
        sealed_at="2026-03-14T09:19:00Z",
        files=(
            FileFact("blobs/sha256/aa/aa1", "aa1", 10),
            FileFact("blobs/sha256/bb/bb1", "bb1", 10),
            FileFact("blobs/sha256/cc/cc1", "cc1", 10),
            FileFact("results.json", "dd1", 10),
            FileFact("spool/chaos-17.ndjson", "ee1", 10),
        ),
        blobs=(
            BlobFact("aa1", "text/html", "hipaa-3", "2026-03-14T09:16:00Z", redacted=True),
            BlobFact("bb1", "image/png", "pytest-4", "2026-03-14T09:17:00Z", redacted=False),
        ),
    )
    text, picture, unknown, results, spool = evidence_index(evidence)
    assert (text.media, text.collector, text.collected) == (
        "text/html", "hipaa-3", "2026-03-14T09:16:00Z",
    )  # fmt: skip
    assert "removed" in text.redaction
    assert "nobody could look" in picture.redaction
    assert (unknown.collector, unknown.redaction) == ("not recorded", "not recorded")
    assert (results.media, results.collected) == ("application/json", "2026-03-14T09:19:00Z")
    assert spool.collector == "chaos-17"
    assert evidence_index(None) == ()


def test_a_page_does_not_grow_with_what_no_criterion_judges(examples: ModuleType) -> None:
    """Five thousand more observations are summed up, not listed."""
    run = examples.clean()
    small = render_html(build_report(run, catalogue=examples.CATALOGUE))
    more = tuple(
        Observation("CG-STRAY-X-001", Measurement("stray", Kind.RATE, 0.0, n, events=0))
        for n in range(1, 5001)
    )
    run = replace(run, observations=(*run.observations, *more))
    large = render_html(build_report(run, catalogue=examples.CATALOGUE))
    assert len(large) < len(small) + 5_000
