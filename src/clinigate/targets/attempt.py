"""One attempt to get an answer, and how a failed one is put on record."""

from __future__ import annotations

from clinigate.core.target import Outcome, Reply

__all__ = ["AttemptError", "failed_outcomes"]


class AttemptError(Exception):
    """An attempt that brought no answer.

    Attributes:
        outcome: `ERROR`, `THROTTLED` or `TIMEOUT`, or what else the attempt came to.
        reason: one sentence for a reader; holds no secret and no body of an answer.
        retryable: whether the failure is the transport's, so that a second try makes sense.
        retry_after_s: seconds that the service asked to be left alone.
    """

    def __init__(
        self,
        outcome: Outcome,
        reason: str,
        *,
        retryable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.retryable = retryable
        self.retry_after_s = retry_after_s

    @property
    def record(self) -> str:
        """The line that `Reply.failures` keeps; `failed_outcomes` reads it."""
        return f"{self.outcome}: {self.reason}"


def failed_outcomes(reply: Reply) -> tuple[Outcome, ...]:
    """Return how each attempt before the last one ended, oldest first.

    A check that counts a failure as a miss looks here too: a reply that arrived after a second try
    is `ANSWERED`, and still the first person who asked got nothing. A failure that a foreign target
    put down in words of its own is an `ERROR`.
    """
    named = (failure.partition(":")[0] for failure in reply.failures)
    return tuple(Outcome(name) if name in set(Outcome) else Outcome.ERROR for name in named)
