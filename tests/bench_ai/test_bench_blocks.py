"""Bounds look at blocks as well as at samples, and a busy host says nothing."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.statistics import quantile_bounds
from clinigate.gpu_bench.ai.blocks import (
    Block,
    block_quantiles,
    mean_measurement,
    percentile_measurement,
    throughput_measurement,
)

times = st.floats(1e-6, 10)
many = st.lists(st.lists(times, min_size=1, max_size=30), min_size=1, max_size=8)


def blocks_of(samples, **given) -> list[Block]:
    return [Block(tuple(each), sum(each), **given) for each in samples]


def noisy(levels, count: int = 400) -> list[Block]:
    """Blocks whose own level differs more than the samples within."""
    rng = Random(7)
    return blocks_of([[level * rng.uniform(0.99, 1.01) for _ in range(count)] for level in levels])


def test_the_bounds_cover_blocks_that_differ() -> None:
    """Pooled order statistics alone would promise a p50 within 2% where blocks differ by 50%."""
    measured = percentile_measurement("m", noisy([0.10, 0.11, 0.12, 0.13, 0.15]), 0.5, 0.95)
    assert measured.interval.low < 0.102
    assert measured.interval.high > 0.147
    assert measured.n == 2000


@given(many, st.sampled_from([0.5, 0.9, 0.99]))
def test_the_bounds_are_never_narrower_than_either(samples, q) -> None:
    blocks = blocks_of(samples)
    measured = percentile_measurement("m", blocks, q, 0.95)
    _, low, high = quantile_bounds(sorted(v for each in samples for v in each), q, 0.95)
    if measured.interval.low is not None:
        assert measured.interval.low <= low
    if measured.interval.high is not None:
        assert measured.interval.high >= high
        assert measured.value <= measured.interval.high
    if len(samples) < 5:
        assert measured.interval.low is None
        assert measured.interval.high is None


def test_each_blocks_value_is_kept_for_later_comparisons() -> None:
    measured = percentile_measurement("m", blocks_of([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 0.5, 0.95)
    assert [(s.name, s.value, s.n) for s in measured.slices] == [
        ("block=1", 2.0, 3),
        ("block=2", 5.0, 3),
    ]


def test_nothing_timed_is_nothing_measured() -> None:
    assert percentile_measurement("m", [], 0.5, 0.95).n == 0
    assert throughput_measurement("m", [], 0.95).n == 0


def test_the_devices_own_times_are_a_measurement_of_their_own() -> None:
    blocks = blocks_of([[0.010] * 60] * 5, device_s=(0.004,) * 60)
    assert percentile_measurement("m", blocks, 0.5, 0.95, device=True).value == 0.004


def test_throughput_is_queries_by_time_and_goodput_those_in_time_by_what_was_offered() -> None:
    blocks = [Block((0.1, 0.3), 0.5, window_s=0.4)] * 4 + [Block((0.1, 0.1), 0.4, window_s=0.4)]
    assert throughput_measurement("m", blocks, 0.95).value == pytest.approx((4 * 4 + 5) / 5)
    good = throughput_measurement("m", blocks, 0.95, within_s=0.2)
    assert good.value == pytest.approx((4 * 2.5 + 5) / 5)
    assert good.unit == "1/s"


def test_queries_without_an_answer_are_no_throughput_and_are_told() -> None:
    """A service that refuses at once would else be the fastest of all."""
    blocks = [Block((0.1,) * 60, 6.0, silent=60, host_share=0.0)] * 5
    assert throughput_measurement("m", blocks, 0.95).value == 0
    assert throughput_measurement("m", blocks, 0.95, within_s=1.0).value == 0
    measured = percentile_measurement("m", blocks, 0.5, 0.95)
    told = "300 of 300 brought no answer and count as the whole time limit"
    assert measured.caveats == (told,)


def test_fewer_blocks_than_five_bound_no_mean() -> None:
    few = mean_measurement("m", [1.0, 2.0, 3.0, 4.0], 0.95, unit="1")
    assert (few.interval.low, few.interval.high) == (None, None)
    enough = mean_measurement("m", [1.0, 2.0, 3.0, 4.0, 5.0], 0.95, unit="1")
    assert enough.interval.low < 3 < enough.interval.high


@pytest.mark.parametrize(
    ("shares", "told"),
    [((0.01,) * 5, False), ((0.0, 0.01, 0.02, 0.9, 0.9), False), ((0.3,) * 5, True)],
)
def test_a_busy_host_makes_it_unmeasurable(shares, told) -> None:
    """By the middle block: a disturbed block among quiet ones only widens the bounds."""
    blocks = [Block((0.1,) * 60, 6.0, host_share=share) for share in shares]
    for measured in (
        percentile_measurement("m", blocks, 0.5, 0.95),
        throughput_measurement("m", blocks, 0.95),
    ):
        assert (measured.unmeasurable is not None) is told
        if told:
            assert "waited for a processor 300 ms in each second" in measured.unmeasurable


def test_a_host_that_does_not_tell_is_said_to_be_unknown() -> None:
    measured = percentile_measurement("m", blocks_of([[0.1] * 60] * 5), 0.5, 0.95)
    assert measured.unmeasurable is None
    assert measured.caveats == ("what the host did meanwhile is unknown",)


def test_a_blocks_quantile_is_a_value_of_the_block() -> None:
    assert block_quantiles([[3.0, 1.0, 2.0], [5.0]], 0.5) == (2.0, 5.0)
