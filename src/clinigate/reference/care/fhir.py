"""Records of care as FHIR R4 (4.0.1) resources, and back.

What FHIR has no member for stands in an extension under an address of ours, so that a record that
went out comes back whole.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from clinigate.reference.care.patients import FIELDS

__all__ = [
    "GENDERS",
    "STATUSES",
    "Resource",
    "bundle",
    "document",
    "fields_of",
    "moment",
    "patient",
    "seconds_of",
    "text_of",
]

Resource = dict[str, Any]

GENDERS = ("male", "female", "other", "unknown")
STATUSES = (
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
)
"""What an observation may be: http://hl7.org/fhir/R4/valueset-observation-status.html."""

_OURS = "urn:clinigate:"
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_NUMBERS = ("mrn", "member_id", "ssn")
_TELECOM = ("phone", "email")


def moment(seconds: float) -> str:
    """Return a time as FHIR has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def seconds_of(text: str) -> float:
    """Return a time or date of FHIR in seconds since the epoch.

    Raises:
        ValueError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time must be an ISO 8601 date or moment") from None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


def patient(id_: str, fields: Mapping[str, str], *, facility: str, version: int) -> Resource:
    """Return a patient."""
    plain, rest = _plain(fields), {}
    for name in ("gender", "birth_date", "payer"):
        if name in fields and name not in plain:
            rest[name] = fields[name]
    found: Resource = {
        "resourceType": "Patient",
        "id": id_,
        "meta": {"versionId": str(version)},
        "managingOrganization": {"identifier": {"system": f"{_OURS}facility", "value": facility}},
        "extension": [{"url": _OURS + name, "valueString": rest[name]} for name in rest],
        "identifier": [
            {"system": _OURS + name, "value": fields[name]} for name in _NUMBERS if name in fields
        ],
        "name": [_name(fields)] if _name(fields) else [],
        "telecom": [{"system": name, "value": fields[name]} for name in _TELECOM if name in fields],
        "gender": plain.get("gender"),
        "birthDate": plain.get("birth_date"),
        "address": [{"text": fields["address"]}] if "address" in fields else [],
    }
    # FHIR has no empty lists, and no null.
    return {name: value for name, value in found.items() if value not in ([], None)}


def fields_of(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a patient.

    Raises:
        ValueError: a member is no text, or has no place here.
    """
    known = {"resourceType", "id", "meta", "managingOrganization", "extension", "identifier",
             "name", "telecom", "gender", "birthDate", "address"}  # fmt: skip
    strange = set(resource) - known
    if strange:
        raise ValueError(f"a Patient of this service has no {min(strange)}")
    found: dict[str, Any] = {}
    for each in _objects(resource, "extension"):
        found[str(each.get("url", "")).removeprefix(_OURS)] = each.get("valueString")
    for each in _objects(resource, "identifier"):
        found[str(each.get("system", "")).removeprefix(_OURS)] = each.get("value")
    for each in _objects(resource, "telecom"):
        found[str(each.get("system", ""))] = each.get("value")
    for each in _objects(resource, "name")[:1]:
        given = each.get("given") or [None]
        found |= {"family_name": each.get("family"), "given_name": given[0]}
    for each in _objects(resource, "address")[:1]:
        found["address"] = each.get("text")
    found |= {"gender": resource.get("gender"), "birth_date": resource.get("birthDate")} | {
        name: found[name] for name in ("gender", "birth_date") if found.get(name)
    }
    return _texts(found)


def document(
    id_: str,
    patient_id: str,
    kind: str,
    text: str,
    *,
    at: float,
    effective_at: float | None = None,
    author: str | None = None,
) -> Resource:
    """Return a text of a record: a note, a document, an amendment."""
    found: Resource = {
        "resourceType": "DocumentReference",
        "id": id_,
        "status": "current",
        "type": {"text": kind},
        "subject": {"reference": f"Patient/{patient_id}"},
        "date": moment(at),
        "content": [{
            "attachment": {
                "contentType": "text/plain",
                "data": base64.b64encode(text.encode()).decode(),
            }
        }],
    }  # fmt: skip
    if author is not None:
        found["author"] = [{"display": author}]
    if effective_at is not None:
        found["context"] = {"period": {"end": moment(effective_at)}}
    return found


def text_of(resource: Mapping[str, Any]) -> str:
    """Return the text of a document.

    Raises:
        ValueError: it has none.
    """
    try:
        data = resource["content"][0]["attachment"]["data"]
        return base64.b64decode(data, validate=True).decode()
    except (LookupError, TypeError, binascii.Error, UnicodeDecodeError):
        raise ValueError("a DocumentReference needs one attachment with data") from None


def bundle(resources: Sequence[Resource], *, at: float) -> Resource:
    """Return all that there is of a patient, in one."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": moment(at),
        "entry": [
            {"fullUrl": f"urn:clinigate:{each['id']}", "resource": each} for each in resources
        ],
    }


def _plain(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what FHIR takes as it is."""
    found = {}
    if fields.get("gender") in GENDERS:
        found["gender"] = fields["gender"]
    if _DATE.fullmatch(fields.get("birth_date", "")):
        found["birth_date"] = fields["birth_date"]
    return found


def _name(fields: Mapping[str, str]) -> Resource:
    found: Resource = {}
    if "family_name" in fields:
        found["family"] = fields["family_name"]
    if "given_name" in fields:
        found["given"] = [fields["given_name"]]
    return found


def _objects(resource: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = resource.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError(f"{name} must be a list of objects")
    return found


def _texts(found: Mapping[str, Any]) -> dict[str, str]:
    fields = {name: value for name, value in found.items() if value is not None}
    for name, value in fields.items():
        if name not in FIELDS:
            raise ValueError("an identifier, telecom or extension is of a system not known here")
        if not isinstance(value, str) or not 0 < len(value) <= 1000:
            raise ValueError(f"{name} must be a text of at most 1,000 letters")
    return fields
