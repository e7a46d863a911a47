"""What all kinds of target share: limits, time-outs and second tries around one way to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from clinigate.core.blame import blame
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import ClinigateError, TargetError
from clinigate.targets.attempt import AttemptError
from clinigate.targets.clock import Clock, PerLoop, SystemClock
from clinigate.targets.pacing import Pacer, backoff_s

__all__ = ["Backend", "Rules", "ShellTarget"]


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


class ShellTarget:
    """A target: a backend, asked by the rules.

    A second try follows a failure of the transport alone: a lost connection or a 5xx, at most
    `retries` times, and throttling as long as its waits sum up to at most `max_wait_s`. What the
    system answered stands, be it empty, refused or unparsable, and so does a time-out. Each failed
    attempt stays in `Reply.failures`.
    """

    def __init__(
        self, backend: Backend, *, name: str, rules: Rules, clock: Clock | None = None
    ) -> None:
        self._backend = backend
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
        return self._backend.capabilities

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
            return await self._ask(turns, capability, seed, limit_s)

    async def aclose(self) -> None:
        """Release connections. Calling it twice is harmless, and so is asking again."""
        await self._backend.aclose()

    async def _ask(
        self, turns: Sequence[Turn], capability: Capability, seed: int | None, limit_s: float
    ) -> Reply:
        failures: list[AttemptError] = []
        granted_s = 0.0
        while True:
            closed_s = self._pacer.closed_for_s
            if closed_s > self._rules.max_wait_s:
                return _unasked(failures, closed_s)
            await self._pacer.turn()
            started = self._clock.now()
            try:
                reply = await self._attempt(turns, capability, seed, limit_s)
            except AttemptError as failure:
                latency_s = self._clock.now() - started
                failures.append(failure)
                wait_s = self._wait_after(failures, granted_s)
                if wait_s is None:
                    return _failed(failures, latency_s)
                if failure.outcome is Outcome.THROTTLED:
                    granted_s += wait_s
                else:
                    await self._clock.sleep(wait_s)
            else:
                attempts = len(failures) + 1
                return _on_record(reply, failures, attempts=attempts) if failures else reply

    async def _attempt(
        self, turns: Sequence[Turn], capability: Capability, seed: int | None, limit_s: float
    ) -> Reply:
        try:
            async with asyncio.timeout(limit_s) as scope:
                reply = await self._backend.send(turns, capability=capability, seed=seed)
        except TimeoutError:
            if not scope.expired():
                raise AttemptError(Outcome.ERROR, "the target raised TimeoutError") from None
            raise _too_late(limit_s) from None
        except (AttemptError, ClinigateError):
            raise
        except Exception as error:
            raise AttemptError(Outcome.ERROR, f"asking broke: {blame(error)}") from error
        # A reply that held the loop, or swallowed its cancellation, is no less late.
        if scope.expired() or reply.latency_s > limit_s:
            raise _too_late(limit_s)
        return reply

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


def _on_record(reply: Reply, failures: list[AttemptError], *, attempts: int) -> Reply:
    records = tuple(failure.record for failure in failures)
    return replace(reply, attempts=attempts, failures=records)


def _failed(failures: list[AttemptError], latency_s: float) -> Reply:
    *before, last = failures
    reply = Reply(last.outcome, latency_s, error=last.reason)
    return _on_record(reply, before, attempts=len(failures))


def _unasked(failures: list[AttemptError], closed_s: float) -> Reply:
    """The reply where the service wants to be left alone for longer than one may wait."""
    reason = (
        f"the service asked to be left alone for {closed_s:.0f} s more; "
        "lower [target.limits] requests_per_minute or raise max_wait_s"
    )
    reply = Reply(Outcome.THROTTLED, 0.0, error=reason)
    return _on_record(reply, failures, attempts=len(failures))
