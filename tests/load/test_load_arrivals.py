"""Arrivals follow the profile's rate, and the shares of all workers make up the whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.load.model import Arrivals, Curve, Surge
from clinigate.load.shape import begins, shape_of

ARRIVALS = Arrivals(
    conversations_per_s=20,
    duration_s=60,
    curve=Curve(points=[(8, 0.5), (12, 1.5), (18, 1.0)]),
    surge=Surge(begin=0.5, end=0.75, factor=4),
)


def whole(arrivals: Arrivals, workers: int, seed: int = 7) -> list[list[float]]:
    return [
        list(begins(arrivals, seed=seed, worker=worker, workers=workers))
        for worker in range(workers)
    ]


def inside(moments: Sequence[float], begin: float, end: float) -> int:
    return sum(begin <= at < end for at in moments)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_workers_together_bring_as_many_as_the_profile_says(workers: int) -> None:
    moments = [at for each in whole(ARRIVALS, workers) for at in each]
    expected = shape_of(ARRIVALS).expected
    # Poisson: five standard deviations of the count.
    assert abs(len(moments) - expected) < 5 * expected**0.5


def test_the_surge_brings_its_factor() -> None:
    moments = [at for seed in range(20) for each in whole(ARRIVALS, 2, seed) for at in each]
    shape = shape_of(ARRIVALS)
    for begin, end in ((0.0, 30.0), (30.0, 45.0), (45.0, 60.0)):
        steps = [begin + (end - begin) * (n + 0.5) / 1000 for n in range(1000)]
        expected = 20 * sum(map(shape.rate, steps)) * (end - begin) / 1000
        assert abs(inside(moments, begin, end) - expected) < 5 * expected**0.5


def test_workers_draw_from_streams_of_their_own_and_the_same_seed_draws_the_same() -> None:
    first, second = whole(ARRIVALS, 2)
    assert first != second
    assert whole(ARRIVALS, 2) == [first, second]
    assert whole(ARRIVALS, 2, seed=8) != [first, second]


@pytest.mark.parametrize("workers", [2, 3])
def test_bursts_survive_the_split_since_all_draw_one_schedule(workers: int) -> None:
    bursty = ARRIVALS.model_copy(update={"burstiness": 2.0})
    parts = whole(bursty, workers)
    assert sorted(at for each in parts for at in each) == whole(bursty, 1)[0]


def shapes() -> st.SearchStrategy[Arrivals]:
    factors = st.lists(st.floats(0, 10), min_size=2, max_size=6).filter(any)
    surges = st.tuples(st.floats(0, 0.9), st.floats(0.01, 0.1), st.floats(1.1, 20))
    return st.builds(
        lambda rate, length, values, surge: Arrivals(
            conversations_per_s=rate,
            duration_s=length,
            curve=Curve(points=list(enumerate(map(float, values)))),
            surge=None if surge is None else Surge(begin=surge[0], end=surge[0] + surge[1],
                                                   factor=surge[2]),
        ),
        st.floats(0.1, 50),
        st.floats(0.5, 20),
        factors,
        st.none() | surges,
    )  # fmt: skip


@given(shapes(), st.integers(0, 9), st.integers(1, 4))
@settings(max_examples=40)
def test_no_moment_has_a_rate_above_the_peak_and_all_lie_in_the_run_in_order(
    arrivals: Arrivals, seed: int, workers: int
) -> None:
    shape = shape_of(arrivals)
    steps = [arrivals.duration_s * n / 500 for n in range(500)]
    assert max(map(shape.rate, steps)) <= shape.peak * (1 + 1e-9)
    moments = list(begins(arrivals, seed=seed, worker=0, workers=workers))
    assert all(earlier <= later for earlier, later in pairwise(moments))
    assert all(0 <= at < arrivals.duration_s for at in moments)


def test_the_expected_number_is_the_integral_of_the_rate() -> None:
    shape = shape_of(ARRIVALS)
    steps = 60_000
    total = sum(shape.rate((n + 0.5) * 60 / steps) for n in range(steps)) * 60 / steps
    assert shape.expected == pytest.approx(total, rel=1e-4)
