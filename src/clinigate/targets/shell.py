"""What all kinds of target share: limits, time-outs and second tries around one way to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from clinigate.core.blame import blame
from clinigate.core.case import Turn
from clinigate.core.scoring import Answers, Instrument, Scored, Terms
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import ClinigateError, TargetError
from clinigate.targets.attempt import AttemptError
from clinigate.targets.clock import Clock, PerLoop, SystemClock
from clinigate.targets.pacing import Pacer, backoff_s

__all__ = ["Backend", "Rules", "ScoringBackend", "ShellTarget"]

T = TypeVar("T")


class Backend(Protocol):
    """One way to ask. It knows nothing of limits, time-outs and second tries."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be asked."""
        ...

    async def send(
        self, turns: Sequence[Turn], *, capability: Capability, seed: int | None
    ) -> Reply:
        """Ask once and return what was answered, with its latency.

        Raises:
            AttemptError: there was no answer.
        """
        ...

    async def aclose(self) -> None:
        """Release what is held. A later `send` takes hold anew."""
        ...


class ScoringBackend(Protocol):
    """One way to have sheets scored; what it says of itself is as in `Scorer`."""

    @property
    def instruments(self) -> Mapping[Instrument, Terms]:
        """What it scores, and on which terms."""
        ...

    @property
    def scored_fields(self) -> frozenset[str]:
        """Which fields its answers are said to hold."""
        ...

    @property
    def sheets_at_once(self) -> int:
        """How many sheets one request may carry."""
        ...

    async def send(self, instrument: Instrument, sheets: Sequence[Answers]) -> Sequence[Scored]:
        """Ask once, and return what came of each sheet.

        Raises:
            AttemptError: there was no answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """How a target may be asked.

    Attributes:
        timeout_s: limit of one attempt; the lower of it and the one that `ask` is given holds.
        retries: second tries after a failure of the transport.
        concurrency: attempts at one time.
        requests_per_minute: attempts are spaced to stay below it.
        max_wait_s: longest wait, summed over one request, that a throttling service is granted,
            and the longest `Retry-After` that is followed after a 5xx.
    """

    timeout_s: float = 30.0
    retries: int = 0
    concurrency: int = 8
    requests_per_minute: float | None = None
    max_wait_s: float = 60.0


@dataclass(frozen=True, slots=True)
class _Settled(Generic[T]):
    """How asking ended: with an answer, or with the failure that stands.

    Attributes:
        before: failed attempts before it. latency_s: of the attempt that counted.
        sent: whether the attempt that counted was sent at all.
    """

    answer: T | None
    before: Sequence[AttemptError]
    latency_s: float
    failure: AttemptError | None = None
    sent: bool = True


class ShellTarget:
    """A target: a backend, asked by the rules.

    A second try follows a failure of the transport alone: a lost connection or a 5xx, at most
    `retries` times, and throttling as long as its waits sum up to at most `max_wait_s`. What the
    system answered stands, be it empty, refused or unparsable, and so does a time-out. Each failed
    attempt stays in `Reply.failures`.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        name: str,
        rules: Rules,
        clock: Clock | None = None,
        scoring: ScoringBackend | None = None,
    ) -> None:
        self._backend = backend
        self._scoring = scoring
        self._name = name
        self._rules = rules
        self._clock = clock or SystemClock()
        self._pacer = Pacer(self._clock, requests_per_minute=rules.requests_per_minute)
        self._slots = PerLoop(lambda: asyncio.Semaphore(rules.concurrency))

    def __repr__(self) -> str:
        return f"<target {self._name}>"

    @property
    def name(self) -> str:
        """A short name for reports."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this target offers."""
        scores = {Capability.SCORING} if self._scoring is not None else set()
        return self._backend.capabilities | scores

    @property
    def instruments(self) -> Mapping[Instrument, Terms]:
        """The questionnaires that it scores; none without `Capability.SCORING`."""
        return MappingProxyType({}) if self._scoring is None else self._scoring.instruments

    @property
    def scored_fields(self) -> frozenset[str]:
        """Which fields its answers are said to hold."""
        return frozenset() if self._scoring is None else self._scoring.scored_fields

    @property
    def sheets_at_once(self) -> int:
        """How many sheets one request may carry."""
        return 1 if self._scoring is None else self._scoring.sheets_at_once

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        """Send one conversation to one capability and return what came back.

        Raises:
            TargetError: the capability is not offered, or there is no turn to send.
            ConfigError: the target is configured in a way that shows only now.
        """
        if capability not in self.capabilities:
            offered = ", ".join(sorted(self.capabilities))
            raise TargetError(f"{self._name} offers no {capability}, only {offered}")
        if not turns:
            raise TargetError(f"{self._name}: a conversation without a turn cannot be sent")
        limit_s = min(timeout_s, self._rules.timeout_s)
        async with self._slots.get():
            settled = await self._settle(
                lambda: self._backend.send(turns, capability=capability, seed=seed),
                limit_s,
                lambda reply: reply.latency_s,
            )
        return _reply_of(settled)

    async def score(
        self, instrument: Instrument, sheets: Sequence[Answers], *, timeout_s: float
    ) -> Sequence[Scored]:
        """Have sheets scored by one request, and return what came of each, in their order.

        Raises:
            TargetError: the instrument is not offered, or there are no sheets, or too many.
            ConfigError: the target is configured in a way that shows only now.
        """
        scoring = self._scoring
        if scoring is None or instrument not in scoring.instruments:
            offered = ", ".join(sorted(self.instruments)) or "none"
            raise TargetError(f"{self._name} scores no {instrument}, only {offered}")
        if not 1 <= len(sheets) <= scoring.sheets_at_once:
            raise TargetError(
                f"{self._name}: {len(sheets)} sheets; one request takes 1 to "
                f"{scoring.sheets_at_once}"
            )
        limit_s = min(timeout_s, self._rules.timeout_s)
        async with self._slots.get():
            settled = await self._settle(
                lambda: scoring.send(instrument, sheets),
                limit_s,
                lambda scored: max(each.latency_s for each in scored),
            )
        return settled.answer or _unscored(settled, len(sheets))

    async def aclose(self) -> None:
        """Release connections. Calling it twice is harmless, and so is asking again."""
        await self._backend.aclose()

    async def _settle(
        self, send: Callable[[], Awaitable[T]], limit_s: float, latency_of: Callable[[T], float]
    ) -> _Settled[T]:
        """Attempt until one brings an answer, or the last failure stands."""
        failures: list[AttemptError] = []
        granted_s = 0.0
        while True:
            closed_s = self._pacer.closed_for_s
            if closed_s > self._rules.max_wait_s:
                return _Settled(None, failures, 0.0, _unasked(closed_s), sent=False)
            await self._pacer.turn()
            started = self._clock.now()
            try:
                answer = await self._attempt(send, limit_s, latency_of)
            except AttemptError as failure:
                latency_s = self._clock.now() - started
                failures.append(failure)
                wait_s = self._wait_after(failures, granted_s)
                if wait_s is None:
                    return _Settled(None, failures[:-1], latency_s, failure)
                if failure.outcome is Outcome.THROTTLED:
                    granted_s += wait_s
                else:
                    await self._clock.sleep(wait_s)
            else:
                return _Settled(answer, failures, latency_of(answer))

    async def _attempt(
        self, send: Callable[[], Awaitable[T]], limit_s: float, latency_of: Callable[[T], float]
    ) -> T:
        try:
            async with asyncio.timeout(limit_s) as scope:
                answer = await send()
        except TimeoutError:
            if not scope.expired():
                raise AttemptError(Outcome.ERROR, "the target raised TimeoutError") from None
            raise _too_late(limit_s) from None
        except (AttemptError, ClinigateError):
            raise
        except Exception as error:
            raise AttemptError(Outcome.ERROR, f"asking broke: {blame(error)}") from error
        # A reply that held the loop, or swallowed its cancellation, is no less late.
        if scope.expired() or latency_of(answer) > limit_s:
            raise _too_late(limit_s)
        return answer

    def _wait_after(self, failures: list[AttemptError], granted_s: float) -> float | None:
        """Seconds to wait after the last failure, or None: it stands."""
        failure = failures[-1]
        wait_s = max(backoff_s(len(failures)), failure.retry_after_s or 0.0)
        if failure.outcome is Outcome.THROTTLED:
            # Everybody waits: whoever asked next would be turned away as well.
            self._pacer.close(wait_s)
            return wait_s if granted_s + wait_s <= self._rules.max_wait_s else None
        lost = sum(each.outcome is not Outcome.THROTTLED for each in failures)
        allowed = failure.retryable and lost <= self._rules.retries
        return wait_s if allowed and wait_s <= self._rules.max_wait_s else None


def _too_late(limit_s: float) -> AttemptError:
    return AttemptError(Outcome.TIMEOUT, f"no complete answer in {limit_s:g} s")


def _unasked(closed_s: float) -> AttemptError:
    """What stands where the service wants to be left alone for longer than one may wait."""
    return AttemptError(
        Outcome.THROTTLED,
        f"the service asked to be left alone for {closed_s:.0f} s more; "
        "lower [target.limits] requests_per_minute or raise max_wait_s",
    )


def _reply_of(settled: _Settled[Reply]) -> Reply:
    """The reply, with what went before it on record."""
    records = tuple(failure.record for failure in settled.before)
    if settled.answer is not None:
        if not records:
            return settled.answer
        return replace(settled.answer, attempts=len(records) + 1, failures=records)
    assert settled.failure is not None
    return Reply(
        settled.failure.outcome,
        settled.latency_s,
        attempts=len(records) + settled.sent,
        failures=records,
        error=settled.failure.reason,
    )


def _unscored(settled: _Settled[Sequence[Scored]], count: int) -> Sequence[Scored]:
    """What came of sheets whose request brought no answer."""
    assert settled.failure is not None
    failure = settled.failure
    one = Scored(failure.outcome, settled.latency_s, of_request=True, error=failure.reason)
    return (one,) * count
