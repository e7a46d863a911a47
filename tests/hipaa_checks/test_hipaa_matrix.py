"""The clean reference service passes every named test; each defect fails its own and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.named import ASKED_FOR
from clinigate.hipaa.planting import patients_for
from clinigate.reference.defects import DEFECTS
from clinigate.reference.launch import running

SAFEGUARDS = {
    name: asked
    for name, defect in DEFECTS.items()
    if (asked := {each.removeprefix("hipaa.") for each in defect.metrics} & set(ASKED_FOR))
}

#: How many of each are found, and what is said of the first.
TOLD = {
    "phi-in-logs": (18, "holds the family_name of canary-1 in plain form"),
    "plaintext-store": (18, "holds the family_name of canary-1 in plain form"),
    "alterable-store": (2, "a bit flipped at conversations.messages is not noticed"),
    "no-audit": (1, "leaves 0 audit rows in place of 1"),
    "scope-ignored": (1, "serves a token without the scope emotion"),
    "immortal-tokens": (14, "POST /v1/chat/completions answers 200 to it"),
    "old-tls": (1, "still speaks TLSv1.1"),
    "consent-ignored": (4, "a patient who said nothing is served"),
}


def test_a_clean_service_passes_everything(at_clean: Callable[..., Any], see: Any) -> None:
    with at_clean() as premises:
        seen = {name: see(name, premises) for name in ASKED_FOR}
    wrong = {name: each.reason for name, each in seen.items() if each.status is not Status.PASS}
    assert wrong == {}
    assert not any(each.findings for each in seen.values())


@pytest.mark.parametrize("defect", SAFEGUARDS)
def test_a_defect_fails_its_own_test_alone(
    defect: str, tmp_path: Path, premises_of: Any, see: Any
) -> None:
    with running(defect=defect) as service, premises_of(service, tmp_path) as premises:
        seen = {name: see(name, premises) for name in ASKED_FOR}
    failed = {name for name, each in seen.items() if each.status is not Status.PASS}
    assert failed == SAFEGUARDS[defect]
    (name,) = failed
    assert seen[name].status is Status.FAIL
    count, message = TOLD[defect]
    assert len(seen[name].findings) == count
    assert message in seen[name].findings[0][1]
    # The report of a leak is no second leak.
    for patient in patients_for(name, 0):
        assert not [value for value in patient.values.values() if value in repr(seen[name])]


def test_every_defect_of_the_safeguards_is_told() -> None:
    assert set(TOLD) == set(SAFEGUARDS)
