"""A synthetic patient as a FHIR R4 resource."""

from __future__ import annotations

from typing import Any

from clinigate.phi.canaries import Patient

__all__ = ["fhir_patient"]

_SSN = "http://hl7.org/fhir/sid/us-ssn"
_MRN = "http://terminology.hl7.org/CodeSystem/v2-0203"


def fhir_patient(patient: Patient) -> dict[str, Any]:
    """Return the resource (https://hl7.org/fhir/R4/patient.html), without an id of its own."""
    values, details = patient.values, patient.details
    record_number = {"coding": [{"system": _MRN, "code": "MR"}]}
    return {
        "resourceType": "Patient",
        "identifier": [
            {"system": _SSN, "value": values["ssn"]},
            {"type": record_number, "value": values["mrn"]},
        ],
        "name": [{"family": values["family_name"], "given": [details["given_name"]]}],
        "telecom": [
            {"system": "email", "value": values["email"]},
            {"system": "phone", "value": details["phone"]},
        ],
        "birthDate": details["birth_date"],
    }
