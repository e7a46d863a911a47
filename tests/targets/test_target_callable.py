"""A function is a target: whatever its parameters, its colour and its habits."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import UsageError
from clinigate.targets import callable_target
from clinigate.targets.shell import Rules

TALK = (Turn("system", "be kind"), Turn("user", "hello"), Turn("assistant", "hi"))
CHAT, CRISIS, EMOTION = Capability.CHAT, Capability.CRISIS, Capability.EMOTION


def ask(
    function: Any, capability: Capability = CHAT, *, timeout_s: float = 20, **how: Any
) -> Reply:
    how.setdefault("capabilities", None if isinstance(function, Mapping) else [capability])
    target = callable_target(function, **how)
    return asyncio.run(target.ask(TALK, capability=capability, timeout_s=timeout_s, seed=7))


async def coroutine(text: str) -> str:
    return f"async {text}"


class Model:
    """An object whose methods are asked."""

    capabilities = ("chat", "crisis")

    def __call__(self, text: str) -> dict[str, Any]:
        return {"text": text, "flag": False}

    async def reply(self, messages: list[dict[str, str]]) -> str:
        return messages[-1]["content"]


class AsyncModel:
    async def __call__(self, text: str) -> str:
        return text


def everything(turns: Any, messages: Any, text: str, *, seed: int, capability: str) -> str:
    return f"{len(turns)} {messages[0]['role']} {text} {seed} {capability}"


def unusual(prompt: str, temperature: float = 0.5, *more: Any, **most: Any) -> str:
    return prompt


def position_only(turns: Any, seed: Any, /) -> str:
    return f"{turns[1].text} {seed}"


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda text: text.upper(), "HELLO"),
        (lambda anything: anything, "hello"),
        (lambda *everything: everything[0], "hello"),
        (lambda messages: messages[-1]["content"], "hi"),
        (lambda turns: turns[-1].role, "assistant"),
        (everything, "3 system hello 7 chat"),
        (unusual, "hello"),
        (position_only, "hello 7"),
        (coroutine, "async hello"),
        (lambda text: coroutine(text), "async hello"),
        (functools.partial(coroutine), "async hello"),
        (Model().reply, "hi"),
        (AsyncModel(), "hello"),
        (str.upper, "HELLO"),
    ],
)
def test_parameters_are_filled_by_name(function: Any, text: str) -> None:
    """Text, messages, turns, seed and capability; a first parameter of any name gets the text."""
    reply = ask(function)
    assert (reply.outcome, reply.text) == (Outcome.ANSWERED, text)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda text, history: text, "wants 'history'"),
        (lambda: "hello", "takes no text"),
        (lambda *, seed: "hello", "takes no text"),
        (lambda seed: "hello", "takes no text"),
        ({}, "offers nothing"),
        ({"chat": "hello"}, "no function: str"),
        ({"storage": coroutine}, "cannot offer 'storage'"),
        ({"chatt": coroutine}, "cannot offer 'chatt'; it can offer chat, crisis, emotion"),
    ],
)
def test_a_function_that_cannot_be_asked_is_refused(function: Any, words: str) -> None:
    """At once and with what it may take, not case by case in a run."""
    with pytest.raises(UsageError) as caught:
        callable_target(function)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("capability", "answer", "outcome"),
    [
        (CHAT, "hello", Outcome.ANSWERED),
        (CHAT, "", Outcome.EMPTY),
        (CHAT, None, Outcome.EMPTY),
        (CHAT, b"hello", Outcome.UNPARSABLE),
        (CHAT, {"txt": "hello"}, Outcome.UNPARSABLE),
        (CHAT, {"text": "hello", "flag": None}, Outcome.ANSWERED),
        (CHAT, {"refusal": True}, Outcome.REFUSED),
        (CRISIS, True, Outcome.ANSWERED),
        (CRISIS, 1, Outcome.UNPARSABLE),
        (CRISIS, "false", Outcome.UNPARSABLE),
        (CRISIS, {"flag": True, "score": 0.5}, Outcome.ANSWERED),
        (CRISIS, {"flag": True, "score": 50}, Outcome.UNPARSABLE),
        (CRISIS, {"score": 0.5}, Outcome.UNPARSABLE),
        (CRISIS, None, Outcome.EMPTY),
        (EMOTION, "joy", Outcome.ANSWERED),
        (EMOTION, {"emotion": "joy"}, Outcome.ANSWERED),
        (EMOTION, "", Outcome.UNPARSABLE),
        (CHAT, Reply(Outcome.ANSWERED, 99.0, text="hello"), Outcome.ANSWERED),
        (CHAT, Reply(Outcome.ANSWERED, 0.0, text=" "), Outcome.EMPTY),
        (CHAT, Reply(Outcome.REFUSED, 0.0, error="no"), Outcome.REFUSED),
        (CRISIS, Reply(Outcome.ANSWERED, 0.0, text="hello"), Outcome.UNPARSABLE),
    ],
)
def test_what_a_function_may_return(capability: Capability, answer: Any, outcome: Outcome) -> None:
    """Words, a flag, a mapping or a reply; its latency is measured, not believed."""
    reply = ask(lambda text: answer, capability)
    assert reply.outcome is outcome
    assert reply.latency_s < 99


def test_capabilities() -> None:
    """Given, by attribute, by mapping, or chat."""
    assert callable_target(coroutine).capabilities == {CHAT}
    assert callable_target(Model()).capabilities == {CHAT, CRISIS}
    assert callable_target(coroutine, capabilities=["emotion"]).capabilities == {EMOTION}
    each = callable_target({CHAT: coroutine, "crisis": lambda text: True})
    assert each.capabilities == {CHAT, CRISIS}
    with pytest.raises(UsageError, match="offers nothing"):
        callable_target(coroutine, capabilities=[])
    with pytest.raises(UsageError, match="given twice"):
        callable_target({CHAT: coroutine}, capabilities=[CHAT])


def test_a_mapping_asks_the_right_function() -> None:
    """One function a capability."""
    functions = {CHAT: lambda text: "words", CRISIS: lambda text: False}
    assert ask(functions, CRISIS).flag is False
    assert ask(functions, CHAT).text == "words"


def test_names() -> None:
    """The given one, or the function's own."""
    assert callable_target(coroutine).name == "coroutine"
    assert callable_target(Model()).name == "Model"
    assert callable_target(functools.partial(coroutine), name="bot").name == "bot"


def raising(text: str) -> str:
    raise ValueError(f"cannot say {text}")


async def raising_later(text: str) -> str:
    await asyncio.sleep(0)
    raise ValueError(f"cannot say {text}")


@pytest.mark.parametrize("function", [raising, raising_later])
def test_an_exception_is_an_error_that_names_type_and_place(function: Any) -> None:
    """Its message stays out: it quotes the patient."""
    reply = ask(function)
    assert reply.outcome is Outcome.ERROR
    assert str(reply.error).startswith(
        f"{function.__name__} raised ValueError at test_target_callable"
    )
    assert "hello" not in str(reply.error)


@pytest.mark.parametrize("error", [SystemExit(0), StopIteration(), asyncio.CancelledError()])
@pytest.mark.parametrize("is_async", [True, False])
def test_no_exception_of_a_function_ends_the_run(error: BaseException, is_async: bool) -> None:
    """Not `sys.exit`, not a stray cancellation, not what a future cannot hold."""

    def fail(text: str) -> str:
        raise error

    async def fail_later(text: str) -> str:
        raise error

    reply = ask(fail_later if is_async else fail)
    assert reply.outcome is Outcome.ERROR


def test_a_cancellation_from_outside_is_passed_on() -> None:
    """Who stops the run stops the call."""
    entered = asyncio.Event()

    async def endless(text: str) -> str:
        entered.set()
        await asyncio.Event().wait()
        return text

    async def run() -> None:
        target = callable_target(endless)
        task = asyncio.create_task(target.ask(TALK, capability=CHAT, timeout_s=30))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_sync_functions_run_side_by_side() -> None:
    """Four calls that wait for each other all answer: none holds the loop or the others."""
    together = threading.Barrier(4, timeout=20)

    def meet(text: str) -> str:
        together.wait()
        return "met"

    async def run() -> list[Reply]:
        target = callable_target(meet, rules=Rules(concurrency=4))
        asks = (target.ask(TALK, capability=CHAT, timeout_s=20) for _ in range(4))
        return await asyncio.gather(*asks)

    assert [reply.text for reply in asyncio.run(run())] == ["met"] * 4


def test_a_sync_function_that_hangs_is_left_behind() -> None:
    """It times out, and the next call is served though the first has not returned."""
    release = threading.Event()

    def hang(text: str) -> str:
        if not release.is_set():
            release.wait()
        return "done"

    async def run() -> tuple[Reply, Reply]:
        target = callable_target(hang, rules=Rules(concurrency=1))
        first = await target.ask(TALK, capability=CHAT, timeout_s=0.05)
        release.set()
        return first, await target.ask(TALK, capability=CHAT, timeout_s=20)

    first, second = asyncio.run(run())
    assert first.outcome is Outcome.TIMEOUT
    assert second.text == "done"


def test_an_async_function_that_blocks_the_loop_is_late_all_the_same(clock: Any) -> None:
    """Nothing can interrupt it, but its answer does not count."""

    async def block(text: str) -> str:
        clock.time += 31
        return "at last"

    assert ask(block, clock=clock, timeout_s=30).outcome is Outcome.TIMEOUT


def test_latency_is_the_function_s_own(clock: Any) -> None:
    """Read off the clock before and after the call, in the thread where it runs."""

    def work(text: str) -> str:
        clock.time += 2.5
        return "done"

    async def work_later(text: str) -> str:
        clock.time += 1.5
        return "done"

    assert ask(work, clock=clock).latency_s == 2.5
    assert ask(work_later, clock=clock).latency_s == 1.5


def test_the_answer_is_kept_where_it_goes_into_json() -> None:
    """A mapping is evidence; what JSON cannot hold is named instead."""
    assert ask(lambda text: {"text": "a", "why": [1]}).raw == {"body": {"text": "a", "why": [1]}}
    odd = ask(lambda text: {"text": "a", "when": time})
    assert odd.text == "a"
    assert "unwritable" in odd.raw["body"]
