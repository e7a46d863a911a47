"""`clinigate demo --all-stages`, of which the HIPAA stage is played: each probe, and one defect.

The whole demonstration takes minutes, and its experiments want a host for themselves; what is left
out of it here has acceptance tests of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.cli import demo_stages
from clinigate.cli.demo_stages import STAGES, Chosen, run_all_stages
from clinigate.cli.exits import ExitCode
from clinigate.evidence.bundle import open_bundle
from clinigate.hipaa.named import NAMED
from clinigate.reference.defects import DEFECTS


def verdicts_of(folder: Path) -> dict[str, str]:
    """The verdicts of the one run of a folder on what HIPAA's probes measure."""
    (bundle,) = (folder / ".clinigate" / "runs").iterdir()
    verdicts = open_bundle(bundle).results().verdicts
    return {each.metric: each.status.value for each in verdicts if each.metric.startswith("hipaa.")}


@pytest.mark.acceptance
@pytest.mark.parametrize("defect", [None, "others-records"])
def test_the_hipaa_stage_finds_a_defect_and_nothing_else(
    defect: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_stages, "STAGES", [each for each in STAGES if each.name == "hipaa"])
    chosen = Chosen("calibrator", defect, 0, tmp_path / ".clinigate")
    # Other stages are required as well, and were not played.
    assert run_all_stages(chosen) == ExitCode.NOT_PASSED
    found = verdicts_of(tmp_path)
    assert set(found) == {each.metric for each in NAMED.values()}
    metrics = set() if defect is None else set(DEFECTS[defect].metrics)
    assert {metric for metric, status in found.items() if status == "FAIL"} == metrics
    assert {metric for metric, status in found.items() if status != "PASS"} == metrics
