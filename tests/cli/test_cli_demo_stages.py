"""`clinigate demo --all-stages` for real: clean it opens the gate, a defect of care shuts it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.evidence.bundle import open_bundle
from clinigate.reference.defects import DEFECTS


def failed_of(folder: Path) -> tuple[set[str], dict[str, Any]]:
    """The metrics that failed in the one run of a folder, and the decision on it."""
    (bundle,) = (folder / ".clinigate" / "runs").iterdir()
    verdicts = open_bundle(bundle).results().verdicts
    decision = json.loads((bundle / "exports" / "decision.json").read_bytes())
    return {each.metric for each in verdicts if each.status.value == "FAIL"}, decision


def is_of_a_busy_host(reason: str) -> bool:
    return reason.startswith("chaos.") and "a quieter host" in reason


@pytest.mark.acceptance
def test_the_clean_service_opens_the_gate_after_every_stage(
    program: Callable[..., Any], tmp_path: Path
) -> None:
    done = program("demo", "--all-stages", cwd=tmp_path)
    assert "Traceback" not in done.out + done.err
    failed, decision = failed_of(tmp_path)
    assert not failed
    # A host too busy to play an experiment on time is not the service's fault, and nothing else is
    # let through.
    told = [reason for reason in decision["reasons"] if not is_of_a_busy_host(reason)]
    assert not told, done.out + done.err
    if not decision["reasons"]:
        assert done.code == ExitCode.OK
        assert "GATE development, policy demo-all-stages: OPEN (no certification)" in done.out


@pytest.mark.acceptance
def test_records_of_others_shut_the_gate_by_their_own_name(
    program: Callable[..., Any], tmp_path: Path
) -> None:
    done = program("demo", "--all-stages", "--defect", "others-records", cwd=tmp_path)
    assert done.code == ExitCode.NOT_PASSED, done.out + done.err
    failed, decision = failed_of(tmp_path)
    assert failed == set(DEFECTS["others-records"].metrics) == {"hipaa.idor"}
    assert any("hipaa.idor" in reason for reason in decision["reasons"])
