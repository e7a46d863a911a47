"""Breakers open and close as they should, retries stay few, and lines find their way back."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.reference.resilience.breaker import Breaker, State
from clinigate.reference.resilience.budget import RetryBudget
from clinigate.reference.resilience.dependency import CallPolicy, Dependency, DependencyLost
from clinigate.reference.resilience.lines import LineClient, LineServer, Message, Push


class Hand:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_breaker_opens_tries_once_and_closes() -> None:
    clock = Hand()
    breaker = Breaker(failures=3, cooldown_s=1.0, clock=clock)
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    assert breaker.state is State.OPEN
    assert not breaker.admits()
    clock.now = 1.0
    assert breaker.state is State.HALF_OPEN
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.failed()
    assert breaker.state is State.OPEN
    clock.now = 2.0
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.state is State.CLOSED
    assert breaker.opened == 1


def test_a_trial_without_an_outcome_does_not_shut_it_for_ever() -> None:
    clock = Hand()
    breaker = Breaker(failures=1, cooldown_s=1.0, clock=clock)
    breaker.failed()
    clock.now = 1.0
    assert breaker.admits()
    clock.now = 2.0
    assert breaker.admits()


@given(st.lists(st.booleans(), max_size=60))
def test_a_breaker_is_open_exactly_after_enough_failures_in_a_row(outcomes: list[bool]) -> None:
    breaker = Breaker(failures=3, cooldown_s=1.0, clock=Hand())
    in_a_row = 0
    for succeeded in outcomes:
        in_a_row = 0 if succeeded else in_a_row + 1
        breaker.succeeded() if succeeded else breaker.failed()
        assert (breaker.state is State.OPEN) == (in_a_row >= 3)


@given(st.lists(st.booleans(), max_size=300))
def test_retries_never_exceed_their_share(wishes: list[bool]) -> None:
    budget = RetryBudget(share=0.1, most=5.0)
    spent = 0
    for wish in wishes:
        budget.earn()
        spent += wish and budget.spend()
    assert spent <= 5 + 0.1 * len(wishes) + 1e-6


def dependency(**policy: float | bool) -> Dependency:
    settings = CallPolicy(**{"timeout_s": 5.0, "backoff_s": 0.0, **policy})  # type: ignore[arg-type]
    return Dependency("x", settings, clock=Hand(), rng=random.Random(1))


async def broken(_timeout_s: float) -> None:
    raise ConnectionResetError


def test_a_call_is_tried_again_and_then_given_up() -> None:
    one = dependency(attempts=2, failures=10)
    with pytest.raises(DependencyLost, match="ConnectionResetError"):
        asyncio.run(one.call(broken))
    assert (one.calls, one.attempts, one.failures) == (1, 2, 2)


def test_an_open_breaker_refuses_without_asking() -> None:
    one = dependency(attempts=1, failures=3)
    for _ in range(5):
        with pytest.raises(DependencyLost):
            asyncio.run(one.call(broken))
    assert (one.calls, one.attempts, one.refused) == (5, 3, 2)
    assert one.lost


def test_without_budget_there_is_no_retry() -> None:
    one = dependency(attempts=2, failures=1000)
    for _ in range(200):
        with pytest.raises(DependencyLost):
            asyncio.run(one.call(broken))
    assert one.attempts <= 200 + 10 + 20


def test_a_call_that_takes_too_long_is_lost() -> None:
    async def forever(_timeout_s: float) -> None:
        await asyncio.Event().wait()

    one = dependency(attempts=1, timeout_s=0.01)
    with pytest.raises(DependencyLost, match="TimeoutError"):
        asyncio.run(one.call(forever))


def test_an_error_of_the_programme_is_no_loss() -> None:
    async def wrong(_timeout_s: float) -> None:
        raise ZeroDivisionError

    one = dependency()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(one.call(wrong))
    assert one.failures == 0


def test_the_storm_and_the_breaker_that_never_opens() -> None:
    storm = dependency(storm=True)
    with pytest.raises(DependencyLost):
        asyncio.run(storm.call(broken))
    assert storm.attempts == 25
    shut = dependency(attempts=1, never_opens=True)
    for _ in range(9):
        with pytest.raises(DependencyLost):
            asyncio.run(shut.call(broken))
    assert (shut.attempts, shut.refused, shut.lost) == (9, 0, False)


async def echo(message: Message, push: Push) -> Message:
    if message.get("push"):
        push({"told": message["push"]})
    if "wait" in message:
        await asyncio.Event().wait()
    return {"said": message.get("say")}


def test_lines_find_the_request_that_they_answer() -> None:
    async def go() -> None:
        server, pushed = LineServer(echo, secret="s"), []
        await server.listen()
        client = LineClient(f"127.0.0.1:{server.port}", secret="s", on_push=pushed.append)
        answers = await asyncio.gather(
            *(client.call({"say": n, "push": n == 3}, 30.0) for n in range(20))
        )
        assert [answer["said"] for answer in answers] == list(range(20))
        assert pushed == [{"told": True}]
        await client.close()
        await server.close()

    asyncio.run(go())


def test_silence_breaks_the_connection_and_the_next_request_gets_a_new_one() -> None:
    async def go() -> None:
        server = LineServer(echo, secret="s")
        await server.listen()
        client = LineClient(f"127.0.0.1:{server.port}", secret="s")
        with pytest.raises(TimeoutError):
            await client.call({"wait": 1}, 0.05)
        assert (await client.call({"say": 1}, 30.0))["said"] == 1
        await client.close()
        await server.close()

    asyncio.run(go())


def test_who_lacks_the_secret_gets_no_answer() -> None:
    async def go() -> None:
        server = LineServer(echo, secret="s")
        await server.listen()
        client = LineClient(f"127.0.0.1:{server.port}", secret="guessed")
        with pytest.raises(OSError, match="closed"):
            await client.call({"say": 1}, 30.0)
        await client.close()
        await server.close()

    asyncio.run(go())
