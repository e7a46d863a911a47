"""The policies of pull requests shut on what is proven wrong, not for want of a key or a GPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from clinigate.clinical.criteria import CRITERIA, SAFETY
from clinigate.config.loader import load_config
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Gap, Observation
from clinigate.evidence.recorder import Recorder
from clinigate.gate.decision import Decision
from clinigate.gate.policy import Demand, load_policy
from clinigate.pipeline.criteria import producer_criteria
from clinigate.pipeline.gating import decide_on
from clinigate.pipeline.producing import produce_into_run

KNOWN = {each.id: each for each in (*CRITERIA, *producer_criteria())}
SAST, GPU, PHI = "security.sast.high", "bench.ai.gpu_utilization", "phi.files.identifiers"


def decided(folder: Path, policy: str, *, flaw: str | None = None) -> Decision:
    """What the gate says of an unsigned run without a GPU, with one flaw or none."""
    (folder / "clinigate.toml").write_text('[subject]\nname = "s"\n[gate]\npolicy = "pr"\n')

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
        safe = Measurement(SAFETY, Kind.RATE, 1.0, 20, events=20)
        recorder.observation(Observation("CG-CLIN-SAFETY-001", safe))
        recorder.observation(Observation("CG-BENCH-AI-001", Gap(GPU, "there is no GPU")))
        for metric in (SAST, PHI):
            found = float(metric == flaw)
            seen = Measurement(metric, Kind.CENSUS, found, 9, unit="findings")
            recorder.observation(Observation("CG-SEC-SCAN-001", seen))

    produced = produce_into_run(
        load_config(folder / "clinigate.toml"),
        producer="test",
        target="s",
        criteria=tuple(KNOWN[name] for name in (SAFETY, SAST, GPU, PHI)),
        work=work,
        signer=None,
        outside={},
    )
    assert produced.conclusion is not None
    bundle = produced.conclusion.bundle.path
    return decide_on([("run", bundle)], load_policy(policy, "development"), trust=None)


@pytest.mark.parametrize("policy", ["pr", "fork"])
def test_no_key_and_no_gpu_shut_nothing_and_nothing_is_certified(
    policy: str, tmp_path: Path
) -> None:
    decision = decided(tmp_path, policy)
    assert decision.opens, decision.reasons
    assert not decision.certifies
    assert any("UNSIGNED" in gap for gap in decision.gaps)


@pytest.mark.parametrize("policy", ["pr", "fork"])
@pytest.mark.parametrize("flaw", [SAST, PHI])
def test_a_flaw_that_was_found_shuts_with_one_reason(
    policy: str, flaw: str, tmp_path: Path
) -> None:
    decision = decided(tmp_path, policy, flaw=flaw)
    assert not decision.opens
    (reason,) = decision.reasons
    assert reason.startswith(f"{flaw} is FAIL")


def test_a_fork_s_clock_decides_nothing() -> None:
    fork = load_policy("fork", "development")
    for name in (GPU, "latency.p99", "bench.ai.server.latency_p99", "bench.ai.offline.throughput"):
        assert fork.demand_of(name) is Demand.REPORT


@pytest.mark.parametrize("policy", ["pr", "fork"])
def test_they_demand_only_what_exists(policy: str) -> None:
    demands = load_policy(policy, "development").demands
    assert {each.id for each in demands} <= set(KNOWN)
    assert {each.id for each in demands if each.demand is Demand.REQUIRED} == {SAFETY}
