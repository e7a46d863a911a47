"""The whole of a record as FHIR resources: given to the patient, and taken in from elsewhere.

45 CFR 164.524, GDPR Art. 20. Notes of psychotherapy are no part of it (164.524(a)(1)(i)).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clinigate.reference import lapses
from clinigate.reference.care import fhir
from clinigate.reference.care.care import Care
from clinigate.reference.care.lifecycle import Entry, lifecycle_of
from clinigate.reference.care.patients import VISIBLE, Kept

__all__ = ["observation", "patient_as", "resources_of", "take_in"]

_READ = ("status", "code", "valueString", "effectiveDateTime")
_GIVEN = ("observation", "document", "amendment", "decision")
_MOST = 1000


def patient_as(kept: Kept, role: str) -> fhir.Resource:
    """Return a patient with what a role sees. 45 CFR 164.502(b)."""
    seen = {name: text for name, text in kept.fields.items() if name in VISIBLE.get(role, ())}
    return fhir.patient(kept.id, seen, facility=kept.facility, version=kept.version)


def resources_of(care: Care, kept: Kept, role: str) -> list[fhir.Resource]:
    """Return everything in the record of a patient."""
    found = [patient_as(kept, role)]
    if care.fault is not lapses.lifecycle.INCOMPLETE_COPY:
        found += [
            fhir.document(each.id, kept.id, "note", each.text, at=each.at, author=each.author)
            for each in care.patients.notes(kept.id)
            if each.kind == "therapeutic"
        ]
    return found + [_resource(each) for each in lifecycle_of(care).entries.of(kept.id, *_GIVEN)]


def take_in(care: Care, bundle: Mapping[str, Any], facility: str, author: str) -> str:
    """Keep a record that came from elsewhere, and return the new id of its patient.

    Raises:
        ValueError: it is no bundle with one patient and what this service keeps.
    """
    entries = bundle.get("entry")
    if not isinstance(entries, list) or len(entries) > _MOST:
        raise ValueError(f"a Bundle needs a list entry, of at most {_MOST:,}")
    resources: list[Any] = [
        each.get("resource") if isinstance(each, dict) else None for each in entries
    ]
    patients = [each for each in resources if _is_of(each, "Patient")]
    if len(patients) != 1 or not all(isinstance(each, dict) for each in resources):
        raise ValueError("a Bundle needs one Patient, and resources alone")
    fields = fhir.fields_of(patients[0])
    with care.base.transaction():
        made = care.patients.add(facility, fields).id
        if care.fault is not lapses.lifecycle.UNPORTABLE_COPY:
            for each in resources:
                _keep(care, made, each, author)
    return made


def observation(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of an observation.

    Raises:
        ValueError: it lacks what R4 requires, or says what this service keeps nothing of.
    """
    strange = set(resource) - {*_READ, "resourceType", "id", "meta", "subject"}
    if strange:
        raise ValueError(f"an Observation of this service has no {min(strange)}")
    code = resource.get("code")
    text = code.get("text") if isinstance(code, dict) else None
    if resource.get("status") not in fhir.STATUSES or not _is_text(text):
        raise ValueError("an Observation needs a status of R4, and code.text")
    kept = {"status": resource["status"], "code": {"text": text}}
    if "valueString" in resource:
        if not _is_text(resource["valueString"]):
            raise ValueError("valueString must be a text of at most 1,000 letters")
        kept["valueString"] = resource["valueString"]
    if "effectiveDateTime" in resource:
        kept["effectiveDateTime"] = fhir.moment(_seconds(resource["effectiveDateTime"]))
    return kept


def _resource(entry: Entry) -> fhir.Resource:
    content, subject = entry.content, {"reference": f"Patient/{entry.patient}"}
    if entry.kind == "observation":
        return {"resourceType": "Observation", "id": entry.id, "subject": subject, **content}
    if entry.kind == "decision":
        return _decision(entry, subject)
    text = content["text"] if entry.kind == "document" else json.dumps(content)
    return fhir.document(
        entry.id, entry.patient, entry.kind, text, at=entry.created_at,
        effective_at=entry.effective_at,
    )  # fmt: skip


def _decision(entry: Entry, subject: Mapping[str, str]) -> fhir.Resource:
    said = [entry.content["model"], *entry.content["reviews"]]
    return {
        "resourceType": "RiskAssessment",
        "id": entry.id,
        "status": "final" if len(said) == 1 else "amended",
        "subject": subject,
        "occurrenceDateTime": fhir.moment(entry.created_at),
        "prediction": [
            {"outcome": {"text": each["outcome"]}, "rationale": each["by"]} for each in said
        ],
    }


def _keep(care: Care, patient: str, resource: Mapping[str, Any], author: str) -> None:
    entries = lifecycle_of(care).entries
    match resource.get("resourceType"):
        case "Patient":
            return
        case "Observation":
            entries.add(patient, "observation", observation(resource))
        case "RiskAssessment":
            model, *reviews = [_said(each) for each in resource.get("prediction", [])]
            content = {"model": model, "reviews": reviews}
            at = _seconds(resource.get("occurrenceDateTime"))
            entries.add(patient, "decision", content, created_at=at)
        case "DocumentReference":
            _keep_document(care, patient, resource, author)
        case _:
            raise ValueError("a resource is of a type that this service keeps nothing of")


def _keep_document(care: Care, patient: str, resource: Mapping[str, Any], author: str) -> None:
    kind = resource.get("type", {}).get("text")
    text, at = fhir.text_of(resource), _seconds(resource.get("date"))
    if kind == "note":
        first = (resource.get("author") or [{}])[0]
        note = care.patients.add_note(patient, "therapeutic", first.get("display", author), text)
        # It was written when it was written, not when it came here.
        care.base.run("UPDATE notes SET at = ? WHERE id = ?", at, note.id)
        return
    if kind not in ("document", "amendment"):
        raise ValueError("a DocumentReference is of a type that this service keeps nothing of")
    end = resource.get("context", {}).get("period", {}).get("end")
    content = {"text": text} if kind == "document" else json.loads(text)
    lifecycle_of(care).entries.add(
        patient, kind, content, created_at=at,
        effective_at=at if end is None else _seconds(end),
    )  # fmt: skip


def _said(prediction: Any) -> dict[str, str]:
    try:
        found = {"outcome": prediction["outcome"]["text"], "by": prediction["rationale"]}
    except (LookupError, TypeError):
        found = {}
    if not found or not all(_is_text(each) for each in found.values()):
        raise ValueError("a prediction needs outcome.text and rationale")
    return found


def _seconds(value: Any) -> float:
    if not isinstance(value, str):
        raise ValueError("a time is missing, or is no text")
    return fhir.seconds_of(value)


def _is_of(resource: Any, kind: str) -> bool:
    return isinstance(resource, dict) and resource.get("resourceType") == kind


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1000
