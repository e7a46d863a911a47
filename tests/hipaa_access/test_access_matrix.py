"""The clean reference service passes the probes of who sees what; each defect fails its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.named import NAMED
from clinigate.hipaa.probes.access import DECLARED
from clinigate.hipaa.probes.access.doing import PROBES
from clinigate.reference.credentials import PER_HOUR_VARIABLE, PER_MINUTE_VARIABLE
from clinigate.reference.lapses.access import LAPSES
from clinigate.reference.launch import Connection, running

FEW = {PER_MINUTE_VARIABLE: "5", PER_HOUR_VARIABLE: "8"}
ALL = [named.name for named in DECLARED]

VALUES = ("family_name", "ssn", "mrn", "member_id", "email")

#: What the finding of each defect says, and where.
TOLD = {
    "open-debug-address": ("GET /debug/vars", "serves nobody, and is not declared open"),
    "role-too-wide": ("POST /v1/patients", "serves the role desk_north"),
    "others-records": (
        "GET /v1/patients/{patient}",
        f"shows the role patient_two the {' and '.join(VALUES)} of somebody else",
    ),
    "facility-ignored": (
        "GET /v1/patients",
        "shows the role clinician_south a patient of the facility north",
    ),
    "injectable-search": (
        "GET /v1/settings/{name}, name",
        "a condition that is always true finds something",
    ),
    "scopeless-token": ("GET /v1/patients", "serves a token of no scope"),
    "forgeable-tokens": ("a token with algorithm none", "GET /v1/patients answers 200 to it"),
    "every-field": ("the role desk_north", "is shown ssn"),
    "unlimited-requests": ("the limit partner", "6 requests are let in, where 5 may be"),
}


@pytest.mark.parametrize("name", ALL)
def test_a_clean_service_passes(
    name: str, clean: Connection, tmp_path: Path, at: Callable[..., Any], see: Any
) -> None:
    with at(clean, tmp_path) as premises:
        seen = see(name, premises)
        # A second time finds what the first has left: limits that are used up, and nothing else.
        again = see(name, premises) if name == "rate_limits" else seen
    assert (seen.status, seen.findings) == (Status.PASS, []), seen.reason
    assert (again.status, again.findings) == (Status.PASS, []), again.reason


@pytest.mark.parametrize("defect", TOLD)
def test_a_defect_fails_its_own_probe_alone(
    defect: str, tmp_path: Path, small: Callable[..., Any], see: Any
) -> None:
    (own,) = next(each.metrics for each in LAPSES if each.name == defect)
    with (
        running(care=True, defect=defect, environ=FEW) as service,
        small(service, tmp_path) as premises,
    ):
        seen = {name: see(name, premises) for name in ALL}
    failed = {NAMED[name].metric for name, each in seen.items() if each.status is not Status.PASS}
    assert failed == {own}, {name: each.reason for name, each in seen.items()}
    found = seen[own.removeprefix("hipaa.")]
    assert found.status is Status.FAIL
    assert TOLD[defect] in found.findings


def test_every_probe_is_done_and_every_defect_told() -> None:
    assert set(PROBES) == set(ALL)
    assert set(TOLD) == {each.name for each in LAPSES}
    seen_by = {metric for each in LAPSES for metric in each.metrics}
    assert seen_by == {named.metric for named in DECLARED}
