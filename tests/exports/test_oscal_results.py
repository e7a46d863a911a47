"""A run in OSCAL: NIST's schema takes it, and what no schema sees is followed by us."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.controls import load_catalogue
from clinigate.controls.oscal import oscal_catalog, oscal_profile
from clinigate.controls.oscal_lint import lint_profile
from clinigate.controls.oscal_results_lint import lint_results
from clinigate.controls.oscal_schema import schema_problems
from clinigate.core.results import Results
from clinigate.errors import IntegrityError, UsageError
from clinigate.pipeline.exports import Form, Material, exported
from clinigate.reports.build import build_report
from clinigate.reports.oscal_findings import findings_of
from clinigate.reports.oscal_results import checked_results, frameworks_of, oscal_results
from clinigate.reports.sealed import RecordFact

WAIVER = RecordFact(
    kind="waiver",
    about="audit.lost",
    signer="R. Okafor",
    reason="The store is exchanged in May.",
    requested_by="L. Brandt",
    measure="Rows are counted by hand each week.",
    expires_at="2026-12-01T00:00:00.000000Z",
    digest="sha256:" + "ef" * 32,
)


@pytest.fixture
def document(material: Callable[..., Material]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(exported(Form.OSCAL, material()).data)
    return made


def catalog_of(material: Callable[..., Material]) -> dict[str, Any]:
    return oscal_catalog(frameworks_of(material().report))


def findings(document: dict[str, Any]) -> dict[str, Any]:
    (result,) = document["assessment-results"]["results"]
    return {each["target"]["target-id"]: each for each in result["findings"]}


def test_nists_schema_takes_it_and_every_reference_leads_somewhere(
    material: Callable[..., Material], document: dict[str, Any]
) -> None:
    assert schema_problems(document) == ()
    assert lint_results(document, catalog_of(material)) == ()


def test_every_clause_has_its_finding_and_only_what_was_shown_is_satisfied(
    material: Callable[..., Material], document: dict[str, Any]
) -> None:
    """What passed and what failed under one clause is not satisfied, nor is what nobody saw."""
    catalogue = load_catalogue()
    names = frameworks_of(material().report)
    assert {"hipaa-security", "part11"} <= set(names)
    found = findings(document)
    assert len(found) == sum(len(catalogue.of(name)) for name in names)
    audit = found["hipaa-164.312-b_obj"]["target"]["status"]
    assert (audit["state"], audit["reason"], audit["remarks"]) == (
        "not-satisfied",
        "fail",
        "failed",
    )
    unseen = found["hipaa-164.312-e-1_obj"]
    assert unseen["target"]["status"]["state"] == "not-satisfied"
    assert unseen["target"]["status"]["remarks"] == "not assessed"
    assert "related-observations" not in unseen
    assert not [each for each in found.values() if each["target"]["status"]["state"] == "satisfied"]


def test_what_passed_is_satisfied_by_what_was_observed(material: Callable[..., Material]) -> None:
    """The same run without the criterion that fails, and without a gate that shuts."""
    results = material().results
    fine = replace(results, criteria=results.criteria[:1], verdicts=results.verdicts[:1])
    document = checked_results(fine, build_report(fine))
    clause = findings(document)["hipaa-164.312-b_obj"]
    assert clause["target"]["status"] == {
        "state": "satisfied", "reason": "pass", "remarks": "passed",
    }  # fmt: skip
    (seen,) = clause["related-observations"]
    (result,) = document["assessment-results"]["results"]
    (told,) = result["observations"]
    assert told["uuid"] == seen["observation-uuid"]
    assert {prop["name"]: prop["value"] for prop in told["props"]}["verdict"] == "PASS"


def test_the_evidence_has_the_digests_that_were_sealed(
    material: Callable[..., Material], document: dict[str, Any]
) -> None:
    sealed = material().examined.bundle.statement.files
    resources = document["assessment-results"]["back-matter"]["resources"]
    hashed = {
        each["title"]: each["rlinks"][0]["hashes"][0]["value"]
        for each in resources
        if "hashes" in each["rlinks"][0]
    }
    assert "results.json" in hashed
    assert any(name.startswith("blobs/") for name in hashed)
    assert all(sealed[name] == value for name, value in hashed.items())


def test_a_waiver_is_an_approved_deviation_with_a_deadline_and_no_satisfaction(
    material: Callable[..., Material],
) -> None:
    from clinigate.controls.standing import State

    given = material()
    report = replace(given.report, records=(WAIVER,))
    assert report.clauses is not None
    row = next(each for each in report.clauses.rows if each.id == "164.312(b)")
    waived = replace(row, state=State.WAIVED, until=WAIVER.expires_at)
    (finding,) = findings_of([waived], load_catalogue(), results=given.results, report=report)
    assert finding["target"]["status"]["state"] == "not-satisfied"
    document = oscal_results(given.results, report)
    assert schema_problems(document) == ()
    assert lint_results(document, catalog_of(material)) == ()
    (risk,) = document["assessment-results"]["results"][0]["risks"]
    assert finding["related-risks"] == [{"risk-uuid": risk["uuid"]}]
    assert (risk["status"], risk["deadline"]) == ("deviation-approved", WAIVER.expires_at)
    assert risk["mitigating-factors"][0]["description"] == WAIVER.measure


def test_people_who_signed_are_parties(material: Callable[..., Material]) -> None:
    signed = RecordFact(
        kind="sign-off", about="run", signer="Dr. M. Lindqvist, safety officer", reason="Reviewed.",
        meaning="review", signed_at="2026-08-21T12:00:00.000000Z", digest="sha256:" + "12" * 32,
    )  # fmt: skip
    given = material()
    document = oscal_results(given.results, replace(given.report, records=(signed,)))
    assert schema_problems(document) == ()
    assert lint_results(document, catalog_of(material)) == ()
    (party,) = document["assessment-results"]["metadata"]["parties"]
    assert party["name"] == signed.signer


def test_the_same_run_gives_the_same_bytes(sealed: Any) -> None:
    """Also at another time of day: nothing of the moment of the export is in it."""
    first = exported(Form.OSCAL, sealed.material()).data
    assert exported(Form.OSCAL, sealed.material()).data == first
    assert exported(Form.OSCAL_PROFILE, sealed.material()).data


def test_the_profile_selects_what_the_results_review(
    material: Callable[..., Material], document: dict[str, Any]
) -> None:
    profile = json.loads(exported(Form.OSCAL_PROFILE, material()).data)
    assert schema_problems(profile) == ()
    assert lint_profile(profile, catalog_of(material)) == ()
    (imported,) = profile["profile"]["imports"]
    (result,) = document["assessment-results"]["results"]
    (reviewed,) = result["reviewed-controls"]["control-selections"]
    selected = imported["include-controls"][0]["with-ids"]
    assert selected == [each["control-id"] for each in reviewed["include-controls"]]


def test_a_clause_that_nobody_knows_fails_the_export(material: Callable[..., Material]) -> None:
    results = material().results
    wrong = replace(results.criteria[0], controls=("164.312(b)", "164.999(z)"))
    other = replace(results, criteria=(wrong, *results.criteria[1:]))
    with pytest.raises(IntegrityError, match=r"164\.999\(z\).*which the catalog has not"):
        checked_results(other, build_report(other))


def test_a_run_that_speaks_to_no_clause_says_so(material: Callable[..., Material]) -> None:
    results = material().results
    own = replace(results, criteria=results.criteria[4:], verdicts=results.verdicts[4:])
    with pytest.raises(UsageError, match="none of its criteria speaks to a clause"):
        checked_results(own, build_report(own))


def dangling(result: dict[str, Any]) -> None:
    result["findings"][0]["related-observations"] = [
        {"observation-uuid": "9e1a5b0c-0000-5000-8000-000000000000"}
    ]


def foreign_control(result: dict[str, Any]) -> None:
    selected = result["reviewed-controls"]["control-selections"][0]["include-controls"]
    selected.append({"control-id": "hipaa-999.999-z"})


def foreign_target(result: dict[str, Any]) -> None:
    result["findings"][0]["target"]["target-id"] = "hipaa-999.999-z_obj"


def unobserved(result: dict[str, Any]) -> None:
    bare = next(each for each in result["findings"] if "related-observations" not in each)
    bare["target"]["status"]["state"] = "satisfied"


def twice(result: dict[str, Any]) -> None:
    result["findings"].append(copy.deepcopy(result["findings"][0]))


def nobody(result: dict[str, Any]) -> None:
    result["observations"][0]["origins"][0]["actors"][0]["actor-uuid"] = (
        "9e1a5b0c-0000-5000-8000-000000000000"
    )


def no_evidence(result: dict[str, Any]) -> None:
    result["observations"][0]["relevant-evidence"][0]["href"] = (
        "#9e1a5b0c-0000-5000-8000-000000000000"
    )


def backwards(result: dict[str, Any]) -> None:
    result["end"] = "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (dangling, "observation-uuid 9e1a5b0c"),
        (foreign_control, "reviews hipaa-999.999-z"),
        (foreign_target, "targets hipaa-999.999-z_obj"),
        (unobserved, "satisfied, and nothing was observed"),
        (twice, "stands twice"),
        (nobody, "actor-uuid 9e1a5b0c"),
        (no_evidence, "refers to #9e1a5b0c"),
        (backwards, "ends before it starts"),
    ],
)
def test_what_no_schema_sees_is_found(
    material: Callable[..., Material],
    document: dict[str, Any],
    spoil: Callable[[dict[str, Any]], None],
    said: str,
) -> None:
    """NIST's schema takes each of these documents without a word."""
    spoil(document["assessment-results"]["results"][0])
    assert schema_problems(document) == ()
    assert said in " ".join(lint_results(document, catalog_of(material)))


def test_the_schema_finds_what_is_no_oscal(document: dict[str, Any]) -> None:
    document["assessment-results"]["results"][0]["start"] = "2026-08-21T10:00:00"
    assert "start" in schema_problems(document)[0]
    assert schema_problems({"assessment-plan": {}}) == (
        "it is none of assessment-results, catalog, profile",
    )


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=60), name=st.text(min_size=1, max_size=30))
def test_whatever_strangers_say_it_stays_oscal(text: str, name: str) -> None:
    """Titles, reasons, versions and digests: blank, of several lines, turned around."""
    results = plain_results(text, name)
    document = oscal_results(results, build_report(results))
    assert schema_problems(document) == ()
    assert lint_results(document, oscal_catalog(frameworks_of(build_report(results)))) == ()


def plain_results(text: str, name: str) -> Results:
    from clinigate.core import Criterion, Kind, Measurement, Observation, Plan, Relation
    from clinigate.core.judgement import judge_all
    from clinigate.core.results import Subject

    criterion = Criterion("a.b", "a.b", Relation.BELOW, 0.5, title=text, controls=("164.312(b)",))
    seen = (Observation("CG-1", Measurement("a.b", Kind.RATE, 0.0, 100, events=0)),)
    (verdict,) = judge_all((criterion,), seen)
    return Results(
        run="20260821T100000000000Z-00000000",
        subject=Subject(name, text, MappingProxyType({name: text}), text),
        target=text,
        plan=Plan(),
        started_at="2026-08-21T10:00:00.000000Z",
        finished_at="2026-08-21T10:01:00.000000Z",
        criteria=(criterion,),
        verdicts=(replace(verdict, reason=text),),
        observations=seen,
    )


def test_the_profile_over_another_catalog_is_wrong(material: Callable[..., Material]) -> None:
    """The lint that passes ours finds a selection that the catalog has not."""
    profile = oscal_profile(("hipaa-security",))
    assert lint_profile(profile, oscal_catalog(("soc2",)))


def test_what_strangers_say_is_no_markup(material: Callable[..., Material]) -> None:
    """OSCAL reads titles and descriptions as Markdown with HTML in it; properties are plain."""
    from clinigate.reports.oscal_observations import prose

    said = json.dumps(oscal_results(material().results, material().report))
    assert "<img" not in said.replace("\\\\<", "")
    assert prose("[x](javascript:1) {{ insert: param, a }} <b> `c` *d* _e_ f_g &lt;") == (
        "\\[x](javascript:1) \\{\\{ insert: param, a }} \\<b> \\`c\\` \\*d\\* \\_e\\_ f_g \\&lt;"
    )
