"""Time-outs, second tries and limits: what is tried again, what stands, what is on record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply, Target
from clinigate.errors import ConfigError, TargetError
from clinigate.targets.attempt import AttemptError, failed_outcomes
from clinigate.targets.shell import Rules, ShellTarget

HELLO = (Turn("user", "hello"),)
LOST = AttemptError(Outcome.ERROR, "lost the connection", retryable=True)
BROKEN = AttemptError(Outcome.ERROR, "has nothing there (404)")
THROTTLED = AttemptError(Outcome.THROTTLED, "throttles (429)", retry_after_s=20)
GOOD = Reply(Outcome.ANSWERED, 0.01, text="hello")


class Scripted:
    """A backend that plays a list of replies and failures, and then answers well."""

    capabilities = frozenset({Capability.CHAT})

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.sent = 0
        self.at_once = self.most_at_once = 0
        self.closed = 0

    async def send(self, turns: Sequence[Turn], **how: Any) -> Reply:
        self.sent += 1
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await asyncio.sleep(0)
            step = self.script.pop(0) if self.script else GOOD
            if isinstance(step, Reply):
                return step
            if isinstance(step, BaseException):
                raise step
            late: Reply = await step()
            return late
        finally:
            self.at_once -= 1

    async def aclose(self) -> None:
        self.closed += 1


@pytest.fixture
def ask(clock: Any) -> Callable[..., Reply]:
    def ask_once(backend: Scripted, *, timeout_s: float = 30, **rules: Any) -> Reply:
        target = ShellTarget(backend, name="t", rules=Rules(**rules), clock=clock)
        return asyncio.run(target.ask(HELLO, capability=Capability.CHAT, timeout_s=timeout_s))

    return ask_once


def test_a_lost_connection_is_tried_again_and_stays_on_record(ask: Any, clock: Any) -> None:
    """The second try answers; the first is neither forgotten nor counted into the latency."""
    reply = ask(Scripted(LOST), retries=1)
    assert reply.answered
    assert reply.latency_s == 0.01
    assert reply.attempts == 2
    assert [str(each) for each in reply.failures] == ["error: lost the connection"]
    assert failed_outcomes(reply) == (Outcome.ERROR,)
    assert clock.slept == [0.5]


def test_second_tries_are_bounded(ask: Any) -> None:
    """Two retries are three attempts; the last failure is the reply."""
    backend = Scripted(LOST, LOST, LOST, GOOD)
    reply = ask(backend, retries=2)
    assert backend.sent == reply.attempts == 3
    assert reply.outcome is Outcome.ERROR
    assert reply.error == "lost the connection"
    assert len(reply.failures) == 2


@pytest.mark.parametrize("outcome", [Outcome.EMPTY, Outcome.REFUSED, Outcome.UNPARSABLE])
@pytest.mark.parametrize("raised", [True, False])
def test_what_the_system_answered_stands(ask: Any, outcome: Outcome, raised: bool) -> None:
    """An answer that is empty, a refusal or nonsense is never asked for again."""
    step = AttemptError(outcome, "so it was") if raised else Reply(outcome, 0.01, error="so")
    backend = Scripted(step)
    reply = ask(backend, retries=5)
    assert (backend.sent, reply.outcome, reply.failures) == (1, outcome, ())


def test_a_failure_that_would_come_again_stands(ask: Any) -> None:
    """A 404 is not the transport's fault."""
    backend = Scripted(BROKEN)
    assert ask(backend, retries=5).outcome is Outcome.ERROR
    assert backend.sent == 1


def test_throttling_is_waited_out(ask: Any, clock: Any) -> None:
    """`Retry-After` is followed as long as the waits sum up to at most max_wait_s."""
    reply = ask(Scripted(THROTTLED, THROTTLED, THROTTLED), retries=0, max_wait_s=60)
    assert reply.answered
    assert failed_outcomes(reply) == (Outcome.THROTTLED,) * 3
    assert sum(clock.slept) == 60


def test_throttling_beyond_the_limit_is_its_own_outcome(ask: Any) -> None:
    """With 59 s granted the third wait of 20 s is too long."""
    backend = Scripted(THROTTLED, THROTTLED, THROTTLED)
    reply = ask(backend, retries=5, max_wait_s=59)
    assert reply.outcome is Outcome.THROTTLED
    assert backend.sent == reply.attempts == 3


def test_throttling_without_a_wait_backs_off(ask: Any, clock: Any) -> None:
    """Without `Retry-After` the waits double, so that nothing is hammered."""
    bare = [AttemptError(Outcome.THROTTLED, "throttles") for _ in range(4)]
    assert ask(Scripted(*bare)).answered
    assert clock.slept == [0.5, 1, 2, 4]


def test_throttling_does_not_use_up_the_retries(ask: Any) -> None:
    """A lost connection after a throttled attempt still has its second try."""
    reply = ask(Scripted(THROTTLED, LOST), retries=1)
    assert reply.answered
    assert failed_outcomes(reply) == (Outcome.THROTTLED, Outcome.ERROR)


def test_a_service_that_wants_to_be_left_alone_is(clock: Any) -> None:
    """After an hour's `Retry-After` the next request is not even sent."""
    backend = Scripted(AttemptError(Outcome.THROTTLED, "throttles", retry_after_s=3600))
    target = ShellTarget(backend, name="t", rules=Rules(), clock=clock)

    async def twice() -> list[Reply]:
        return [await target.ask(HELLO, capability=Capability.CHAT, timeout_s=5) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first.outcome is second.outcome is Outcome.THROTTLED
    assert (first.attempts, second.attempts, backend.sent) == (1, 0, 1)
    assert "left alone for 3600 s" in (second.error or "")
    clock.time += 3601
    assert asyncio.run(target.ask(HELLO, capability=Capability.CHAT, timeout_s=5)).answered


def test_a_broken_service_that_names_a_time_is_given_it(ask: Any, clock: Any) -> None:
    """503 with `Retry-After: 7` waits 7 s and stays an error on record."""
    down = AttemptError(Outcome.ERROR, "failed (503)", retryable=True, retry_after_s=7)
    reply = ask(Scripted(down), retries=1)
    assert clock.slept == [7]
    assert failed_outcomes(reply) == (Outcome.ERROR,)


def test_no_answer_in_time(ask: Any) -> None:
    """A target that never answers ends as a time-out, once."""
    backend = Scripted(lambda: asyncio.Event().wait())
    reply = ask(backend, timeout_s=0.01, retries=5)
    assert reply.outcome is Outcome.TIMEOUT
    assert reply.error == "no complete answer in 0.01 s"
    assert backend.sent == 1


def test_the_lower_limit_holds(ask: Any) -> None:
    """`[target] timeout_s` tightens what a check allows and never widens it."""
    late = Reply(Outcome.ANSWERED, 3.0, text="late")
    assert ask(Scripted(late), timeout_s=2).outcome is Outcome.TIMEOUT
    target = ShellTarget(Scripted(late), name="t", rules=Rules(timeout_s=2.0))
    reply = asyncio.run(target.ask(HELLO, capability=Capability.CHAT, timeout_s=30))
    assert reply.outcome is Outcome.TIMEOUT


def test_swallowing_the_cancellation_does_not_help(ask: Any) -> None:
    """An answer that arrives after the time-out is late, however it got there."""

    async def stubborn() -> Reply:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return GOOD
        raise AssertionError

    assert ask(Scripted(stubborn), timeout_s=0.01).outcome is Outcome.TIMEOUT


def test_a_target_that_breaks_is_an_error(ask: Any) -> None:
    """`ask` does not raise for what the system does, and does not quote it."""
    reply = ask(Scripted(ValueError("what the patient said")), retries=3)
    assert reply.outcome is Outcome.ERROR
    assert "ValueError" in reply.error
    assert "patient" not in reply.error
    assert ask(Scripted(TimeoutError())).outcome is Outcome.ERROR


def test_a_configuration_that_cannot_be_meant_is_raised(ask: Any) -> None:
    """An error of the one who asks is not the system's."""
    with pytest.raises(ConfigError, match="mend it"):
        ask(Scripted(ConfigError("mend it")))


def test_asking_must_make_sense(ask: Any, clock: Any) -> None:
    """A capability that is not offered, or nothing to say."""
    target = ShellTarget(Scripted(), name="bot", rules=Rules(), clock=clock)
    with pytest.raises(TargetError, match="bot offers no crisis, only chat"):
        asyncio.run(target.ask(HELLO, capability=Capability.CRISIS, timeout_s=1))
    with pytest.raises(TargetError, match="without a turn"):
        asyncio.run(target.ask((), capability=Capability.CHAT, timeout_s=1))


def test_concurrency_is_bounded_in_every_loop(clock: Any) -> None:
    """Never more at once than allowed, and one target serves several loops in turn."""
    backend = Scripted()
    target = ShellTarget(backend, name="t", rules=Rules(concurrency=3), clock=clock)

    async def crowd() -> None:
        asks = (target.ask(HELLO, capability=Capability.CHAT, timeout_s=5) for _ in range(20))
        assert all(reply.answered for reply in await asyncio.gather(*asks))
        await target.aclose()
        await target.aclose()

    asyncio.run(crowd())
    asyncio.run(crowd())
    assert backend.most_at_once == 3
    assert backend.closed == 4


def test_a_quota_is_kept_without_a_single_throttled_reply(clock: Any) -> None:
    """100 a minute against a service that allows 100 in any minute: nothing is turned away."""
    seen: list[float] = []

    class Strict(Scripted):
        async def send(self, turns: Sequence[Turn], **how: Any) -> Reply:
            recent = [moment for moment in seen if clock.now() - moment < 60 - 1e-6]
            if len(recent) >= 100:
                raise AttemptError(Outcome.THROTTLED, "throttles", retry_after_s=1)
            seen.append(clock.now())
            return GOOD

    rules = Rules(concurrency=8, requests_per_minute=100)
    target = ShellTarget(Strict(), name="t", rules=rules, clock=clock)

    async def run() -> list[Reply]:
        asks = (target.ask(HELLO, capability=Capability.CHAT, timeout_s=5) for _ in range(250))
        return await asyncio.gather(*asks)

    assert all(reply.attempts == 1 for reply in asyncio.run(run()))


def test_a_quota_nobody_told_us_about_is_found_out(clock: Any) -> None:
    """Without a configured rate, a compliant limit delays the run and loses no case."""
    window: dict[str, float] = {"start": 1000.0, "count": 0}

    class Windowed(Scripted):
        async def send(self, turns: Sequence[Turn], **how: Any) -> Reply:
            if clock.now() - window["start"] >= 60:
                window.update(start=clock.now(), count=0)
            window["count"] += 1
            if window["count"] > 100:
                left = 60 - (clock.now() - window["start"])
                raise AttemptError(Outcome.THROTTLED, "throttles", retry_after_s=left)
            return GOOD

    target = ShellTarget(Windowed(), name="t", rules=Rules(concurrency=8), clock=clock)

    async def run() -> list[Reply]:
        asks = (target.ask(HELLO, capability=Capability.CHAT, timeout_s=5) for _ in range(330))
        return await asyncio.gather(*asks)

    replies = asyncio.run(run())
    assert all(reply.answered for reply in replies)
    outcomes = {outcome for reply in replies for outcome in failed_outcomes(reply)}
    assert outcomes == {Outcome.THROTTLED}


def test_a_shell_is_a_target(clock: Any) -> None:
    """The protocol of the core holds, and a repr shows no more than the name."""
    target = ShellTarget(Scripted(), name="bot", rules=Rules(), clock=clock)
    assert isinstance(target, Target)
    assert repr(target) == "<target bot>"
