"""`[hipaa.rights]` for the embedded reference service, as a user would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["environment", "tables"]

_ONE = "/v1/patients/{{patient}}"
_CODES = "http://terminology.hl7.org/CodeSystem/"


def tables(_connection: Connection) -> dict[str, Any]:
    """Return what is added to `[hipaa]`."""
    return {
        "rights": {
            "expires_in_s": 0.3,
            "consent": _consent(),
            "authorization": _authorization(),
            "psychotherapy": _psychotherapy(),
            "directive": _directive(),
            "restriction": _restriction(),
            "opt_out": _opt_out(),
            "research": _research(),
        }
    }


def environment(_connection: Connection) -> dict[str, str]:
    """Return the variables that it names."""
    return {}


def _consent() -> dict[str, Any]:
    said = {"source": "{{source}}", "kind": "{{kind}}", "expires_at": "{{expires}}"}
    return {
        "give": {"path": f"{_ONE}/consents", "body": {**said, "text": "2026-11"}, "answer": "id"},
        "withdraw": {"path": f"{_ONE}/consents/{{{{consent}}}}", "method": "DELETE"},
        "use": {"path": f"{_ONE}/data?source={{{{source}}}}&kind={{{{kind}}}}", "method": "GET"},
        "sources": ["wearable", "therapy-app"],
        "kinds": ["sleep", "mood"],
    }


def _authorization() -> dict[str, Any]:
    said = {"purpose": "{{purpose}}", "recipient": "{{recipient}}"}
    core = ["description", "recipient", "purpose", "expires_at", "signed_by"]
    return {
        "give": {
            "path": f"{_ONE}/authorizations",
            "body": {
                **said,
                "description": "Sleep of the last month.",
                "signed_by": "Synthetic patient",
                "expires_at": "{{expires}}",
            },
            "answer": "id",
        },
        "revoke": {"path": f"{_ONE}/authorizations/{{{{authorization}}}}", "method": "DELETE"},
        "use": {
            "path": f"{_ONE}/disclosures",
            "body": {
                **said,
                "description": "Sleep of the last month.",
                "authorization": "{{authorization}}",
            },
        },
        "disclosures": {
            "path": f"{_ONE}/disclosures",
            "method": "GET",
            "answer": "disclosures[].authorization",
        },
        "core": core,
    }


def _psychotherapy() -> dict[str, Any]:
    note = {"kind": "psychotherapy", "text": "{{text}}"}
    return {
        "write": {"path": f"{_ONE}/notes", "body": note, "role": "clinician_north"},
        "read": {
            "path": f"{_ONE}/psychotherapy-notes?authorization={{{{authorization}}}}",
            "method": "GET",
        },
        "elsewhere": [
            {"path": path, "method": "GET"}
            for path in (_ONE, f"{_ONE}/notes", "/fhir/Patient/{{patient}}/$everything")
        ],
    }


def _directive() -> dict[str, Any]:
    return {
        "record": {"path": "/fhir/Consent", "body": _resource("active"), "answer": "id"},
        "uses": [_telling("payment", "payer")],
        "spared": [_telling("treatment", "clinic")],
        "lift": {
            "path": "/fhir/Consent/{{record}}",
            "method": "PUT",
            "body": _resource("inactive"),
        },
    }


def _resource(status: str) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "status": status,
        "scope": _coded("consentscope", "patient-privacy"),
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "Patient/{{patient}}"},
        "policyRule": _coded("v3-ActCode", "OPTIN"),
        "provision": {
            "provision": [
                {
                    "type": "deny",
                    "purpose": [{"system": f"{_CODES}v3-ActReason", "code": "HPAYMT"}],
                }
            ]
        },
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_CODES}{system}", "code": code}]}


def _restriction() -> dict[str, Any]:
    about = {"purpose": "payment", "recipient": "payer", "service": "visit-paid-by-oneself"}
    return {
        "record": {"path": f"{_ONE}/restrictions", "body": about, "answer": "id"},
        "uses": [_telling(**about)],
        "spared": [_telling("payment", "payer", "another-visit"), _telling("treatment", "clinic")],
        "lift": {"path": f"{_ONE}/restrictions/{{{{record}}}}", "method": "DELETE"},
    }


def _telling(purpose: str, recipient: str, service: str = "any-visit") -> dict[str, Any]:
    said = {"purpose": purpose, "recipient": recipient, "service": service}
    return {"path": f"{_ONE}/disclosures", "body": {**said, "description": "A synthetic visit."}}


def _opt_out() -> dict[str, Any]:
    found = {"path": "/v1/directory?family_name={{family_name}}", "method": "GET"}
    return {
        "record": {"path": f"{_ONE}/objections", "body": {"to": "all"}, "answer": "id"},
        "uses": [{**found, "answer": "patients"}, {"path": f"{_ONE}/condition", "method": "GET"}],
        "spared": [{"path": _ONE, "method": "GET"}],
        "lift": {"path": f"{_ONE}/objections/{{{{record}}}}", "method": "DELETE"},
    }


def _research() -> dict[str, Any]:
    return {
        "approve": {
            "path": "/v1/research/approvals",
            "body": {"study": "{{study}}", "board": "A board", "expires_at": "{{expires}}"},
            "answer": "id",
        },
        "withdraw": {"path": "/v1/research/approvals/{{approval}}", "method": "DELETE"},
        "export": {
            "path": "/v1/research/exports",
            "body": {"study": "{{study}}", "approval": "{{approval}}"},
        },
    }
