"""One attempt to get an answer, and how a failed one is put on record."""

from __future__ import annotations

from clinigate.core.target import FailedAttempt, Outcome, Reply

__all__ = ["AttemptError", "failed_outcomes"]


class AttemptError(Exception):
    """An attempt that brought no answer.

    Attributes:
        outcome: `ERROR`, `THROTTLED` or `TIMEOUT`, or what else the attempt came to.
        reason: one sentence for a reader; holds no secret and no body of an answer.
        retryable: whether the failure is the transport's, so that a second try makes sense.
        retry_after_s: seconds that the service asked to be left alone.
        heard: whether anything may have reached the service.
        status: of the HTTP answer, where there was one that says no.
    """

    def __init__(
        self,
        outcome: Outcome,
        reason: str,
        *,
        retryable: bool = False,
        retry_after_s: float | None = None,
        heard: bool = True,
        status: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.heard = heard
        self.status = status

    @property
    def record(self) -> FailedAttempt:
        """What `Reply.failures` keeps."""
        return FailedAttempt(self.outcome, self.reason, self.heard)


def failed_outcomes(reply: Reply) -> tuple[Outcome, ...]:
    """Return how each attempt before the last one ended, oldest first.

    A check that counts a failure as a miss looks here too: a reply that arrived after a second try
    is `ANSWERED`, and still the first person who asked got nothing.
    """
    return tuple(failure.outcome for failure in reply.failures)
