"""`[hipaa.lifecycle]` for the embedded reference service, as a user would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["environment", "tables"]

_ONE = "/v1/patients/{{patient}}"
_FHIR = "/fhir/Patient/{{patient}}"
_VALUE = "{{value}}"


def tables(connection: Connection) -> dict[str, Any]:
    """Return what is added to `[hipaa]`."""
    return {
        "lifecycle": {
            "additions": _additions(),
            "fhir": _fhir(),
            "copy_for_patient": {
                "read": {
                    "path": f"{_FHIR}/$everything",
                    "method": "GET",
                    "answer": "entry[].resource.id",
                },
                "rows": [
                    "SELECT id FROM patients WHERE id = {{patient}}",
                    "SELECT id FROM notes WHERE patient = {{patient}} AND kind = 'therapeutic'",
                    ("SELECT id FROM entries WHERE patient = {{patient}} AND kind <> 'disclosure'"),
                ],
            },
            "accounting": _accounting(),
            "amendment": _amendment(),
            "erasure": {
                "erase": {"path": f"{_ONE}/erasure"},
                "finds": [
                    {"path": f"{_ONE}/notes", "method": "GET"},
                    {"path": f"{_ONE}/copies/{{{{copy}}}}", "method": "GET"},
                    {"path": "/fhir/Observation/{{observation}}", "method": "GET"},
                ],
                "places": [str(connection.data_dir)],
                "hold": {"path": f"{_ONE}/hold", "body": {"reason": "{{reason}}"}},
                "release": {"path": f"{_ONE}/hold", "method": "DELETE"},
            },
            "retention": _retention(),
            "code": {"path": f"{_ONE}/code", "method": "GET", "answer": "code"},
            "decision": _decision(),
            "portability": {
                "export": {"path": f"{_FHIR}/$everything", "method": "GET"},
                "take_in": {"path": "/fhir/$import", "answer": "id"},
            },
        }
    }


def environment(_connection: Connection) -> dict[str, str]:
    """Return the variables that it names."""
    return {}


def _additions() -> list[dict[str, Any]]:
    return [
        {"name": "note", "path": f"{_ONE}/notes", "body": {"text": _VALUE}, "answer": "id"},
        {
            "name": "observation",
            "path": "/fhir/Observation",
            "body": _observation(),
            "answer": "id",
        },
        {"name": "document", "path": f"{_ONE}/documents", "body": {"text": _VALUE}, "answer": "id"},
        # It is made of what was added before, so that it holds no text of its own.
        {
            "name": "copy",
            "path": f"{_ONE}/copies",
            "body": {},
            "answer": "id",
            "in_copy": False,
        },
    ]


def _observation() -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Sleep"},
        "subject": {"reference": "Patient/{{patient}}"},
        "valueString": _VALUE,
    }


def _consent() -> dict[str, Any]:
    def coded(system: str, code: str) -> dict[str, Any]:
        return {"coding": [{"system": system, "code": code}]}

    terms = "http://terminology.hl7.org/CodeSystem"
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": coded(f"{terms}/consentscope", "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")],
        "patient": {"reference": "Patient/{{patient}}"},
        "policyRule": coded(f"{terms}/v3-ActCode", "OPTIN"),
    }


def _fhir() -> dict[str, Any]:
    read = {"method": "GET", "answer": "id"}
    name = [{"family": "{{family_name}}"}]
    nothing = {key: value for key, value in _observation().items() if key != "code"}
    return {
        "steps": [
            {**read, "path": _FHIR, "resource": "Patient"},
            {
                "path": "/fhir/Observation",
                "body": _observation(),
                "answer": "id",
                "resource": "Observation",
                "name": "seen",
            },
            {**read, "path": "/fhir/Observation/{{seen}}", "resource": "Observation"},
            {
                "path": "/fhir/Consent",
                "body": _consent(),
                "answer": "id",
                "resource": "Consent",
                "name": "agreed",
            },
            {**read, "path": "/fhir/Consent/{{agreed}}", "resource": "Consent"},
            {**read, "path": f"{_FHIR}/$everything", "resource": "Bundle"},
        ],
        "refused": [
            {"path": "/fhir/Observation", "body": nothing},
            {"path": "/fhir/Patient", "body": {"resourceType": "Patient", "gender": 1}},
            {"path": "/fhir/Patient", "body": {"resourceType": "Nobody", "name": name}},
        ],
    }


def _accounting() -> dict[str, Any]:
    told = {name: f"{{{{{name}}}}}" for name in ("recipient", "description", "purpose")}
    return {
        "record": {"path": f"{_ONE}/accounting", "body": told},
        "report": {"path": f"{_ONE}/accounting", "method": "GET", "answer": "disclosures"},
        "counted": ["public_health", "law_enforcement", "research"],
        "excluded": ["treatment", "payment", "operations", "authorization"],
    }


def _amendment() -> dict[str, Any]:
    one = f"{_ONE}/amendments/{{{{amendment}}}}"
    return {
        "ask": {
            "path": f"{_ONE}/amendments",
            "body": {"field": "email", "value": _VALUE},
            "answer": "id",
        },
        "accept": {"path": f"{one}/decision", "body": {"accepted": True}},
        "deny": {"path": f"{one}/decision", "body": {"accepted": False}},
        "disagree": {"path": f"{one}/disagreement", "body": {"statement": "{{statement}}"}},
        "history": {"path": f"{_ONE}/amendments", "method": "GET", "answer": "amendments"},
        "replaces": "email",
    }


def _retention() -> dict[str, Any]:
    dated = {"created": "{{created}}", "effective": "{{effective}}"}
    return {
        "write": {"path": f"{_ONE}/documents", "body": {"text": _VALUE, **dated}, "answer": "id"},
        "read": {"path": f"{_ONE}/documents/{{{{document}}}}", "method": "GET"},
        "run": {"path": "/v1/jobs/retention"},
    }


def _decision() -> dict[str, Any]:
    one = f"{_ONE}/decisions"
    return {
        "decide": {"path": one, "body": {"score": 4}, "answer": "id"},
        "read": {"path": f"{one}/{{{{decision}}}}", "method": "GET", "answer": "outcome"},
        "review": {
            "path": f"{one}/{{{{decision}}}}/review",
            "body": {"outcome": "{{outcome}}", "reason": "{{reason}}"},
            "role": "clinician_north",
        },
        "outcomes": ["routine", "urgent"],
    }
