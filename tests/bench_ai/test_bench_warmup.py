"""The warm-up ends once three groups agree, or when its time is over, and says which."""

from __future__ import annotations

import pytest

from clinigate.gpu_bench.ai.warmup import batch_sizes, service_times, warm_up


def server(clock, seconds):
    calls = iter(seconds)

    def serve(batch) -> None:
        clock.time += next(calls)

    return serve


def test_it_ends_when_three_groups_agree(clock) -> None:
    """Thirty slow queries at the start (compilation, caches), then steady ones."""
    serve = server(clock, [0.5] * 15 + [0.1] * 15 + [0.01] * 100)
    warmed = warm_up(serve, ["q"] * 7, clock.now, longest_s=60)
    assert warmed.settled
    assert warmed.queries == 60
    assert warmed.median_s == pytest.approx(0.01)


def test_one_that_never_settles_ends_too_and_says_so(clock) -> None:
    serve = server(clock, (0.01 * 1.5 ** (number // 10) for number in range(1000)))
    warmed = warm_up(serve, ["q"], clock.now, longest_s=3)
    assert not warmed.settled


@pytest.mark.parametrize(
    ("most", "sizes"), [(1, (1,)), (2, (1, 2)), (12, (1, 2, 4, 8, 12)), (16, (1, 2, 4, 8, 16))]
)
def test_batch_sizes_are_powers_and_the_largest(most, sizes) -> None:
    assert batch_sizes(most) == sizes


def test_a_batchs_time_is_one_that_most_keep_and_the_first_is_not_counted(clock) -> None:
    serve = server(clock, [9.0, 0.1, 0.1, 0.1, 0.2, 0.9, 9.0, 0.3, 0.3, 0.3, 0.3, 0.3])
    times = service_times(serve, ["q"], 2, clock.now)
    assert times == pytest.approx({1: 0.2, 2: 0.3})
