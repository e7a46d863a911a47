"""The rate limit holds in every minute, tells how long to wait, and lets the patient in again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.reference.web.problems import Problem
from clinigate.reference.web.ratelimit import RateLimit


class Hand:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def try_once(rate: RateLimit, limit: int) -> int | None:
    try:
        rate.admit("c", limit)
    except Problem as problem:
        return int(problem.headers["Retry-After"])
    return None


@given(
    limit=st.integers(1, 5),
    pauses=st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=60),
)
def test_no_minute_has_more_than_the_limit(limit: int, pauses: list[float]) -> None:
    clock = Hand()
    rate = RateLimit(clock=clock)
    admitted: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = try_once(rate, limit)
        if wait is not None:
            clock.now += wait
            rate.admit("c", limit)  # whoever waits as told is let in
        admitted.append(clock.now)
    for start in admitted:
        assert sum(start <= at < start + 60 for at in admitted) <= limit


def test_callers_do_not_share_a_limit() -> None:
    rate = RateLimit(clock=Hand())
    rate.admit("a", 1)
    rate.admit("b", 1)
    with pytest.raises(Problem):
        rate.admit("a", 1)


def test_a_client_gets_100_a_minute_and_the_evaluator_far_more(
    app: Any, as_client: Any, clock: Any
) -> None:
    ordinary = as_client(app, client="app")
    statuses = [ordinary.ask("/v1/crisis", "hello").status_code for _ in range(101)]
    assert statuses == [200] * 100 + [429]
    answer = ordinary.ask("/v1/crisis", "hello")
    assert answer.json()["error"]["code"] == "rate_limited"
    assert answer.headers["retry-after"] == "60"
    evaluator = as_client(app)
    assert {evaluator.ask("/v1/crisis", "hello").status_code for _ in range(101)} == {200}
    clock.now += 60
    assert ordinary.ask("/v1/crisis", "hello").status_code == 200


def test_guessing_secrets_is_slowed_down(app: Any, anyone: Any) -> None:
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    statuses = [anyone.post("/oauth/token", data=form).status_code for _ in range(101)]
    assert statuses == [401] * 100 + [429]
