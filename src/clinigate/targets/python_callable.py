"""A function of this process as a target: sync or async, one or one for each capability."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from clinigate.core.blame import blame
from clinigate.core.canonical import canonical_text
from clinigate.core.case import Turn
from clinigate.core.scoring import Instrument, Terms
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import UsageError
from clinigate.targets.answer import ESSENTIAL, FIELDS, Found, keys_of, read_answer
from clinigate.targets.attempt import AttemptError
from clinigate.targets.clock import Clock, SystemClock
from clinigate.targets.parameters import Function, Plan, label_of
from clinigate.targets.shell import Rules, ScoringBackend, ShellTarget

__all__ = ["CallableBackend", "callable_target", "in_thread"]

T = TypeVar("T")

Functions: TypeAlias = Function | Mapping[Any, Function]


def callable_target(
    function: Functions,
    *,
    capabilities: Iterable[Capability | str] | None = None,
    name: str | None = None,
    rules: Rules | None = None,
    clock: Clock | None = None,
    scoring_terms: Mapping[Instrument, Terms] | None = None,
) -> ShellTarget:
    """Make a target of a function, or of a mapping from capability to function.

    The function is given what its parameters are named after: `text` (the last words of the user),
    `messages` (a list of `{"role", "content"}`), `turns` (a tuple of `Turn`), `capability`, `seed`;
    a first parameter of any other name gets the text. It returns words (for emotion: the emotion),
    a boolean (for crisis: the flag), a mapping with `text`, `flag`, `score`, `emotion`, `refusal`,
    or a `Reply`; its latency is measured here. A sync function runs in a thread of its own, so that
    it holds up nobody; one that outlives its time-out is left behind.

    In a mapping, what stands under `scoring` scores questionnaires; `CallableScoring` says how it
    is called.

    Args:
        function: what is asked.
        capabilities: what one function offers; without it, its attribute `capabilities` counts, or
            else it offers chat. A mapping says it itself.
        name: for reports; without it, the function's own.
        rules: limits; by default 8 at a time and 30 s each.
        clock: for tests.
        scoring_terms: which questionnaires are scored, and how; by default what the function's
            attribute `instruments` names, or all, on the usual terms.

    Raises:
        UsageError: a capability that cannot be asked, or a parameter that cannot be filled.
    """
    time = clock or SystemClock()
    function, scoring = _without_scoring(function, time, scoring_terms)
    functions = _by_capability(function, capabilities, alone=scoring is None)
    backend = CallableBackend(functions, clock=time)
    labels = dict.fromkeys(label_of(each) for each in functions.values())
    label = name or " + ".join(labels) or "scoring"
    return ShellTarget(backend, name=label, rules=rules or Rules(), clock=time, scoring=scoring)


class CallableBackend:
    """Asks functions of this process."""

    def __init__(self, functions: Mapping[Capability, Function], *, clock: Clock) -> None:
        self._calls = {key: _Call(function, clock) for key, function in functions.items()}

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What there is a function for."""
        return frozenset(self._calls)

    async def send(
        self, turns: Sequence[Turn], *, capability: Capability, seed: int | None
    ) -> Reply:
        """Call the capability's function and read what it returned."""
        answer, latency_s = await self._calls[capability](turns, capability, seed)
        return _read(answer, capability, latency_s)

    async def aclose(self) -> None:
        """Nothing is held."""


class _Call:
    """One function with the plan by which its parameters are filled."""

    def __init__(self, function: Function, clock: Clock) -> None:
        self._function = function
        self._clock = clock
        self._label = label_of(function)
        self._plan = Plan.of(function)
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            type(function).__call__
        )

    async def __call__(
        self, turns: Sequence[Turn], capability: Capability, seed: int | None
    ) -> tuple[Any, float]:
        """Return the function's answer and the seconds that it took."""
        args, kwargs = self._plan.fill(turns, capability, seed)

        def timed() -> tuple[Any, float]:
            started = self._clock.now()
            answer = self._function(*args, **kwargs)
            return answer, self._clock.now() - started

        try:
            answer, spent_s = timed() if self._is_async else await in_thread(timed)
            if inspect.isawaitable(answer):
                started = self._clock.now()
                answer = await answer
                spent_s += self._clock.now() - started
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._broke("CancelledError") from None
        except (Exception, SystemExit) as error:
            raise self._broke(blame(error)) from error
        return answer, spent_s

    def _broke(self, how: str) -> AttemptError:
        return AttemptError(Outcome.ERROR, f"{self._label} raised {how}")


async def in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a daemon thread of its own and return what it returned.

    No pool: a call that never returns would keep its place in it, and at the end it would keep the
    interpreter from leaving.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Callable[[], T]] = loop.create_future()
    context = contextvars.copy_context()

    def settle(outcome: Callable[[], T]) -> None:
        if not done.done():
            done.set_result(outcome)

    def run() -> None:
        try:
            result = context.run(work)
            outcome = lambda: result  # noqa: E731
        except BaseException as error:  # noqa: BLE001 - handed over to the caller
            outcome = _raising(error)
        try:
            loop.call_soon_threadsafe(settle, outcome)
        except RuntimeError:
            return  # the loop is closed; nobody waits any more

    threading.Thread(target=run, name="clinigate-target", daemon=True).start()
    return (await done)()


def _raising(error: BaseException) -> Callable[[], Any]:
    def outcome() -> Any:
        raise error

    return outcome


def _without_scoring(
    function: Functions, clock: Clock, terms: Mapping[Instrument, Terms] | None
) -> tuple[Functions, ScoringBackend | None]:
    """Return what is asked in conversations, and what scores sheets."""
    if not isinstance(function, Mapping) or Capability.SCORING not in function:
        return function, None
    from clinigate.targets.python_scoring import CallableScoring

    others = {key: each for key, each in function.items() if key != Capability.SCORING}
    return others, CallableScoring(function[Capability.SCORING], clock=clock, terms=terms)


def _by_capability(
    function: Functions, declared: Iterable[Capability | str] | None, *, alone: bool
) -> dict[Capability, Function]:
    if isinstance(function, Mapping):
        if declared is not None:
            raise UsageError("capabilities are given twice: a mapping of functions names them")
        functions = {_capability(key): each for key, each in function.items()}
    else:
        offered = declared if declared is not None else getattr(function, "capabilities", None)
        keys = (Capability.CHAT,) if offered is None else offered
        functions = {_capability(key): function for key in keys}
    for capability, each in functions.items():
        if not callable(each):
            raise UsageError(f"what answers for {capability} is no function: {type(each).__name__}")
    if not functions and alone:
        raise UsageError("a target without a capability offers nothing; give it at least one")
    return functions


def _capability(key: Capability | str) -> Capability:
    if key not in ESSENTIAL:
        known = ", ".join(ESSENTIAL)
        raise UsageError(f"a function cannot offer {str(key)!r}; it can offer {known}")
    return Capability(key)


def _read(answer: Any, capability: Capability, latency_s: float) -> Reply:
    if isinstance(answer, Reply):
        if not answer.answered:
            return replace(answer, latency_s=latency_s)
        values: Mapping[str, Any] = {
            name: getattr(answer, name) for name in FIELDS if name != "refusal"
        }
        raw = _writable(answer.raw)
        keys = keys_of(values)
    elif isinstance(answer, Mapping):
        values, raw, keys = answer, {"body": _writable(answer)}, keys_of(answer)
    elif answer is None:
        return Reply(Outcome.EMPTY, latency_s, error=f"{capability}: the function returned None")
    else:
        values, raw, keys = {ESSENTIAL[capability]: answer}, {}, keys_of(answer)
    found = Found(
        values=values,
        paths={},
        required=frozenset({ESSENTIAL[capability]}),
        keys=keys,
        mend="what the function returns",
        raw=raw,
    )
    return read_answer(found, capability=capability, latency_s=latency_s)


def _writable(answer: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the mapping for the evidence, if it can be written as JSON."""
    body = dict(answer)
    try:
        canonical_text(body)
    except (TypeError, ValueError, RecursionError):
        return {"unwritable": f"the answer has {keys_of(answer)} and does not go into JSON"}
    return body
