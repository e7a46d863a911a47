"""At a clinic with names of its own: right passes, and each way to be wrong fails its own probe."""

from __future__ import annotations

from typing import Any

import pytest
from clinic import Clinic

from clinigate.core.verdict import Status

SHOWN = "a psychotherapy note is shown"
GOES_ON = "a use goes on that the patient said no to"
#: Probe, flaw, and what is said of it first.
FLAWS = [
    ("consent_scope", "asks-no-consent", "data is served of a patient who said nothing"),
    ("consent_scope", "any-what", "consent opens another kind of data"),
    ("consent_scope", "any-from", "consent opens another source of data"),
    ("consent_scope", "any-person", "consent of one patient opens another's data"),
    ("consent_scope", "agreed-never-end", "consent that was taken back counts"),
    ("consent_expiry", "agreed-never-expire", "consent counts that expired"),
    ("authorization", "asks-no-paper", "a record is disclosed without an authorization"),
    ("authorization", "any-person", "a record is disclosed with another patient's authorization"),
    ("authorization", "any-why",
     "a record is disclosed with an authorization that is not for advertising"),
    ("authorization", "any-whom",
     "a record is disclosed with an authorization of another recipient"),
    ("authorization", "unnamed", "a disclosure does not name its authorization"),
    ("authorization", "papers-never-end", "a record is disclosed with a revoked authorization"),
    ("authorization", "papers-never-expire",
     "an authorization for study counts that expired"),
    ("authorization", "takes-anything",
     "a record is disclosed with an authorization without signed"),
    ("psychotherapy_notes", "shows-the-diary", f"{SHOWN} without an authorization"),
    ("psychotherapy_notes", "any-why", f"{SHOWN} with an authorization for another use"),
    ("psychotherapy_notes", "diary-in-all", f"{SHOWN} at GET /all"),
    ("psychotherapy_notes", "diary-in-base64", f"{SHOWN} at GET /all"),
    ("fhir_consent", "hears-no-no", GOES_ON),
    ("restriction", "hears-no-no", GOES_ON),
    ("restriction", "refuses-what-is-spared", "what it does not speak of is not served any more"),
    ("opt_out", "hears-no-no", GOES_ON),
    ("research_release", "asks-no-board", "data goes out without an approval"),
    ("research_release", "any-study", "data goes out with an approval of another study"),
    ("research_release", "boards-never-end", "data goes out with an approval that was withdrawn"),
    ("research_release", "boards-never-expire", "data goes out with an expired approval"),
]  # fmt: skip


def test_what_is_right_passes(clinic: Clinic, at_clinic: Any, see: Any, every: list[str]) -> None:
    seen = {name: see(name, at_clinic()) for name in every}
    assert {name: each.told for name, each in seen.items() if each.status is not Status.PASS} == {}
    assert not [each for each in clinic.kept.values() if each["kind"] == "person"]


@pytest.mark.parametrize(("name", "flaw", "message"), FLAWS)
def test_what_is_wrong_fails(
    name: str, flaw: str, message: str, clinic: Clinic, at_clinic: Any, see: Any
) -> None:
    clinic.flaws.add(flaw)
    seen = see(name, at_clinic())
    assert seen.status is Status.FAIL, seen.told
    assert message == seen.findings[0][1]


def test_a_record_that_refuses_an_expired_consent_is_right(
    clinic: Clinic, at_clinic: Any, see: Any
) -> None:
    clinic.flaws.add("refuses-the-past")
    assert see("consent_expiry", at_clinic()).status is Status.PASS


def test_days_are_as_good_as_what_expired_before(clinic: Clinic, at_clinic: Any, see: Any) -> None:
    premises = at_clinic(rights__expires_in_s=0)
    for name in ("consent_expiry", "authorization"):
        seen = see(name, premises)
        assert seen.status is Status.PASS
        assert "only one that had expired before was tried" in seen.told
    clinic.flaws.add("refuses-the-past")
    assert see("consent_expiry", premises).status is Status.INCONCLUSIVE


def test_what_was_found_before_it_broke_is_told(clinic: Clinic, at_clinic: Any, see: Any) -> None:
    clinic.flaws.add("asks-no-consent")
    clinic.broken["POST agreed"] = 500
    seen = see("consent_scope", at_clinic())
    assert seen.status is not Status.PASS
    assert ("nothing said", "data is served of a patient who said nothing") in seen.findings
    assert "answers 500" in seen.told


def test_somebody_logs_in_once(clinic: Clinic, at_clinic: Any, see: Any) -> None:
    assert see("psychotherapy_notes", at_clinic()).status is Status.PASS
    assert clinic.log_ins == 1


def test_nothing_of_a_patient_or_a_note_is_told(clinic: Clinic, at_clinic: Any, see: Any) -> None:
    clinic.flaws |= {"shows-the-diary", "hears-no-no", "any-person"}
    told = [see(name, at_clinic()) for name in ("psychotherapy_notes", "opt_out", "consent_scope")]
    said = [
        body[name] for _, _, body in clinic.asked for name in ("family", "words") if name in body
    ]
    assert len(said) >= 4
    assert not [value for value in said if value in repr(told)]
