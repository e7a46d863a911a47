"""The clean service passes every probe of records; each defect fails its own and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.verdict import Status
from clinigate.hipaa.probes.records import DECLARED
from clinigate.hipaa.probes.records.doing import PROBES
from clinigate.reference.lapses import records
from clinigate.reference.launch import running

#: What is found of each defect: how many things, and one of them.
TOLD = {
    "plain-backup": (15, "holds the family_name of canary-1 in compressed form"),
    "short-key": (1, "the store: keys have 128 bits; 256 are asked for"),
    "same-ciphertext": (1, "patients.sealed: the same values lie there with"),
    "lost-updates": (3, "one after another: answers 200 to a change of a version"),
    "replayable-writes": (3, "again: a write that is sent again is done again"),
    "blind-to-flips": (5, "a flipped bit is served with 200"),
    "editable-audit": (8, "audit.actor: takes an UPDATE of its rows"),
    "anonymous-audit": (1, "change: leaves an audit row that does not say whose record"),
    "stale-backup": (1, "s old; 86400 s are the most"),
}


def test_a_clean_service_passes_everything(at_clean: Callable[..., Any], see: Any) -> None:
    with at_clean() as premises:
        seen = {name: see(name, premises) for name in PROBES}
    wrong = {
        name: (each.reason, each.findings)
        for name, each in seen.items()
        if each.status is not Status.PASS or each.findings or "synthetic patient" in each.reason
    }
    assert wrong == {}


@pytest.mark.parametrize("lapse", records.LAPSES, ids=lambda each: each.name)
def test_a_defect_fails_its_own_probe_alone(
    lapse: Any, tmp_path: Path, premises_of: Any, see: Any
) -> None:
    with running(care=True, defect=lapse.name) as service, premises_of(service, tmp_path) as at:
        seen = {name: see(name, at) for name in PROBES}
    wrong = {name: each for name, each in seen.items() if each.status is not Status.PASS}
    assert {f"hipaa.{name}" for name in wrong} == set(lapse.metrics)
    (found,) = wrong.values()
    assert found.status is Status.FAIL
    count, message = TOLD[lapse.name]
    assert len(found.findings) == count, found.findings
    assert any(message in each for each in found.findings), found.findings


def test_every_probe_is_declared_and_has_a_defect() -> None:
    declared = {each.name for each in DECLARED}
    assert set(PROBES) == declared
    assert {f"hipaa.{name}" for name in declared} == {
        metric for each in records.LAPSES for metric in each.metrics
    }
    assert {each.name for each in records.LAPSES} == set(TOLD)
