"""A FHIR Consent denies what it says, and what is no Consent is refused in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.reference.care.rights_directives import (
    PURPOSES,
    Use,
    check_consent,
    denies,
    patient_of,
)

NOW = 1_800_000_000.0
PAYMENT = Use("payment", "payer", NOW)
FOR_PAYMENT = {"purpose": [{"code": "HPAYMT"}]}
OPT_OUT = {"coding": [{"code": "OPTOUT"}]}


def consent(rule: Any = None, **changes: Any) -> dict[str, Any]:
    found = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {},
        "category": [{}],
        "patient": {"reference": "Patient/p-1"},
        "policyRule": {"coding": [{"code": "OPTIN"}]},
        **changes,
    }
    return found if rule is None else {**found, "provision": rule}


#: What a Consent says, and whether it denies that the payer is told for payment.
SAID = {
    "permits all": (consent(), False),
    "denies all by its policy": (consent(policyRule=OPT_OUT), True),
    "denies all by its root": (consent({"type": "deny"}), True),
    "denies payment": (consent({"provision": [{"type": "deny", **FOR_PAYMENT}]}), True),
    "denies treatment": (
        consent({"provision": [{"type": "deny", "purpose": [{"code": "TREAT"}]}]}), False,
    ),
    "denies all but payment": (
        consent({"provision": [{"type": "permit", **FOR_PAYMENT}]}, policyRule=OPT_OUT), False,
    ),
    "denies payment but to this payer": (
        consent({"provision": [{
            "type": "deny", **FOR_PAYMENT,
            "provision": [{
                "type": "permit", "actor": [{"reference": {"reference": "Organization/payer"}}],
            }],
        }]}),
        False,
    ),
    "denies this payer": (
        consent({"provision": [{"type": "deny", "actor": [{"reference": {"display": "payer"}}]}]}),
        True,
    ),
    "permits and denies at once": (
        consent({
            "provision": [{"type": "permit", **FOR_PAYMENT}, {"type": "deny", **FOR_PAYMENT}],
        }),
        True,
    ),
    "is not in force": (consent({"type": "deny"}, status="inactive"), False),
    "is over": (consent({"type": "deny", "period": {"end": "2020-01-01"}}), False),
    "has not begun": (consent({"type": "deny", "period": {"start": "2099-01-01"}}), False),
    "runs": (
        consent({"type": "deny", "period": {"start": "2020-01-01", "end": "2099-01-01"}}), True,
    ),
    "denies on a condition that is not weighed": (
        consent({"provision": [{"type": "deny", "class": [{"code": "Observation"}]}]}), True,
    ),
    "permits on a condition that is not weighed": (
        consent(
            {"provision": [{"type": "permit", "class": [{"code": "Observation"}]}]},
            policyRule=OPT_OUT,
        ),
        True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("resource", "denied"), SAID.values(), ids=SAID)
def test_a_consent_denies_what_it_says(resource: dict[str, Any], denied: bool) -> None:
    check_consent(resource)
    assert denies(resource, PAYMENT) is denied


WRONG = {
    "resourceType must be Consent": consent(resourceType="Patient"),
    "status must be one of": consent(status="on"),
    "scope must be": consent(scope="privacy"),
    "category must be a list": consent(category=[]),
    "one of policy and policyRule": {k: v for k, v in consent().items() if k != "policyRule"},
    "policyRule must be": consent(policyRule="OPTIN"),
    "patient.reference must be": consent(patient={"reference": "Group/g-1"}),
    "provision must be an object": consent([]),
    "provision.type must be": consent({"type": "allow"}),
    r"provision.provision\[0\].type": consent({"provision": [FOR_PAYMENT]}),
    "provision.provision must be a list": consent({"provision": []}),
    "provision.period must be": consent({"period": "2026"}),
    "provision.period.end must be a date": consent({"period": {"end": "soon"}}),
    "provision.purpose must be a list": consent({"purpose": ["TREAT"]}),
    r"provision.actor\[0\].reference must be": consent({"actor": [{"reference": "payer"}]}),
}


@pytest.mark.parametrize(("said", "resource"), WRONG.items())
def test_what_is_no_consent_is_refused(said: str, resource: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=said):
        check_consent(resource)


@pytest.mark.parametrize(
    "reference", ["Patient/p-1", "https://fhir.example/r4/Patient/p-1", "/Patient/p-1"]
)
def test_whose_consent_it_is(reference: str) -> None:
    assert patient_of(consent(patient={"reference": reference})) == "p-1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
CODES = st.sampled_from([*PURPOSES.values()])
RULES = st.recursive(
    st.fixed_dictionaries({"type": st.sampled_from(["deny", "permit"])}, optional={
        "purpose": st.lists(
            st.fixed_dictionaries({}, optional={"code": CODES | JSON}),
            min_size=1, max_size=2,
        ),
        "period": st.fixed_dictionaries({}, optional={
            "start": st.just("2020-01-01"), "end": st.sampled_from(["2021-01-01", "2099-01-01"]),
        }),
        "class": JSON,
    }),
    lambda inner: st.builds(
        lambda rule, below: {**rule, "provision": below},
        inner, st.lists(inner, min_size=1, max_size=2),
    ),
    max_leaves=6,
)  # fmt: skip


@given(RULES, st.sampled_from([*PURPOSES]))
def test_every_consent_that_is_taken_can_be_weighed(rule: dict[str, Any], purpose: str) -> None:
    resource = consent(rule)
    check_consent(resource)
    denied = denies(resource, Use(purpose, "payer", NOW))
    assert denied in (True, False)
    assert denies({**resource, "status": "inactive"}, PAYMENT) is False


@given(JSON, st.sampled_from(["provision", "policyRule", "patient", "scope", "category", "status"]))
def test_anything_else_is_refused_in_words_or_weighed(value: Any, member: str) -> None:
    resource = consent(**{member: value})
    try:
        check_consent(resource)
    except ValueError:
        return
    assert denies(resource, PAYMENT) in (True, False)
