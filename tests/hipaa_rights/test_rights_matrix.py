"""The clean reference service passes every probe of rights; each defect fails its own alone."""

from __future__ import annotations

from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.premises import Premises
from clinigate.reference.lapses import rights
from clinigate.reference.launch import running

#: What is found, in the order of the probe.
TOLD = {
    "notes-for-everybody": [
        ("without an authorization", "a psychotherapy note is shown without an authorization"),
        ("with a made-up authorization",
         "a psychotherapy note is shown with a made-up authorization"),
        ("with an authorization for another use",
         "a psychotherapy note is shown with an authorization for another use"),
    ],
    "endless-authorization": [
        told
        for purpose in ("research", "marketing")
        for told in (
            (f"{purpose}, with a revoked authorization",
             "a record is disclosed with a revoked authorization"),
            ("expired before", f"an authorization for {purpose} counts that expired"),
            ("run out", f"an authorization for {purpose} counts whose time is over"),
        )
    ],
    "consent-too-wide": [
        ("another kind", "consent opens another kind of data"),
        ("another source", "consent opens another source of data"),
        ("another source", "consent opens another source of data"),
    ],
    "endless-consent": [
        ("expired before", "consent counts that expired"),
        ("run out", "consent counts whose time is over"),
    ],
    "fhir-consent-ignored": [
        ("POST /v1/patients/{{patient}}/disclosures", "a use goes on that the patient said no to"),
    ],
    "restriction-ignored": [
        ("POST /v1/patients/{{patient}}/disclosures", "a use goes on that the patient said no to"),
    ],
    "opt-out-ignored": [
        ("GET /v1/directory", "a use goes on that the patient said no to"),
        ("GET /v1/patients/{{patient}}/condition", "a use goes on that the patient said no to"),
    ],
    "research-for-all": [
        (what, f"data goes out {what}")
        for what in (
            "without an approval", "with a made-up approval", "with an expired approval",
            "with an approval of another study", "with an approval that was withdrawn",
        )
    ],
}  # fmt: skip


def test_a_clean_service_passes_everything(clean: Premises, see: Any, every: list[str]) -> None:
    seen = {name: see(name, clean) for name in every}
    assert {name: each.told for name, each in seen.items() if each.status is not Status.PASS} == {}
    # No synthetic patient stayed, and nothing was left untried.
    assert not [each.told for each in seen.values() if "not tried" in each.told]
    assert not [each.told for each in seen.values() if "synthetic patient" in each.told]


@pytest.mark.parametrize("defect", rights.LAPSES, ids=lambda each: each.name)
def test_a_defect_fails_its_own_probe_alone(
    defect: Any, of_reference: Any, see: Any, every: list[str]
) -> None:
    with running(care=True, defect=defect.name) as service, of_reference(service) as premises:
        seen = {name: see(name, premises) for name in every}
    failed = [name for name, each in seen.items() if each.status is not Status.PASS]
    assert [f"hipaa.{name}" for name in failed] == list(defect.metrics)
    assert seen[failed[0]].status is Status.FAIL
    assert seen[failed[0]].findings == TOLD[defect.name]


def test_each_defect_is_told_of() -> None:
    assert set(TOLD) == {each.name for each in rights.LAPSES}
