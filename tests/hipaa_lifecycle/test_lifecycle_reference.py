"""The reference service over the life of a record: what it keeps, refuses and forgets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.core.verdict import Status
from clinigate.hipaa.probes.lifecycle import DECLARED
from clinigate.hipaa.probes.lifecycle.fhir_schema import problems
from clinigate.reference.care import fhir
from clinigate.reference.care.care import CareOptions
from clinigate.reference.care.lifecycle_terms import PURPOSES, code_of, is_accounted, model_outcome
from clinigate.reference.care.patients import FIELDS
from clinigate.reference.credentials import CARE_DSN_VARIABLE
from clinigate.reference.launch import running
from clinigate.reference.web.app import ReferenceApp, asgi_app

ONE = {"facility": "north", "family_name": "Examplia", "mrn": "7000000001", "payer": "Nobody"}
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferenceApp]:
    made = asgi_app(data_dir=tmp_path_factory.mktemp("care"), care=CareOptions())
    yield made
    made.close()


@dataclass(frozen=True)
class Client:
    """Sends requests to the application in this process."""

    app: ReferenceApp
    token: str

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            headers = {"Authorization": f"Bearer {self.token}"}
            async with httpx.AsyncClient(
                transport=transport, base_url="https://reference.test", headers=headers
            ) as client:
                return await client.request(method, path, json=body)

        return asyncio.run(one())

    def get(self, path: str) -> httpx.Response:
        return self.send("GET", path)

    def post(self, path: str, *, json: Any = None) -> httpx.Response:
        return self.send("POST", path, json)

    def delete(self, path: str) -> httpx.Response:
        return self.send("DELETE", path)


def client_of(app: ReferenceApp, login: str | None = None) -> Client:
    """A client with the evaluator's token, or with that of somebody who logged in."""
    token = app.token()
    if login is not None:
        assert app.care is not None
        person = app.care.people.get(login)
        assert person is not None
        token = app.care.sessions.begin(person).access
    return Client(app, token)


@pytest.fixture(scope="module")
def client(app: ReferenceApp) -> Client:
    return client_of(app)


@pytest.fixture
def patient(client: Client) -> str:
    return str(client.post("/v1/patients", json=ONE).json()["id"])


@given(st.dictionaries(st.sampled_from(FIELDS), TEXTS))
@settings(max_examples=60, deadline=None)
def test_a_patient_comes_back_from_fhir_as_they_went(fields: dict[str, str]) -> None:
    resource = fhir.patient("p-1", fields, facility="north", version=3)
    assert fhir.fields_of(json.loads(json.dumps(resource))) == fields
    assert [each for each in problems(resource) if "not written" not in each] == []


@given(st.text(max_size=60), st.floats(0, 4e9))
@settings(max_examples=40, deadline=None)
def test_a_text_comes_back_from_fhir_as_it_went(text: str, at: float) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    resource = fhir.document("e-1", "p-1", "note", text, at=at, effective_at=at, author="a")
    assert fhir.text_of(resource) == text
    assert abs(fhir.seconds_of(resource["date"]) - at) < 0.002
    # FHIR has no attachment of nothing.
    assert not text or problems(resource) == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/fhir/Patient", {"resourceType": "Observation"}, 422),
        ("/fhir/Patient", {"resourceType": "Patient", "photo": []}, 422),
        ("/fhir/Patient", {"resourceType": "Patient", "name": "Ann"}, 422),
        ("/fhir/Patient", {"resourceType": "Patient", "name": [{"given": 7}]}, 422),
        ("/fhir/Patient", {"resourceType": "Patient", "extension": [{"url": "x"}]}, 201),
        ("/fhir/Patient", {"resourceType": "Patient", "managingOrganization": []}, 422),
        ("/fhir/Patient", {"resourceType": "Patient", "telecom": [{"system": "fax", "value": "1"}]},
         422),
        ("/fhir/Observation", {"resourceType": "Patient"}, 422),
        ("/fhir/Observation", {"resourceType": "Observation", "subject": "Patient/p"}, 404),
        ("/fhir/Observation", {"resourceType": "Observation", "code": []}, 404),
        ("/fhir/$import", {"resourceType": "Bundle"}, 422),
        ("/fhir/$import", {"entry": [{"resource": 7}]}, 422),
        ("/fhir/$import", {"entry": [{"resource": {"resourceType": "Patient"}}] * 2}, 422),
        ("/fhir/$import", {"entry": [{"resource": {"resourceType": "Patient"}},
                                     {"resource": {"resourceType": "Basic"}}]}, 422),
        ("/fhir/$import", {"entry": [{"resource": {"resourceType": "Patient"}},
                                     {"resource": {"resourceType": "DocumentReference",
                                                   "type": 7}}]}, 422),
        ("/v1/patients/{}/accounting", {"recipient": "a", "description": "b", "purpose": "c"}, 422),
        ("/v1/patients/{}/amendments", {"field": "hat", "value": "a"}, 422),
        ("/v1/patients/{}/amendments/none/decision", {"accepted": True}, 404),
        ("/v1/patients/{}/documents", {"text": "a", "created": "long ago"}, 422),
        ("/v1/patients/{}/documents", {"text": "a", "created": "0001-01-01"}, 201),
        ("/v1/patients/{}/decisions", {"score": True}, 422),
        ("/v1/patients/{}/decisions", {"score": 28}, 422),
        ("/v1/patients/{}/decisions/none/review", {"outcome": "urgent", "reason": "a"}, 404),
        ("/v1/patients/nobody/copies", {}, 404),
        ("/v1/patients/nobody/hold", {"reason": "a"}, 404),
        ("/v1/patients/nobody/erasure", None, 404),
    ],
)  # fmt: skip
def test_bad_input_is_refused(
    path: str, body: Any, status: int, client: Client, patient: str
) -> None:
    answer = client.post(path.format(patient), json=body)
    assert answer.status_code == status, answer.text


def test_what_is_refused_is_not_kept(app: ReferenceApp, client: Client) -> None:
    assert app.care is not None
    before = len(app.care.patients.all())
    ann = {"resourceType": "Patient", "name": [{"family": "Examplia"}]}
    bundle = {"entry": [{"resource": ann}, {"resource": {"resourceType": "Basic"}}]}
    assert client.post("/fhir/$import", json=bundle).status_code == 422
    assert len(app.care.patients.all()) == before


def test_observations_are_of_one_s_own_place_and_record(
    app: ReferenceApp, client: Client, patient: str
) -> None:
    seen = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Sleep"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-11-22",
    }
    made = client.post("/fhir/Observation", json=seen).json()
    assert problems(made) == []
    path = f"/fhir/Observation/{made['id']}"
    assert client_of(app, "clinician.north").get(path).status_code == 200
    for login in ("clinician.south", "patient.one", "admin"):
        assert client_of(app, login).get(path).status_code == 403
    south = client_of(app, "clinician.south").post("/fhir/Observation", json=seen)
    assert south.status_code == 403
    for wrong in ({"status": "done"}, {"code": {}}, {"valueString": 7}, {"note": []}):
        assert client.post("/fhir/Observation", json=seen | wrong).status_code == 422


def test_a_role_sees_of_a_patient_in_fhir_what_it_sees_elsewhere(
    app: ReferenceApp, patient: str
) -> None:
    said = client_of(app, "billing.north").get(f"/fhir/Patient/{patient}").json()
    assert said["name"] == [{"family": "Examplia"}]
    nurse = client_of(app, "nurse.north").get(f"/fhir/Patient/{patient}").json()
    assert "Nobody" not in json.dumps(nurse)


def test_amendments_are_decided_once(client: Client, patient: str) -> None:
    path = f"/v1/patients/{patient}/amendments"
    asked = {"field": "phone", "value": "an example"}
    one = client.post(path, json=asked).json()["id"]
    assert client.post(f"{path}/{one}/disagreement", json={"statement": "a"}).status_code == 409
    assert client.post(f"{path}/{one}/decision", json={"accepted": True}).status_code == 200
    assert client.post(f"{path}/{one}/decision", json={"accepted": False}).status_code == 409


def test_all_of_a_record_goes_with_its_patient(
    app: ReferenceApp, client: Client, patient: str
) -> None:
    assert app.care is not None
    one = f"/v1/patients/{patient}"
    client.post(f"{one}/documents", json={"text": "a"})
    client.get(f"{one}/code")
    copy = client.post(f"{one}/copies", json={}).json()["id"]
    client.post(f"{one}/hold", json={"reason": "a suit"})
    held = client.post(f"{one}/erasure")
    assert (held.status_code, held.json()["error"]["code"]) == (409, "legal_hold")
    assert "a suit" in held.json()["error"]["message"]
    assert client.delete(f"{one}/hold").json() == {"held": False, "was_held": True}
    # Whichever way somebody is removed.
    assert client.delete(one).status_code == 200
    assert client.get(f"{one}/copies/{copy}").status_code == 404
    for table in ("entries", "holds", "codes", "copies"):
        left = app.care.base.rows(f"SELECT * FROM {table} WHERE patient = ?", patient)
        assert left == []


def test_the_accounting_survives_a_restart(tmp_path: Path) -> None:
    key = bytes(range(32))
    said = {"recipient": "A", "description": "B", "purpose": "judicial"}
    first = asgi_app(data_dir=tmp_path, store_key=key, care=CareOptions())
    client = client_of(first)
    patient = client.post("/v1/patients", json=ONE).json()["id"]
    client.post(f"/v1/patients/{patient}/accounting", json=said)
    code = client.get(f"/v1/patients/{patient}/code").json()
    first.close()
    second = asgi_app(data_dir=tmp_path, store_key=key, care=CareOptions())
    client = client_of(second)
    (row,) = client.get(f"/v1/patients/{patient}/accounting").json()["disclosures"]
    assert {name: row[name] for name in said} == said
    assert client.get(f"/v1/patients/{patient}/code").json() == code
    second.close()


def test_rules() -> None:
    assert [name for name in PURPOSES if is_accounted(name)] == [
        "public_health", "law_enforcement", "judicial", "research",
    ]  # fmt: skip
    assert not is_accounted(None)
    # 45 CFR 164.528(a)(1)(iv): what the patient authorized is not accounted for.
    assert not is_accounted("research", "an-authorization")
    assert (model_outcome(14), model_outcome(15)) == ("routine", "urgent")
    assert code_of("7", derived=False) != code_of("7", derived=False)


def test_all_probes_pass_on_postgresql(
    premises_at: Any, see: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = postgres_missing()
    if missing is not None:
        pytest.skip(missing)
    with postgres_server(fsync=False) as dsn:
        monkeypatch.setenv(CARE_DSN_VARIABLE, dsn)
        with running(care=True) as service, premises_at(service) as premises:
            seen = {each.name: see(each.name, premises) for each in DECLARED}
    wrong = {name: each.reason for name, each in seen.items() if each.status is not Status.PASS}
    assert wrong == {}
