"""The timed loops on a virtual clock: exact times, and the batch waits that break a threshold."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.gpu_bench.ai.batching import FixedWait
from clinigate.gpu_bench.ai.clock import SystemClock
from clinigate.gpu_bench.ai.criteria import Limits
from clinigate.gpu_bench.ai.loops import (
    offline,
    serve_schedule,
    single_stream,
    without_collections,
)
from clinigate.gpu_bench.ai.options import AiOptions
from clinigate.gpu_bench.ai.subject import arrivals

OPTIONS = AiOptions(limits=Limits(latency_s=0.1, throughput_rps=100.0))


class Server:
    """Ten milliseconds a batch and one more for each query, on the clock of the test."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.batches: list[list[int]] = []

    def serve(self, batch) -> object:
        self.batches.append(list(batch))
        self.clock.time += 0.010 + 0.001 * len(batch)
        return None


def share_above(block, limit: float) -> float:
    return sum(latency > limit for latency in block.latencies) / len(block.latencies)


def test_single_queries_follow_each_other(clock) -> None:
    server = Server(clock)
    served = single_stream(server.serve, range(5), clock.now)
    assert served.latencies == pytest.approx([0.011] * 5)
    assert served.elapsed_s == pytest.approx(0.055)
    assert server.batches == [[0], [1], [2], [3], [4]]


def test_offline_asks_in_full_batches(clock) -> None:
    server = Server(clock)
    served = offline(server.serve, range(10), 4, clock.now)
    assert served.batches == (4, 4, 2)
    assert served.elapsed_s == pytest.approx(0.014 + 0.014 + 0.012)
    assert len(served.latencies) == 10


def test_latency_counts_from_when_a_query_was_due(clock) -> None:
    """Queries that come while the server is busy wait, and the wait is theirs."""
    server = Server(clock)
    served = serve_schedule(server.serve, range(3), [0.0, 0.001, 0.030], FixedWait(1, 0.0), clock)
    assert served.latencies == pytest.approx([0.011, 0.021, 0.011])
    assert served.batches == (1, 1, 1)


def test_a_stall_delays_all_that_were_due_meanwhile(clock) -> None:
    """Coordinated omission: one frozen second shows in a hundred queries, not in one."""
    stalls = iter([1.0])

    def serve(batch) -> None:
        clock.time += next(stalls, 0.001)

    due = [0.01 * number for number in range(200)]
    served = serve_schedule(serve, range(200), due, FixedWait(1, 0.0), clock)
    late = sum(latency > 0.1 for latency in served.latencies)
    assert late >= 90


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 60),
    rate=st.floats(1, 500),
    most=st.integers(1, 16),
)
def test_every_query_is_answered_once_and_in_order(clocks, seed, count, rate, most) -> None:
    clock = clocks()
    server = Server(clock)
    due = arrivals(rate, count, seed)
    served = serve_schedule(server.serve, range(count), due, FixedWait(most, 0.005), clock)
    assert [query for batch in server.batches for query in batch] == list(range(count))
    assert max(served.batches) <= most
    assert min(served.latencies) >= 0.011 - 1e-9


def test_a_fixed_wait_of_50_ms_breaks_100_ms_and_a_total_budget_keeps_it(virtual) -> None:
    """Planted: `--batch-wait 50ms`, at half of what the model can do (measured service times).

    A wait of 50 ms and a batch that takes 40 to 50 leave nothing for the queue.
    """
    kept = virtual(OPTIONS)
    kept.warm_up()
    broken = virtual(replace(OPTIONS, fixed_wait_s=0.05))
    broken.warm_up()
    by_budget = kept.server(100.0, 2000, seed=1)
    by_wait = broken.server(100.0, 2000, seed=1)
    assert share_above(by_budget, 0.1) < 0.01
    assert share_above(by_wait, 0.1) > 0.01


def test_a_slow_tail_at_batch_16_shows_under_load_alone(virtual) -> None:
    """Planted: batches of 16 take half a second. One query at a time never meets it."""

    def seconds(size: int) -> float:
        return 0.5 if size >= 16 else 0.010 + 0.001 * size

    subject = virtual(OPTIONS, seconds)
    subject.warm_up()
    assert share_above(subject.single_stream(100, 0), 0.1) == 0
    assert share_above(subject.server(700.0, 2000, 0), 0.1) > 0.05


def test_garbage_is_collected_outside_of_the_timed_window() -> None:
    assert gc.isenabled()
    with without_collections():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_collected_again_after_a_model_that_raises() -> None:
    with pytest.raises(ValueError, match="planted"), without_collections():
        raise ValueError("planted")
    assert gc.isenabled()


def test_no_collection_falls_into_a_block(virtual) -> None:
    seen = set()

    def seconds(_size: int) -> float:
        seen.add(gc.isenabled())
        return 0.01

    subject = virtual(OPTIONS, seconds)
    subject.warm_up()
    subject.single_stream(3, 0)
    subject.server(100.0, 20, 0)
    subject.offline(20, 0)
    assert seen == {False}


def test_the_system_clock_waits_until_the_moment() -> None:
    clock = SystemClock()
    moment = clock.now() + 0.003
    clock.wait_until(moment)
    assert clock.now() >= moment
    clock.wait_until(moment)  # long past: at once


@given(st.integers(0, 1000), st.integers(1, 300), st.floats(0.5, 2000))
def test_arrivals_offer_exactly_the_rate(seed, count, rate) -> None:
    due = arrivals(rate, count, seed)
    assert list(due) == sorted(due)
    assert len(due) == count
    assert due[0] >= 0
    assert due[-1] <= count / rate * (1 + 1e-12)
    assert due == arrivals(rate, count, seed)
