"""A queue that grows is no service that keeps its limit, though each block ends before it shows."""

from __future__ import annotations

import pytest

from clinigate.core.judgement import judge_all
from clinigate.core.verdict import Status
from clinigate.gpu_bench.ai.backlog import backlog
from clinigate.gpu_bench.ai.blocks import Block
from clinigate.gpu_bench.ai.criteria import SERVER_P99, Limits
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.gpu_bench.ai.run import AiBench, run_ai_bench

OPTIONS = AiOptions(
    limits=Limits(latency_s=0.5, throughput_rps=100.0), scenarios=("server",), sweep=False
)


@pytest.mark.parametrize(
    ("capacity", "status"),
    [
        (300.0, Status.PASS),
        (150.0, Status.PASS),
        (125.0, Status.PASS),
        (97.0, Status.INCONCLUSIVE),
        (95.0, Status.INCONCLUSIVE),
        (60.0, Status.FAIL),
    ],
)
def test_more_than_can_be_answered_is_no_pass(virtual, notebook, capacity, status) -> None:
    """Planted: nothing is gained from batches, and 100 queries a second are offered."""
    subject = virtual(OPTIONS, lambda size: size / capacity)
    bench = AiBench(subject, OPTIONS)
    run_ai_bench(bench, notebook)
    (verdict,) = judge_all(bench.criteria, notebook.observations)
    assert verdict.criterion == SERVER_P99
    assert verdict.status is status
    if capacity == 97.0:  # by its p99 alone it would pass
        assert "the queue grew" in verdict.reason


@pytest.mark.parametrize(("rate", "least"), [(100.0, 500), (5000.0, 5000), (1e6, 5000)])
def test_a_block_under_load_lasts_while_a_queue_can_show(virtual, notebook, rate, least) -> None:
    """Five seconds, and never more queries than are worth keeping."""
    options = AiOptions(limits=Limits(1.0, rate), scenarios=("server",), sweep=False, blocks=5)
    run_ai_bench(AiBench(virtual(options, lambda size: 1e-9), options), notebook)
    (seen,) = (o for o in notebook.observations if o.about.metric == SERVER_P99 and o.evidence)
    (digest,) = seen.evidence
    assert {len(block) for block in notebook.blobs[digest]["blocks"]} == {least}


def blocks(over_s: float, *, growth: float = 0.0) -> list[Block]:
    latencies = tuple(0.1 + growth * number / 100 for number in range(500))
    return [Block(latencies, 5.0 + over_s, window_s=5.0)] * 5


@pytest.mark.parametrize("over_s", [-0.01, 0.0, 0.4, 0.5])
def test_a_queue_that_drains_is_none(over_s) -> None:
    assert backlog(blocks(over_s), 0.5, 0.95) is None


def test_a_queue_that_does_not_drain_is_told() -> None:
    assert "did not drain: blocks ended 0.6 s after" in backlog(blocks(0.6), 0.5, 0.95)


def test_a_wait_that_grows_is_told_and_one_that_does_not_matter_is_not() -> None:
    assert "waited 50 ms longer" in backlog(blocks(0.3, growth=0.05), 0.5, 0.95)
    assert backlog(blocks(0.3, growth=0.005), 0.5, 0.95) is None
    assert backlog(blocks(0.3, growth=-0.05), 0.5, 0.95) is None


def test_queries_that_were_not_offered_on_schedule_leave_no_queue() -> None:
    assert backlog([Block((0.1,) * 20, 2.0)] * 5, 0.5, 0.95) is None
