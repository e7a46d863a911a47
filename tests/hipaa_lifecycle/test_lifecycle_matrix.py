"""The clean service passes every probe of the lifecycle; each defect fails its own and no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle import DECLARED
from clinigate.hipaa.probes.lifecycle.doing import PROBES
from clinigate.reference.lapses.lifecycle import LAPSES
from clinigate.reference.launch import running

#: How many of each are found, and what is said of the first.
TOLD = {
    "invalid-fhir": (1, "answers what is not valid: Observation lacks code"),
    "incomplete-copy": (2, "lacks the note of its patient"),
    "unaccounted-disclosures": (4, "has 0 rows of a disclosure for public_health, in place of 1"),
    "amendment-overwrites": (1, "does not keep what stood there before"),
    "incomplete-erasure": (1, "tells of somebody who was erased"),
    "copy-in-clear": (8, "holds the email of somebody who was erased"),
    "retention-forgets": (2, "removes a document that is younger than six years"),
    "derived-code": (3, "holds the mrn of its patient"),
    "no-human-review": (1, "what a person decides does not hold in place of the model's"),
    "unportable-copy": (1, "entry.resource.author.display is lost or altered"),
}


def test_a_clean_service_passes_everything(clean: Premises, see: Any) -> None:
    seen = {each.name: see(each.name, clean) for each in DECLARED}
    wrong = {name: each.reason for name, each in seen.items() if each.status is not Status.PASS}
    assert wrong == {}
    assert not any(each.findings for each in seen.values())
    assert not any("stays" in each.reason for each in seen.values())


@pytest.mark.parametrize("defect", LAPSES, ids=lambda each: each.name)
def test_a_defect_fails_its_own_probe_alone(
    defect: Any, premises_at: Callable[..., Any], see: Any
) -> None:
    with running(care=True, defect=defect.name) as service, premises_at(service) as premises:
        seen = {each.name: see(each.name, premises) for each in DECLARED}
    failed = {name for name, each in seen.items() if each.status is not Status.PASS}
    assert failed == {metric.removeprefix("hipaa.") for metric in defect.metrics}
    (name,) = failed
    assert seen[name].status is Status.FAIL
    count, message = TOLD[defect.name]
    assert len(seen[name].findings) == count
    assert message in seen[name].findings[0][1]
    # The report of what stays of somebody is not itself something that stays.
    assert not re.search(r"ZQX\d|@example\.com|clinigate synthetic", repr(seen[name]))


def test_every_probe_is_done_and_every_defect_told() -> None:
    assert set(PROBES) == {each.name for each in DECLARED}
    assert set(TOLD) == {each.name for each in LAPSES}
    found = {metric for each in LAPSES for metric in each.metrics}
    assert found == {each.metric for each in DECLARED}


def test_each_probe_says_what_it_does() -> None:
    for each in DECLARED:
        assert each.sends
        assert each.looks_at
        assert each.cannot_see
