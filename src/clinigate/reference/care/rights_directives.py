"""What a FHIR R4 Consent says of one use: http://hl7.org/fhir/R4/consent.html.

The base policy stands in `policyRule`: `OPTOUT` denies what no rule permits, anything else permits
what none denies. Rules of the root are exceptions to it, rules below a rule are exceptions to that.
R4 gives the root no type; one that bears a type nevertheless is read as it is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.reference.care.fhir import seconds_of

__all__ = ["PURPOSES", "Use", "check_consent", "denies", "patient_of"]

PURPOSES: Mapping[str, str] = {
    "treatment": "TREAT",
    "payment": "HPAYMT",
    "operations": "HOPERAT",
    "research": "HRESCH",
    "marketing": "HMARKT",
    "public_health": "PUBHLTH",
}
"""Purposes of use by their codes in HL7 v3 ActReason."""

_STATUSES = ("draft", "proposed", "active", "rejected", "inactive", "entered-in-error")
_TYPES = ("deny", "permit")
_READ = frozenset({"type", "period", "purpose", "actor", "provision", "id", "extension"})
"""Conditions of a rule that are weighed here; others are not known to be met."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a record: for what, by whom, when in seconds since the epoch."""

    purpose: str
    recipient: str
    at: float


def patient_of(resource: Mapping[str, Any]) -> str:
    """Return the id of the patient whose Consent it is.

    Raises:
        ValueError: it names none.
    """
    subject = resource.get("patient")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    kind, _, found = reference.rpartition("/") if isinstance(reference, str) else ("", "", "")
    if kind.rpartition("/")[2] != "Patient" or not found:
        raise ValueError("patient.reference must be Patient/ and an id")
    return found


def check_consent(resource: Mapping[str, Any]) -> None:
    """Refuse what is no Consent of R4, as far as it is weighed here.

    Raises:
        ValueError: saying what is wrong.
    """
    if resource.get("resourceType") != "Consent":
        raise ValueError("resourceType must be Consent")
    if resource.get("status") not in _STATUSES:
        raise ValueError(f"status must be one of {', '.join(_STATUSES)}")
    if not isinstance(resource.get("scope"), dict):
        raise ValueError("scope must be a CodeableConcept")
    if not _is_objects(resource.get("category")):
        raise ValueError("category must be a list of CodeableConcepts, and not empty")
    if not resource.get("policy") and "policyRule" not in resource:
        raise ValueError("one of policy and policyRule must be there")
    rule = resource.get("policyRule", {})
    if not isinstance(rule, dict) or ("coding" in rule and not _is_objects(rule["coding"])):
        raise ValueError("policyRule must be a CodeableConcept")
    patient_of(resource)
    if "provision" in resource:
        _check_rule(resource["provision"], "provision", is_root=True)


def denies(resource: Mapping[str, Any], use: Use) -> bool:
    """Whether a Consent that is in force denies a use."""
    if resource["status"] != "active":
        return False
    policy = [each.get("code") for each in resource.get("policyRule", {}).get("coding", [])]
    base = "deny" if "OPTOUT" in policy else "permit"
    root = resource.get("provision")
    if root is None:
        return base == "deny"
    base = root.get("type", base)
    if not _applies(root, use, kind=base):
        return False
    return _exception(root, use, otherwise=base) == "deny"


def _exception(rule: Mapping[str, Any], use: Use, *, otherwise: str) -> str:
    """Return what the rules below one say; among those that apply, a denial counts."""
    found = [
        _exception(each, use, otherwise=each["type"])
        for each in rule.get("provision", [])
        if _applies(each, use, kind=each["type"])
    ]
    return "deny" if "deny" in found else found[0] if found else otherwise


def _applies(rule: Mapping[str, Any], use: Use, *, kind: str) -> bool:
    if set(rule) - _READ and kind == "permit":
        # Who cannot tell whether a condition is met keeps to the side that protects.
        return False
    period = rule.get("period", {})
    begun = "start" not in period or seconds_of(period["start"]) <= use.at
    over = "end" in period and seconds_of(period["end"]) <= use.at
    purposes = [each.get("code") for each in rule.get("purpose", [])]
    actors = [_name_of(each["reference"]) for each in rule.get("actor", [])]
    fits = not purposes or PURPOSES.get(use.purpose) in purposes
    return begun and not over and fits and (not actors or use.recipient in actors)


def _check_rule(rule: Any, where: str, *, is_root: bool = False) -> None:
    if not isinstance(rule, dict):
        raise ValueError(f"{where} must be an object")
    if rule.get("type") not in _TYPES and not (is_root and "type" not in rule):
        raise ValueError(f"{where}.type must be deny or permit")
    period = rule.get("period", {})
    if not isinstance(period, dict):
        raise ValueError(f"{where}.period must be an object")
    for edge in period.keys() & {"start", "end"}:
        try:
            seconds_of(period[edge])
        except (ValueError, TypeError):
            raise ValueError(f"{where}.period.{edge} must be a date or a time") from None
    for name in ("purpose", "actor", "provision"):
        if name in rule and not _is_objects(rule[name]):
            raise ValueError(f"{where}.{name} must be a list of objects, and not empty")
    for number, each in enumerate(rule.get("actor", [])):
        if not isinstance(each.get("reference"), dict):
            raise ValueError(f"{where}.actor[{number}].reference must be an object")
    for number, each in enumerate(rule.get("provision", [])):
        _check_rule(each, f"{where}.provision[{number}]")


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _name_of(reference: Mapping[str, Any]) -> str:
    """Return who an actor is: as the service names recipients."""
    text = reference.get("display") or reference.get("reference") or ""
    return str(text).rpartition("/")[2]
