"""What cannot be tried of the life of a record is never a pass, and says what to configure."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle import DECLARED, fhir_schema
from clinigate.targets.service import Answer, Request

NOT_ASSESSED, INCONCLUSIVE = Status.NOT_ASSESSED, Status.INCONCLUSIVE
ERROR, FAIL, PASS = Status.ERROR, Status.FAIL, Status.PASS
NAMES = [each.name for each in DECLARED]

#: The table of each probe, and an address that it asks.
TABLES = {
    "fhir_valid": ("fhir", "/fhir/Patient"),
    "access_completeness": ("copy_for_patient", "$everything"),
    "accounting": ("accounting", "/accounting"),
    "amendment": ("amendment", "/amendments"),
    "erasure": ("erasure", "/erasure"),
    "retention_job": ("retention", "/jobs/retention"),
    "reidentification_code": ("code", "/code"),
    "automated_decision": ("decision", "/review"),
    "portability": ("portability", "$import"),
}


def answered(status: int, body: Any = None) -> Answer:
    """An answer of a service in trouble."""
    return Answer(status, {}, body, json.dumps(body).encode())


def lifecycle_of(premises: Premises, table: str) -> dict[str, Any]:
    """A table of `[hipaa.lifecycle]`, to be altered."""
    found: dict[str, Any] = getattr(premises.table.lifecycle, table).model_dump(exclude_unset=True)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_without_its_table(name: str, clean: Premises, with_lifecycle: Any, see: Any) -> None:
    table = TABLES[name][0]
    seen = see(name, with_lifecycle(clean, **{table: None}))
    assert (seen.status, seen.findings) == (NOT_ASSESSED, [])
    assert f"needs [hipaa.lifecycle.{table}]" in seen.reason


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_may_be_written(
    name: str, clean: Premises, with_hipaa: Any, see: Any
) -> None:
    for members, reason in (
        ({"patients": None}, "[hipaa.patients]"),
        ({"test_environment": False}, "test_environment = true"),
        ({"safety": {"production": True}}, "patients are served"),
    ):
        seen = see(name, with_hipaa(clean, **members))
        assert seen.status is NOT_ASSESSED
        assert reason in seen.reason
    assert see(name, replace(clean, service=None)).status is NOT_ASSESSED


@pytest.mark.parametrize("name", NAMES)
def test_a_service_that_answers_500(name: str, clean: Premises, in_trouble: Any, see: Any) -> None:
    path = TABLES[name][1]

    def broken(request: Request, _answer: Answer) -> Answer | None:
        return answered(500) if path in request.path else None

    seen = see(name, in_trouble(clean, broken))
    assert seen.status in (ERROR, INCONCLUSIVE, NOT_ASSESSED)
    assert seen.findings == []
    assert "answers 500" in seen.reason


def test_a_role_that_is_missing(clean: Premises, with_hipaa: Any, see: Any) -> None:
    seen = see("automated_decision", with_hipaa(clean, roles={}))
    assert seen.status is ERROR
    assert "[hipaa.roles.clinician_north] is missing" in seen.reason


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["SELECT nothing FROM nowhere WHERE id = {{patient}}"], "a query is refused"),
        (["SELECT id FROM patients"], "a query needs {{patient}}"),
        (["SELECT id, facility FROM patients WHERE id = {{patient}}"], "more than one column"),
        (["DELETE FROM patients WHERE id = {{patient}} OR 1 = 1"], "a query is refused"),
    ],
)
def test_queries_that_list_no_ids(
    rows: list[str], reason: str, clean: Premises, with_lifecycle: Any, see: Any
) -> None:
    table = lifecycle_of(clean, "copy_for_patient") | {"rows": rows}
    seen = see("access_completeness", with_lifecycle(clean, copy_for_patient=table))
    assert seen.status is ERROR
    assert reason in seen.reason


def test_a_store_that_cannot_be_reached(
    clean: Premises, with_hipaa: Any, with_lifecycle: Any, see: Any
) -> None:
    records = clean.table.records.model_dump(exclude_unset=True)
    gone = records | {"store": records["store"] | {"sqlite": "gone.db"}}
    seen = see("access_completeness", with_hipaa(clean, records=gone))
    assert seen.status is ERROR
    assert "gone.db is no file" in seen.reason
    away = with_hipaa(clean, records={}, store_dsn_env="THE_STORE")
    away = replace(
        away, environ={**clean.environ, "THE_STORE": "postgresql://nobody@127.0.0.1:1/none"}
    )
    seen = see("access_completeness", away)
    assert seen.status is ERROR
    assert "does not let us in" in seen.reason
    without = with_lifecycle(clean, copy_for_patient={"read": lifecycle_of(
        clean, "copy_for_patient")["read"]})  # fmt: skip
    seen = see("access_completeness", without)
    assert (seen.status, seen.findings) == (INCONCLUSIVE, [])
    assert "give [hipaa.records.store]" in seen.reason


def test_a_copy_of_somebody_else(clean: Premises, in_trouble: Any, see: Any) -> None:
    people: list[str] = []

    def of_another(request: Request, answer: Answer) -> Answer | None:
        if request.path == "/v1/patients":
            people.append(answer.body["id"])
        if "$everything" not in request.path:
            return None
        other = replace(request, path=request.path.replace(people[0], people[1]))
        return clean.service.send(other) if clean.service else None

    seen = see("access_completeness", in_trouble(clean, of_another))
    assert seen.status is FAIL
    assert ("the copy", "lacks the mrn of its patient") in seen.findings
    assert ("the copy", "holds the note of somebody else") in seen.findings
    assert ("the copy", "names somebody else") in seen.findings
    assert ("rows 1", "1 of 1 are not in the copy") in seen.findings
    assert ("the copy", "holds 4 entries that no query lists") in seen.findings


def test_an_accounting_of_what_does_not_count(
    clean: Premises, with_lifecycle: Any, see: Any
) -> None:
    table = lifecycle_of(clean, "accounting") | {"counted": ["treatment"], "excluded": ["research"]}
    seen = see("accounting", with_lifecycle(clean, accounting=table))
    assert seen.status is FAIL
    assert [message for _, message in seen.findings] == [
        "has 0 rows of a disclosure for treatment, in place of 1",
        "has 0 rows of a disclosure for treatment, in place of 1",
        "lists a disclosure for research, which does not count",
    ]


def test_rows_of_an_accounting_need_all_four(
    clean: Premises, with_lifecycle: Any, see: Any
) -> None:
    table = lifecycle_of(clean, "accounting") | {"date": "when", "purpose": "why"}
    seen = see("accounting", with_lifecycle(clean, accounting=table))
    assert seen.status is FAIL
    assert seen.findings[0][1] == "has a row without the date and purpose"


@pytest.mark.parametrize(
    ("restart", "status", "reason"),
    [
        ([sys.executable, "-c", "pass"], PASS, "keeps the limit"),
        ([sys.executable, "-c", "raise SystemExit(3)"], ERROR, "ended with 3"),
        (["no-such-program"], ERROR, "no program 'no-such-program'"),
    ],
)
def test_a_restart(
    restart: list[str],
    status: Status,
    reason: str,
    clean: Premises,
    with_lifecycle: Any,
    see: Any,
) -> None:
    table = lifecycle_of(clean, "accounting") | {"restart": restart}
    seen = see("accounting", with_lifecycle(clean, accounting=table))
    assert seen.status is status
    assert reason in seen.reason
    assert "was not tried" not in seen.reason


def test_a_denial_that_is_none(clean: Premises, with_lifecycle: Any, see: Any) -> None:
    table = lifecycle_of(clean, "amendment")
    seen = see("amendment", with_lifecycle(clean, amendment=table | {"deny": table["accept"]}))
    assert seen.status is FAIL
    assert seen.findings == [("the record", "says what was denied")]
    assert "the service answers 409" in seen.reason
    table = {name: value for name, value in table.items() if name != "deny"}
    seen = see("amendment", with_lifecycle(clean, amendment=table))
    assert (seen.status, seen.findings) == (INCONCLUSIVE, [])
    assert "give [hipaa.lifecycle.amendment] deny and disagree" in seen.reason
    seen = see("amendment", with_lifecycle(clean, amendment=table | {"replaces": "hat"}))
    assert seen.status is ERROR
    assert "hat is nothing of a synthetic patient" in seen.reason


def test_an_erasure_that_does_nothing(clean: Premises, with_lifecycle: Any, see: Any) -> None:
    table = lifecycle_of(clean, "erasure")
    idle = {"path": "/v1/patients/{{patient}}", "method": "GET"}
    seen = see("erasure", with_lifecycle(clean, erasure=table | {"erase": idle, "places": []}))
    assert seen.status is FAIL
    said = [message for _, message in seen.findings]
    assert said[0] == "somebody who is held is erased"
    assert said.count("tells of somebody who was erased") == 4


def test_a_service_that_breaks_in_an_erasure(
    clean: Premises, in_trouble: Any, with_lifecycle: Any, see: Any
) -> None:
    erased: list[bool] = []

    def broken(request: Request, answer: Answer) -> Answer | None:
        if request.path.endswith("/erasure") and answer.served:
            erased.append(True)
            return None
        return answered(500) if erased and request.method == "GET" else None

    table = lifecycle_of(clean, "erasure") | {"places": []}
    seen = see("erasure", in_trouble(with_lifecycle(clean, erasure=table), broken))
    assert (seen.status, seen.findings) == (INCONCLUSIVE, [])
    assert "reading somebody else answers 500" in seen.reason
    assert "which tells of nobody" in seen.reason


def test_what_was_found_before_the_service_broke_is_told(
    clean: Premises, in_trouble: Any, with_lifecycle: Any, see: Any
) -> None:
    def broken(request: Request, _answer: Answer) -> Answer | None:
        return answered(500) if request.method == "DELETE" and "/hold" in request.path else None

    table = lifecycle_of(clean, "erasure") | {"refusal": "error.why", "places": []}
    seen = see("erasure", in_trouble(with_lifecycle(clean, erasure=table), broken))
    assert seen.status is FAIL
    assert seen.findings == [("a hold", "erasing is refused without a reason")]
    assert "the rest: DELETE" in seen.reason


def test_a_hold_without_a_reason(clean: Premises, with_lifecycle: Any, see: Any) -> None:
    table = lifecycle_of(clean, "erasure") | {"places": []}
    seen = see("erasure", with_lifecycle(clean, erasure=table | {"refusal": "error.why"}))
    assert (seen.status, seen.findings) == (
        FAIL,
        [("a hold", "erasing is refused without a reason")],
    )
    free = {name: value for name, value in table.items() if name != "release"}
    seen = see("erasure", with_lifecycle(clean, erasure=free))
    assert seen.status is PASS
    assert "a legal hold was not tried" in seen.reason


def test_places_that_show_nothing(clean: Premises, with_lifecycle: Any, see: Any) -> None:
    table = lifecycle_of(clean, "erasure")
    nothing = {"path": "/v1/patients/{{patient}}/amendments", "method": "GET"}
    seen = see("erasure", with_lifecycle(clean, erasure=table | {"finds": [nothing]}))
    assert (seen.status, seen.findings) == (INCONCLUSIVE, [])
    assert "it tells nothing of a patient who is there" in seen.reason
    seen = see("erasure", with_lifecycle(clean, erasure=table | {"places": ["no-such-folder"]}))
    assert seen.status is ERROR
    assert "no-such-folder" in seen.reason


def test_a_job_that_does_nothing(clean: Premises, with_lifecycle: Any, see: Any) -> None:
    table = lifecycle_of(clean, "retention")
    idle = {"path": "/v1/patients/{{patient}}", "method": "GET"}
    seen = see("retention_job", with_lifecycle(clean, retention=table | {"run": idle}))
    assert (seen.status, seen.findings) == (
        FAIL,
        [("the job", "leaves a document that is over its time")],
    )
    seen = see("retention_job", with_lifecycle(clean, retention=table | {"limit_days": 3650}))
    assert seen.status is PASS


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ("facility", FAIL, ("codes", "two patients have the same")),
        ("id", FAIL, ("code 1", "holds the id of its patient")),
        ("'the same for everybody'", FAIL, ("codes", "two patients have the same")),
        ("nothing", ERROR, None),
    ],
)
def test_codes_that_are_none(
    answer: str, status: Status, said: Any, clean: Premises, with_lifecycle: Any, see: Any
) -> None:
    table = {"path": "/v1/patients/{{patient}}", "method": "GET", "answer": answer}
    seen = see("reidentification_code", with_lifecycle(clean, code=table))
    assert seen.status is status
    assert seen.findings[:1] == ([] if said is None else [said])


def test_decisions_that_nobody_changes(clean: Premises, with_lifecycle: Any, see: Any) -> None:
    table = lifecycle_of(clean, "decision")
    nowhere = {"path": "/v1/patients/{{patient}}/nowhere"}
    seen = see("automated_decision", with_lifecycle(clean, decision=table | {"review": nowhere}))
    assert seen.status is FAIL
    assert seen.findings[0][1] == "there is no way for a person to decide"
    strange = table | {"outcomes": ["red", "green"]}
    seen = see("automated_decision", with_lifecycle(clean, decision=strange))
    assert (seen.status, seen.findings) == (NOT_ASSESSED, [])


def test_what_is_no_fhir(clean: Premises, with_lifecycle: Any, in_trouble: Any, see: Any) -> None:
    table = lifecycle_of(clean, "fhir")
    plain = {"path": "/v1/patients/{{patient}}", "method": "GET", "resource": "Patient"}
    seen = see("fhir_valid", with_lifecycle(clean, fhir={"steps": [plain]}))
    assert seen.findings == [(
        "GET /v1/patients/{{patient}}", "answers no resource in place of Patient",
    )]  # fmt: skip

    def takes_all(request: Request, answer: Answer) -> Answer | None:
        return answered(201, {}) if answer.status == 422 else None

    seen = see("fhir_valid", in_trouble(clean, takes_all))
    assert [message for _, message in seen.findings] == ["takes what is no valid resource"] * 3
    unnamed = [step | {"answer": "nothing"} for step in table["steps"]]
    seen = see("fhir_valid", with_lifecycle(clean, fhir=table | {"steps": unnamed}))
    assert (seen.status, seen.findings) == (INCONCLUSIVE, [])
    assert "an earlier step gave no id" in seen.reason


def test_an_export_that_is_no_fhir(clean: Premises, with_lifecycle: Any, see: Any) -> None:
    export = {"path": "/fhir/Patient/{{patient}}/$everything", "method": "GET", "answer": "entry"}
    whole = {"resourceType": "Bundle", "type": "collection", "entry": "{{export}}"}
    table = {
        "export": export,
        "take_in": {"path": "/fhir/$import", "body": whole, "answer": "id"},
    }
    seen = see("portability", with_lifecycle(clean, portability=table))
    assert seen.findings == [("the export", "is not valid: it is no resource of R4")]
    seen = see("portability", with_lifecycle(clean, portability=table | {"fhir": False}))
    assert seen.status is PASS


def test_without_the_package_that_validates(
    clean: Premises, see: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    fhir_schema._validator.cache_clear()
    seen = see("fhir_valid", clean)
    assert seen.status is NOT_ASSESSED
    assert "clinigate[hipaa]" in seen.reason
    seen = see("portability", clean)
    assert (seen.status, seen.findings) == (INCONCLUSIVE, [])
    assert "clinigate[hipaa]" in seen.reason
