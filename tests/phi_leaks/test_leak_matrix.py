"""The clean service leaks nothing; each defect is caught in its own sink, with its own sources."""

from __future__ import annotations

from typing import Any

import pytest

from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.core.verdict import Status
from clinigate.phi.canaries import make_patients
from clinigate.phi.criteria import LEAKS, builtin_criteria
from clinigate.phi.leaks.document import map_bytes
from clinigate.phi.leaks.model import LeakMap
from clinigate.phi.leaks.observe import leak_observations
from clinigate.reference.spilling import SPILLING

SEED = 11
SPOKEN = ("message to chat", "message to crisis", "message to emotion")
NAME, PATH, QUERY = "name of a patient", "path of a request", "query of a request"

#: Of each defect, what goes from where to where: (source, sink, place, symbol).
WAYS: dict[str, set[tuple[str, str, str, str | None]]] = {
    "phi-in-log-field": {(NAME, "log", "service.log", "patient")},
    "phi-in-error-report": {("message that is cut off", "error report", "errors.log", None)},
    "phi-in-url": {(NAME, "address that is called", "POST /v1/moderations", "user")},
    "phi-in-metrics": {
        (PATH, "metrics", "GET /metrics", "clinigate_reference_requests_total"),
    },
    "phi-in-cache": {(NAME, "cache", "cache.json", None)},
    "phi-in-other-reply": {
        (
            SPOKEN[0],
            "reply to somebody else",
            "answer to referring page of a request",
            "choices",
        ),
    },
    "phi-in-prompt": {
        (SPOKEN[0], "prompt to a model provider", "POST /v1/moderations", "context"),
    },
    "phi-in-backup": {(SPOKEN[0], "backup", "backups/conversations.jsonl.gz", "messages")},
    "phi-in-debug": {(said, "debug address", "GET /debug/requests", "recent") for said in SPOKEN},
    "phi-in-access-log": {
        (source, "log", place, None)
        for source in (PATH, QUERY)
        for place in ("access.log", "access.log.1.gz")
    },
    "phi-in-span": {(said, "trace span", "spans.jsonl", "attributes") for said in SPOKEN},
    "phi-in-error-page": {(PATH, "error page", "answer to path of a request", "error")},
    "phi-in-header": {
        (NAME, "header of an answer", "answer to name of a patient", "x-patient"),
    },
    # Of the safeguards: the checks of HIPAA find them, and so does a hunt.
    "phi-in-logs": {(said, "log", "service.log", "said") for said in SPOKEN},
}


def judged(found: LeakMap) -> tuple[Any, list[Finding], Measurement]:
    observations = list(leak_observations(found))
    criteria = [each for each in builtin_criteria() if each.id == LEAKS]
    (verdict,) = judge_all(criteria, observations)
    about = [each.about for each in observations]
    (census,) = [each for each in about if isinstance(each, Measurement)]
    return verdict, [each for each in about if isinstance(each, Finding)], census


def test_a_clean_service_leaks_nothing_and_everything_was_looked_at(traced: Any) -> None:
    with traced() as service:
        found = service.hunted()
    assert found.leaks == ()
    assert found.troubles == ()
    assert found.unplanted == ()
    assert len(found.kinds) == 13
    verdict, findings, census = judged(found)
    assert (verdict.status, findings) == (Status.PASS, [])
    assert (census.value, census.excluded) == (0, 0)
    assert "access.log.1.gz" in {each.place for each in found.looked}
    assert "backups/conversations.db.gz" in {each.place for each in found.looked}


@pytest.mark.parametrize("defect", WAYS)
def test_a_defect_is_caught_by_source_and_sink(traced: Any, defect: str) -> None:
    with traced(defect) as service:
        found = service.hunted()
    ways = {(each.source, str(each.kind), each.place, each.symbol) for each in found.leaks}
    assert ways == WAYS[defect]
    assert found.troubles == ()
    verdict, findings, census = judged(found)
    assert verdict.status is Status.FAIL
    assert census.value == len(findings) == len(WAYS[defect])
    flows = {each.name: each.value for each in census.slices if each.value}
    assert set(flows) == {f"{source}={kind}" for source, kind, _, _ in WAYS[defect]}
    assert {(each.where, each.flaw and each.flaw.title) for each in findings} == {
        (source, kind) for source, kind, _, _ in WAYS[defect]
    }
    # The report of a leak is no second leak.
    told = repr(findings) + repr(census) + map_bytes(found).decode()
    for patient in make_patients(SEED, len(found.sources)):
        assert not [value for value in patient.values.values() if value in told]


def test_every_defect_that_spills_is_in_the_table_above() -> None:
    assert {each.name for each in SPILLING} <= set(WAYS)
    assert len(SPILLING) >= 10
