"""The reference service keeps what patients said, and asks it before each use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clinigate.hipaa.actors import bearer_of
from clinigate.hipaa.premises import Premises
from clinigate.targets.service import Answer, Request

_LATER = "2099-12-31T00:00:00Z"
_AUTHORIZATION = {
    "purpose": "research", "recipient": "institute", "description": "Sleep.",
    "signed_by": "Ann Example", "expires_at": _LATER,
}  # fmt: skip

Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def ask(clean: Premises) -> Ask:
    """Sends a request, as the target or as a role, which logs in once."""
    tokens: dict[str, str] = {}

    def send(method: str, path: str, body: Any = None, *, role: str | None = None) -> Answer:
        assert clean.service is not None
        request = Request(method, path, body)
        if role is None:
            return clean.service.send(request)
        if role not in tokens:
            tokens[role] = bearer_of(clean, role)
        return clean.service.send_as(request, {"Authorization": f"Bearer {tokens[role]}"})

    return send


@pytest.fixture
def patient(ask: Ask) -> Iterator[str]:
    """The address of a new patient of the north."""
    made = ask("POST", "/v1/patients", {"facility": "north", "family_name": "Xylander"})
    where = f"/v1/patients/{made.body['id']}"
    yield where
    ask("DELETE", where)


def _code(answer: Answer) -> tuple[int, Any]:
    return answer.status, None if answer.served else answer.body["error"]["code"]


def test_the_law_asks_nobody(ask: Ask, patient: str) -> None:
    ask("POST", f"{patient}/restrictions", {"purpose": "payment", "recipient": "registry"})
    told = {"recipient": "registry", "purpose": "public_health", "description": "A report."}
    assert ask("POST", f"{patient}/disclosures", told).status == 201


def test_a_restriction_without_a_service_is_of_all(ask: Ask, patient: str) -> None:
    ask("POST", f"{patient}/restrictions", {"purpose": "payment", "recipient": "payer"})
    told = {"recipient": "payer", "purpose": "payment", "description": "A visit."}
    for more in ({}, {"service": "visit-1"}):
        assert _code(ask("POST", f"{patient}/disclosures", {**told, **more})) == (403, "restricted")
    assert ask("POST", f"{patient}/disclosures", {**told, "recipient": "another"}).served


def test_who_wrote_a_psychotherapy_note_reads_it(ask: Ask, patient: str) -> None:
    note = {"kind": "psychotherapy", "text": "A synthetic note."}
    ask("POST", f"{patient}/notes", note, role="clinician_north")
    place = f"{patient}/psychotherapy-notes"
    found = ask("GET", place, role="clinician_north").body["notes"]
    assert [each["text"] for each in found] == ["A synthetic note."]
    assert _code(ask("GET", place, role="nurse_north")) == (403, "authorization_required")


def test_an_objection_to_one_thing_leaves_the_other(ask: Ask, patient: str) -> None:
    def listed() -> list[Any]:
        found = ask("GET", "/v1/directory?family_name=Xylander").body["patients"]
        return [each["id"] for each in found if patient.endswith(each["id"])]

    assert len(listed()) == 1
    ask("POST", f"{patient}/objections", {"to": "directory"})
    assert listed() == []
    assert ask("GET", f"{patient}/condition").served
    ask("POST", f"{patient}/objections", {"to": "family"})
    assert _code(ask("GET", f"{patient}/condition")) == (403, "objected")


def test_data_is_taken_and_read_by_consent(ask: Ask, patient: str) -> None:
    datum = {"source": "wearable", "kind": "sleep", "value": "7.5"}
    assert _code(ask("POST", f"{patient}/data", datum)) == (403, "consent_required")
    said = {"source": "wearable", "kind": "sleep", "text": "2026-11"}
    assert ask("POST", f"{patient}/consents", said).status == 201
    assert ask("POST", f"{patient}/data", datum).status == 201
    found = ask("GET", f"{patient}/data?source=wearable&kind=sleep").body
    assert found["values"] == ["7.5"]


def test_what_was_said_is_listed_with_its_version_and_times(ask: Ask, patient: str) -> None:
    said = {"source": "wearable", "kind": "sleep", "text": "2026-11", "expires_at": _LATER}
    made = ask("POST", f"{patient}/consents", said).body
    assert ask("DELETE", f"{patient}/consents/{made['id']}").served
    (found,) = ask("GET", f"{patient}/consents").body["consents"]
    assert found["text"] == "2026-11"
    assert found["expires_at"] == "2099-12-31T00:00:00.000+00:00"
    assert found["at"] <= found["ended_at"]


def test_patients_see_to_their_own_and_nobody_elses(
    ask: Ask, clean: Premises, patient: str
) -> None:
    own = f"/v1/patients/{clean.table.roles['patient_one'].patient}"
    said = {"source": "wearable", "kind": "mood", "text": "2026-11"}
    made = ask("POST", f"{own}/consents", said, role="patient_one")
    assert made.status == 201
    assert ask("POST", f"{patient}/consents", said, role="patient_one").status == 403
    # An id of one patient takes nothing back under the address of another.
    where = f"{patient}/consents/{made.body['id']}"
    assert ask("DELETE", where).status == 404
    assert ask("DELETE", f"{own}/consents/{made.body['id']}", role="patient_one").served


def test_a_consent_of_another_facility_is_neither_kept_nor_shown(ask: Ask, patient: str) -> None:
    resource = {
        "resourceType": "Consent", "status": "active", "scope": {}, "category": [{}],
        "patient": {"reference": f"Patient/{patient.rpartition('/')[2]}"}, "policyRule": {},
    }  # fmt: skip
    south = "clinician_south"
    assert ask("POST", "/fhir/Consent", resource, role=south).status == 403
    made = ask("POST", "/fhir/Consent", resource)
    where = made.headers["location"]
    assert (made.status, where) == (201, f"/fhir/Consent/{made.body['id']}")
    for method, body in (("GET", None), ("PUT", resource)):
        assert ask(method, where, body, role=south).status == 403
    assert ask("PUT", where, resource).body["meta"]["versionId"] == "2"
    other = {**resource, "patient": {"reference": "Patient/p-0"}}
    assert ask("PUT", where, other).status == 422
    assert ask("POST", "/fhir/Consent", other).status == 404
    assert ask("GET", "/fhir/Consent/s-0").status == 404


#: Below a patient, what is sent, and the member that is named.
BAD = [
    ("authorizations", {**_AUTHORIZATION, "expires_at": None}, "expires_at"),
    ("authorizations", {**_AUTHORIZATION, "expires_at": "soon"}, "expires_at"),
    ("authorizations", {**_AUTHORIZATION, "signed_by": ""}, "signed_by"),
    ("authorizations", {**_AUTHORIZATION, "purpose": "payment"}, "purpose"),
    ("consents", {"source": "wearable", "kind": 7, "text": "1"}, "kind"),
    ("consents", {"source": "a", "kind": "b", "text": "1", "expires_at": 7}, "expires_at"),
    ("restrictions", {"purpose": "judicial", "recipient": "court"}, "purpose"),
    ("objections", {"to": "everything"}, "to"),
    ("disclosures", {"purpose": ["payment"], "recipient": "a", "description": "b"}, "purpose"),
]


@pytest.mark.parametrize(("kind", "body", "member"), BAD)
def test_what_makes_no_sense_is_refused_in_words(
    kind: str, body: Any, member: str, ask: Ask, patient: str
) -> None:
    answer = ask("POST", f"{patient}/{kind}", body)
    assert answer.status == 422
    assert member in answer.body["error"]["message"]


def test_a_stranger_is_not_found(ask: Ask) -> None:
    for method, what, body in (
        ("POST", "consents", {}), ("GET", "authorizations", None), ("POST", "disclosures", {}),
        ("DELETE", "objections/s-0", None), ("GET", "data?source=a&kind=b", None),
        ("GET", "psychotherapy-notes", None), ("GET", "condition", None),
    ):  # fmt: skip
        assert ask(method, f"/v1/patients/p-0/{what}", body).status == 404


def test_what_was_said_lies_sealed_and_goes_with_its_patient(ask: Ask, clean: Premises) -> None:
    made = ask("POST", "/v1/patients", {"facility": "north"}).body["id"]
    ask("POST", f"/v1/patients/{made}/authorizations", _AUTHORIZATION)
    store = Path(clean.table.stores[0]).parent / "care.db"
    with closing(sqlite3.connect(store)) as database:
        query = "SELECT kind, sealed FROM rights WHERE patient = ?"
        ((kind, sealed),) = database.execute(query, (made,)).fetchall()
        assert kind == "authorization"
        assert b"institute" not in sealed
        ask("DELETE", f"/v1/patients/{made}")
        assert database.execute(query, (made,)).fetchall() == []
