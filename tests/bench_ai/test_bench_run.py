"""A whole run on a virtual clock: what is recorded, and how each planted defect is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinigate.core.exhibit import Exhibit, Form
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap
from clinigate.core.verdict import Status
from clinigate.errors import TargetError
from clinigate.gpu_bench.ai import criteria as names
from clinigate.gpu_bench.ai.criteria import Limits
from clinigate.gpu_bench.ai.local import LocalSubject
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.gpu_bench.ai.run import AiBench, run_ai_bench
from clinigate.gpu_bench.regression.baseline import Baseline

OPTIONS = AiOptions(limits=Limits(latency_s=0.1, throughput_rps=100.0), blocks=5, queries=100)


def verdicts(bench, notebook) -> dict[str, Status]:
    run_ai_bench(bench, notebook)
    judged = judge_all(bench.criteria, notebook.observations)
    return {verdict.criterion: verdict.status for verdict in judged}


def reasons(bench, notebook) -> set[str]:
    return {v.reason for v in judge_all(bench.criteria, notebook.observations)}


def steady(size: int) -> float:
    return 0.004 + 0.002 * size


def test_a_model_that_is_fast_enough_passes(virtual, notebook) -> None:
    bench = AiBench(virtual(OPTIONS, steady), OPTIONS)
    assert verdicts(bench, notebook) == {
        names.SINGLE_P99: Status.PASS,
        names.SERVER_P99: Status.PASS,
        names.OFFLINE_THROUGHPUT: Status.PASS,
    }
    told = notebook.notes["bench-ai"]
    assert told["fingerprint"]["model"] == "virtual"
    (measured,) = (m for m in notebook.about(names.SERVER_P99) if isinstance(m, Measurement))
    assert "timed on cpu (virtual processor, 1 threads)" in measured.caveats


def test_every_latency_is_kept_as_evidence(virtual, notebook) -> None:
    run_ai_bench(AiBench(virtual(OPTIONS, steady), OPTIONS), notebook)
    (seen,) = (o for o in notebook.observations if o.about.metric == names.SINGLE_P50)
    (digest,) = seen.evidence
    raw = notebook.blobs[digest]
    assert raw["scenario"] == "single-stream"
    assert raw["blocks"] == [[6_000_000] * 100] * 5


def test_the_figures_are_there(virtual, notebook) -> None:
    run_ai_bench(AiBench(virtual(OPTIONS, steady), OPTIONS), notebook)
    shown = [o.about for o in notebook.observations if isinstance(o.about, Exhibit)]
    assert {e.form for e in shown} == {Form.DISTRIBUTION, Form.PERCENTILES, Form.THROUGHPUT_LATENCY}
    (curve,) = (e for e in shown if e.form is Form.THROUGHPUT_LATENCY)
    p99 = next(series for series in curve.series if series.name == "p99")
    assert p99.y[-1] > 2 * p99.y[0]  # the last rate is more than the model can do
    assert curve.limit == 0.1
    assert "in time: " in curve.note


@pytest.mark.parametrize(
    ("seconds", "failing"),
    [
        (lambda size: 0.12, {names.SINGLE_P99, names.SERVER_P99}),
        (lambda size: 0.015 * size, {names.SERVER_P99, names.OFFLINE_THROUGHPUT}),
    ],
    ids=["slow throughout", "no gain from batches"],
)
def test_a_planted_defect_fails_what_it_breaks(virtual, notebook, seconds, failing) -> None:
    found = verdicts(AiBench(virtual(OPTIONS, seconds), OPTIONS), notebook)
    assert {name for name, status in found.items() if status is Status.FAIL} == failing


def test_a_slow_tail_at_batch_16_fails_under_load_alone(virtual, notebook) -> None:
    """Planted: a batch of 16 takes ten times as long as one of 15."""
    options = replace(OPTIONS, limits=Limits(0.1, 440.0), queries=400)
    subject = virtual(options, lambda size: 0.35 if size >= 16 else 0.035)
    assert verdicts(AiBench(subject, options), notebook) == {
        names.SINGLE_P99: Status.PASS,
        names.SERVER_P99: Status.FAIL,
        names.OFFLINE_THROUGHPUT: Status.FAIL,
    }


def test_a_batch_wait_of_50_ms_does_not_keep_100_ms(virtual, notebook) -> None:
    options = replace(OPTIONS, fixed_wait_s=0.05, queries=400, limits=Limits(0.1, 150.0))
    found = verdicts(AiBench(virtual(options), options), notebook)
    assert found[names.SERVER_P99] is Status.FAIL
    assert found[names.SINGLE_P99] is Status.PASS


def findings(notebook) -> dict[str, str]:
    seen = (o.about for o in notebook.observations if isinstance(o.about, Finding))
    return {each.metric: each.message for each in seen}


def test_what_fails_is_explained(virtual, notebook) -> None:
    options = replace(OPTIONS, limits=Limits(0.1, 440.0), queries=400, sweep=False)
    subject = virtual(options, lambda size: 0.35 if size >= 16 else 0.035)
    earlier = baseline_of(0.020, 5)
    run_ai_bench(AiBench(subject, options, baseline=earlier), notebook)
    told = findings(notebook)
    assert set(told) == {names.SERVER_P99, names.OFFLINE_THROUGHPUT, names.REGRESSION}
    assert "a batch of 16 takes 350 ms by itself" in told[names.SERVER_P99]
    assert "45.7 queries a second in batches of 16" in told[names.OFFLINE_THROUGHPUT]
    assert "became 75% slower" in told[names.REGRESSION]


def test_a_wait_that_leaves_no_room_is_named(virtual, notebook) -> None:
    options = replace(OPTIONS, fixed_wait_s=0.05, queries=400, limits=Limits(0.1, 150.0))
    run_ai_bench(AiBench(virtual(options), options), notebook)
    assert "a wait of 50 ms and a batch of 16" in findings(notebook)[names.SERVER_P99]


def test_a_model_that_keeps_its_limits_leaves_nothing_to_explain(virtual, notebook) -> None:
    run_ai_bench(AiBench(virtual(OPTIONS, steady), OPTIONS), notebook)
    assert findings(notebook) == {}


def test_a_model_whose_answers_are_none_has_no_speed(virtual, notebook) -> None:
    """Planted: NaN after the first scenario. What was timed before does not pass either."""
    subject = virtual(OPTIONS, steady)

    def broken(count: int, seed: int):
        raise TargetError("model virtual: returned NaN or an infinity (batch of 16)")

    subject.offline = broken
    bench = AiBench(subject, OPTIONS)
    assert set(verdicts(bench, notebook).values()) == {Status.ERROR}
    assert reasons(bench, notebook) == {"model virtual: returned NaN or an infinity (batch of 16)"}


def test_a_busy_host_leaves_all_open(clock, virtual, notebook) -> None:
    subject = virtual(OPTIONS, steady, host=lambda: int(clock.now() * 0.4e9))
    bench = AiBench(subject, OPTIONS)
    assert set(verdicts(bench, notebook).values()) == {Status.INCONCLUSIVE}
    assert all("too busy" in reason for reason in reasons(bench, notebook))


def test_a_gpus_limit_without_a_gpu_is_not_assessed(virtual, notebook) -> None:
    options = replace(OPTIONS, limits=Limits(gpu_utilization=0.8))
    bench = AiBench(virtual(options, steady), options)
    assert verdicts(bench, notebook)[names.GPU_UTILIZATION] is Status.NOT_ASSESSED


def test_allow_cpu_leaves_the_gpus_limit_out_and_says_so(virtual, notebook) -> None:
    options = replace(OPTIONS, limits=Limits(gpu_utilization=0.8))
    bench = AiBench(virtual(options, steady), options, allow_cpu=True)
    assert names.GPU_UTILIZATION not in verdicts(bench, notebook)
    (gap,) = notebook.about(names.GPU_UTILIZATION)
    assert isinstance(gap, Gap)


def test_only_the_scenarios_that_were_asked_for_run(virtual, notebook) -> None:
    options = replace(OPTIONS, scenarios=("offline",))
    assert set(verdicts(AiBench(virtual(options, steady), options), notebook)) == {
        names.OFFLINE_THROUGHPUT
    }
    assert notebook.about(names.SINGLE_P50) == []


def test_a_slow_model_ends_in_its_time_with_fewer_blocks(virtual, notebook, clock) -> None:
    """Ten seconds a query: what could be timed is too little, and the run ends all the same."""
    options = replace(OPTIONS, longest_s=60.0)
    began = clock.now()
    found = verdicts(AiBench(virtual(options, lambda size: 10.0), options), notebook)
    assert clock.now() - began < 3600
    assert Status.PASS not in found.values()
    (measured, *_) = notebook.about(names.SINGLE_P99)
    assert any("blocks; then the scenario's time was over" in c for c in measured.caveats)


def baseline_of(p50: float, blocks: int, size: int = 100) -> Baseline:
    return Baseline("20260101T000000000000Z-00000000", "2026-01-01T00:00:00.000000Z", {},
                    p50=tuple(p50 * (1 + 0.001 * n) for n in range(blocks)),
                    p99=tuple(p50 * (1 + 0.001 * n) for n in range(blocks)),
                    sizes=(size,) * blocks)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "status"),
    [(0.006, Status.PASS), (0.006 / 1.10, Status.FAIL), (0.008, Status.PASS)],
    ids=["as fast", "10% slower", "faster"],
)
def test_a_baseline_shows_a_median_that_became_slower(virtual, notebook, before, status) -> None:
    bench = AiBench(virtual(OPTIONS, steady), OPTIONS, baseline=baseline_of(before, 5))
    assert verdicts(bench, notebook)[names.REGRESSION] is status


def test_the_tail_is_judged_with_twenty_blocks_on_both_sides_alone(virtual, notebook) -> None:
    few = AiBench(virtual(OPTIONS, steady), OPTIONS, baseline=baseline_of(0.004, 50))
    assert names.REGRESSION_P99 not in verdicts(few, notebook)
    (measured,) = notebook.about(names.REGRESSION_P99)
    assert "takes 20 on both" in measured.unmeasurable
    notebook.observations.clear()
    options = replace(OPTIONS, blocks=20)
    many = AiBench(virtual(options, steady), options, baseline=baseline_of(0.004, 50))
    assert verdicts(many, notebook)[names.REGRESSION_P99] is Status.FAIL


def test_tails_of_blocks_of_other_sizes_are_not_compared(virtual, notebook) -> None:
    """Planted: 30% slower, in blocks of 100; the baseline's p99s are the maxima of 20 each."""
    options = replace(OPTIONS, blocks=20, scenarios=("single-stream",))
    earlier = baseline_of(0.006 / 1.3, 20, size=20)
    earlier = replace(earlier, p99=tuple(2 * each for each in earlier.p99))
    bench = AiBench(virtual(options, steady), options, baseline=earlier)
    found = verdicts(bench, notebook)
    assert found[names.REGRESSION] is Status.FAIL
    assert found[names.REGRESSION_P99] is Status.INCONCLUSIVE
    assert any("hold 20 queries and these 100" in reason for reason in reasons(bench, notebook))


@pytest.mark.parametrize(("factor", "status"), [(1.0, Status.PASS), (1.10, Status.FAIL)])
def test_a_rival_runs_in_turns(virtual, notebook, factor, status) -> None:
    """Planted: +10%, on a host that becomes slower from block to block. Pairs see through it."""
    drift = iter(1.0 + 0.00002 * n for n in range(10**6))
    subject = virtual(OPTIONS, lambda size: steady(size) * factor * next(drift))
    rival = virtual(OPTIONS, lambda size: steady(size) * next(drift), name="earlier")
    bench = AiBench(subject, OPTIONS, rival=rival)
    assert verdicts(bench, notebook)[names.REGRESSION] is status
    (measured, *_) = notebook.about(names.REGRESSION)
    assert measured.value == pytest.approx(factor, rel=0.01)
    assert any("compared with earlier" in caveat for caveat in measured.caveats)


def test_a_gpu_is_watched_under_the_offered_load_alone(virtual, notebook, clock) -> None:
    """With a stand-in for NVML that cannot be opened: the limit is an ERROR, the rest is judged."""
    from clinigate.gpu_bench.ai.device import Device

    class Closed:
        class NVMLError(Exception):
            pass

        def nvmlInit(self) -> None:  # noqa: N802 - NVML's name
            raise self.NVMLError("Driver Not Loaded")

    options = replace(OPTIONS, limits=Limits(gpu_utilization=0.8))
    subject = virtual(options, steady, device=Device("cuda", "Planted GPU", uuid="GPU-1"))
    found = verdicts(AiBench(subject, options, nvml=Closed()), notebook)
    assert found[names.GPU_UTILIZATION] is Status.ERROR
    assert found[names.SERVER_P99] is Status.PASS


def test_the_model_is_a_subject() -> None:
    """What the run calls is what the protocol names."""
    from clinigate.gpu_bench.ai.subject import Subject

    for method in ("warm_up", "single_stream", "server", "offline", "now"):
        assert callable(getattr(LocalSubject, method))
        assert callable(getattr(Subject, method))
