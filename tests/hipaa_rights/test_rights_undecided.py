"""What could not be tried is told with what to configure, and never passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clinic import Clinic, tables

from clinigate.config.hipaa import HipaaTable
from clinigate.core.verdict import Status

PARTS = {
    "psychotherapy_notes": "psychotherapy",
    "authorization": "authorization",
    "consent_scope": "consent",
    "consent_expiry": "consent",
    "fhir_consent": "directive",
    "restriction": "restriction",
    "opt_out": "opt_out",
    "research_release": "research",
}


@pytest.mark.parametrize(("name", "part"), PARTS.items())
def test_without_its_table_it_is_not_assessed(
    name: str, part: str, at_clinic: Any, see: Any
) -> None:
    seen = see(name, at_clinic(**{f"rights__{part}": None}))
    assert seen.status is Status.NOT_ASSESSED
    assert f"[hipaa.rights.{part}]" in seen.told


@pytest.mark.parametrize("name", PARTS)
def test_nothing_is_written_where_patients_are_served(
    name: str, clinic: Clinic, at_clinic: Any, see: Any
) -> None:
    for put in ({"safety": {"production": True}}, {"test_environment": False}):
        assert see(name, at_clinic(**put)).status is Status.NOT_ASSESSED
    assert clinic.asked == []


#: Probe, what is left out of its table, and what is told of it.
LEFT_OUT = [
    ("consent_scope", {"consent__withdraw": None}, "[hipaa.rights.consent] withdraw"),
    ("consent_scope", {"consent__sources": ["watch"], "consent__kinds": ["steps"]}, "one each"),
    ("authorization", {"authorization__revoke": None}, "[hipaa.rights.authorization] revoke"),
    ("authorization", {"authorization__disclosures": None}, "authorization] disclosures"),
    ("psychotherapy_notes", {"authorization": None}, "give [hipaa.rights.authorization]"),
    ("research_release", {"research__approve": None}, "[hipaa.rights.research] approve or"),
    ("research_release", {"research__withdraw": None}, "[hipaa.rights.research] withdraw"),
]


@pytest.mark.parametrize(("name", "put", "told"), LEFT_OUT)
def test_a_part_that_is_left_out_forbids_a_pass(
    name: str, put: dict[str, Any], told: str, at_clinic: Any, see: Any
) -> None:
    seen = see(name, at_clinic(**{f"rights__{key}": value for key, value in put.items()}))
    assert seen.status is Status.INCONCLUSIVE
    assert told in seen.told


#: Probe, what of the clinic answers 500, and how it ends.
FALLEN = [
    ("consent_scope", "POST people", Status.ERROR),
    ("consent_scope", "POST agreed", Status.ERROR),
    ("consent_scope", "GET values", Status.INCONCLUSIVE),
    ("consent_scope", "DELETE agreed", Status.INCONCLUSIVE),
    ("consent_expiry", "POST agreed", Status.ERROR),
    ("psychotherapy_notes", "POST people", Status.ERROR),
    ("consent_expiry", "GET values", Status.INCONCLUSIVE),
    ("authorization", "POST papers", Status.ERROR),
    ("authorization", "POST told", Status.INCONCLUSIVE),
    ("authorization", "GET told", Status.INCONCLUSIVE),
    ("authorization", "DELETE papers", Status.INCONCLUSIVE),
    ("psychotherapy_notes", "POST in", Status.ERROR),
    ("psychotherapy_notes", "POST diary", Status.ERROR),
    ("psychotherapy_notes", "GET diary", Status.INCONCLUSIVE),
    ("psychotherapy_notes", "GET all", Status.INCONCLUSIVE),
    ("psychotherapy_notes", "POST papers", Status.ERROR),
    ("fhir_consent", "GET plan", Status.INCONCLUSIVE),
    ("fhir_consent", "POST no", Status.INCONCLUSIVE),
    ("restriction", "GET chart", Status.INCONCLUSIVE),
    ("restriction", "DELETE no", Status.INCONCLUSIVE),
    ("opt_out", "GET list", Status.INCONCLUSIVE),
    ("research_release", "POST boards", Status.ERROR),
    ("research_release", "POST data", Status.INCONCLUSIVE),
    ("research_release", "DELETE boards", Status.INCONCLUSIVE),
]


@pytest.mark.parametrize(("name", "what", "status"), FALLEN)
def test_a_service_that_breaks_decides_nothing(
    name: str, what: str, status: Status, clinic: Clinic, at_clinic: Any, see: Any
) -> None:
    clinic.broken[what] = 500
    seen = see(name, at_clinic())
    # What could not be tried at all is a gap.
    assert seen.status in (status, Status.NOT_ASSESSED)
    assert "500" in seen.told
    if what != "POST people":
        assert not [each for each in clinic.kept.values() if each["kind"] == "person"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("consent_scope", "GET values"),
        ("consent_expiry", "GET values"),
        ("authorization", "POST told"),
        ("psychotherapy_notes", "GET diary"),
        ("fhir_consent", "GET plan"),
        ("restriction", "GET plan"),
        ("opt_out", "GET list"),
        ("research_release", "POST data"),
    ],
)
def test_who_refuses_everything_shows_nothing(
    name: str, what: str, clinic: Clinic, at_clinic: Any, see: Any
) -> None:
    clinic.broken[what] = 403
    assert see(name, at_clinic()).status in (Status.INCONCLUSIVE, Status.NOT_ASSESSED)


@pytest.mark.parametrize("status", [302, 401, 405, 429])
def test_who_answers_of_something_else_shows_nothing(
    status: int, clinic: Clinic, at_clinic: Any, see: Any
) -> None:
    clinic.broken["POST data"] = status
    seen = see("research_release", at_clinic())
    assert seen.status in (Status.INCONCLUSIVE, Status.NOT_ASSESSED)
    assert f"it answers {status}, which says nothing of a patient's will" in seen.told


def test_a_no_that_shuts_everybody_out_shows_nothing(
    clinic: Clinic, at_clinic: Any, see: Any
) -> None:
    clinic.flaws.add("no-is-for-all")
    seen = see("restriction", at_clinic())
    assert seen.status is Status.INCONCLUSIVE
    assert "of another patient" in seen.told


def test_a_note_that_no_authorization_shows_is_not_known_to_be_hidden(
    clinic: Clinic, at_clinic: Any, see: Any
) -> None:
    clinic.flaws.add("hides-the-diary")
    seen = see("psychotherapy_notes", at_clinic())
    assert seen.status is Status.INCONCLUSIVE
    assert "mend [hipaa.rights.psychotherapy] read" in seen.told


def test_a_role_without_credentials_is_named(at_clinic: Any, see: Any) -> None:
    roles = {"therapist": {"login": "t", "password_env": "MISSING"}}
    seen = see("psychotherapy_notes", at_clinic(roles=roles))
    assert seen.status is Status.ERROR
    assert "[hipaa.roles.therapist] password_env" in seen.told
    seen = see("psychotherapy_notes", at_clinic(roles={}))
    assert seen.status is Status.ERROR
    assert "[hipaa.roles.therapist] is missing" in seen.told


def test_a_known_approval_shows_what_it_can(clinic: Clinic, at_clinic: Any, see: Any) -> None:
    clinic.kept["board-7"] = {"kind": "boards", "study": "sleep"}
    research = {**tables()["rights"]["research"], "approval": "board-7", "study": "sleep"}
    del research["approve"]
    seen = see("research_release", at_clinic(rights__research=research))
    assert seen.status is Status.INCONCLUSIVE
    assert "expired or was withdrawn" in seen.told
    clinic.flaws.add("any-study")
    assert see("research_release", at_clinic(rights__research=research)).status is Status.FAIL


def test_consent_that_cannot_expire_is_not_assessed(at_clinic: Any, see: Any) -> None:
    body = {"person": "{{patient}}", "from": "{{source}}", "what": "{{kind}}"}
    give = {"path": "/agreed", "body": body, "answer": "made.number"}
    seen = see("consent_expiry", at_clinic(rights__consent__give=give))
    assert seen.status is Status.NOT_ASSESSED
    assert "{{expires}}" in seen.told


def test_a_core_element_is_one_that_is_sent() -> None:
    table = tables()
    table["rights"]["authorization"]["core"] = ["signature"]
    with pytest.raises(ValueError, match="core names signature"):
        HipaaTable.model_validate(table)


@pytest.mark.parametrize("ahead_s", [-90, 90])
def test_time_is_that_of_the_service(
    ahead_s: int, clinic: Clinic, at_clinic: Any, see: Callable[..., Any]
) -> None:
    clinic.ahead = timedelta(seconds=ahead_s)
    # A short consent ends within the inaccuracy of a header of whole seconds.
    premises = at_clinic(rights__expires_in_s=1.2)
    assert see("consent_expiry", premises).status is Status.PASS
    clinic.flaws.add("agreed-never-expire")
    assert see("consent_expiry", premises).status is Status.FAIL


def test_a_clock_that_stands_still_decides_nothing(
    clinic: Clinic, at_clinic: Any, see: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinigate.hipaa.probes.rights.times._LONGEST_S", 0.3)
    clinic.stands_still = datetime.now(UTC) - timedelta(seconds=1)
    clinic.flaws.add("agreed-never-expire")
    seen = see("consent_expiry", at_clinic())
    assert "does not go on" in seen.told


def test_a_kind_that_there_is_not_shows_nothing(clinic: Clinic, at_clinic: Any, see: Any) -> None:
    """It is refused whatever was agreed to."""
    clinic.flaws.add("knows-no-words")
    seen = see("consent_scope", at_clinic())
    assert seen.status is Status.INCONCLUSIVE, seen.told
    assert "words of watch, agreed to by itself" in seen.told
