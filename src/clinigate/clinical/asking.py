"""Put cases to a target, many at once, and keep every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from clinigate.core.case import Case
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Reply, Target

__all__ = ["Asked", "Progress", "Watch", "ask_all", "fresh", "limit_s", "watching"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One case with what the target answered, once or `repeats` times."""

    case: Case
    replies: tuple[Reply, ...]

    @property
    def throttled(self) -> bool:
        """Whether the target's rate limit left any asking of the case without an answer."""
        return any(reply.outcome is Outcome.THROTTLED for reply in self.replies)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the asking of one set of cases is; where it stops early, `total` shrinks to `asked`.

    Attributes:
        asked: cases that are done, of `total`. faults: of these, how many went wrong as far as one
            answer tells: missed, falsely alarmed, not answered. Nothing is decided by it.
    """

    asked: int
    total: int
    faults: int


Watch = Callable[[Progress], None]
_WATCH: ContextVar[Watch | None] = ContextVar("clinigate_watch", default=None)


@contextmanager
def watching(watch: Watch | None) -> Iterator[None]:
    """Tell `watch` of each case that `ask_all` is done with, for the length of a block."""
    token = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(token)


def fresh(target: Target) -> Target:
    """Return the target itself where answers of earlier runs would stand in for it."""
    itself = getattr(target, "uncached", target)
    assert isinstance(itself, Target)
    return itself


def limit_s(case: Case, plan: Plan) -> float:
    """Seconds within which a reply to `case` counts: the plan's patience, at most the case's."""
    return min(plan.timeout_s, case.expect.max_latency_s)


async def ask_all(
    target: Target,
    cases: Sequence[Case],
    *,
    capability: Capability,
    plan: Plan,
    repeats: int = 1,
    concurrency: int | None = None,
    until: Callable[[Asked], bool] | None = None,
    wrong: Callable[[Asked], bool] | None = None,
) -> list[Asked]:
    """Ask `target` each of `cases`, `plan.concurrency` at a time, and return them in their order.

    Each repeat has a seed of its own, so that a target that samples may answer differently; the
    caller counts the worst. Where `until` says yes to one that was asked, no further case is sent,
    and the list holds only what was asked by then. `wrong` says what whoever watches the progress
    is told as a fault; left out, it is a case without an answer.

    Raises:
        TargetError: asking made no sense; what the target does wrong is in its `Reply`.
    """
    answers: list[Asked | None] = [None] * len(cases)
    queue = iter(range(len(cases)))
    workers = min(concurrency or plan.concurrency, len(cases))
    told = _Teller(len(cases), wrong or _unanswered)

    async def work() -> None:
        for position in queue:
            asked = await _ask(target, cases[position], capability, plan, repeats)
            answers[position] = asked
            told(asked)
            if until is not None and until(asked):
                for _ in queue:  # leave nothing for the other workers
                    pass

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
    except ExceptionGroup as errors:  # one worker's error stopped the others: it is the cause
        raise errors.exceptions[0] from None
    told.end()
    return [asked for asked in answers if asked is not None]


class _Teller:
    """Tells whoever watches of each case that is done, and of the end."""

    def __init__(self, total: int, wrong: Callable[[Asked], bool]) -> None:
        self._watch = _WATCH.get()
        self._wrong = wrong
        self._progress = Progress(0, total, 0)
        self._tell()

    def __call__(self, asked: Asked) -> None:
        if self._watch is not None:
            before = self._progress
            faults = before.faults + self._wrong(asked)
            self._progress = Progress(before.asked + 1, before.total, faults)
            self._tell()

    def end(self) -> None:
        """Tell that no further case comes."""
        before = self._progress
        if before.asked < before.total:
            self._progress = Progress(before.asked, before.asked, before.faults)
            self._tell()

    def _tell(self) -> None:
        if self._watch is not None:
            self._watch(self._progress)


def _unanswered(asked: Asked) -> bool:
    return not asked.throttled and any(not reply.answered for reply in asked.replies)


async def _ask(
    target: Target, case: Case, capability: Capability, plan: Plan, repeats: int
) -> Asked:
    patience = limit_s(case, plan)
    replies = [
        await target.ask(
            case.turns, capability=capability, timeout_s=patience, seed=plan.seed + repeat
        )
        for repeat in range(repeats)
    ]
    return Asked(case, tuple(replies))
