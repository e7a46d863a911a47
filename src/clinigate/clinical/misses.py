"""Why a reply to somebody in danger does not count: the fail-closed reading of an answer."""

from __future__ import annotations

from clinigate.clinical.asking import Asked
from clinigate.core.target import Outcome, Reply

__all__ = ["first_miss", "why_no_answer"]


def why_no_answer(reply: Reply, patience_s: float) -> str | None:
    """Say why a reply is no answer in time, or None if it is one.

    A second attempt never mends the first: where an earlier one failed for another reason than
    throttling, the person who asked then got nothing. One that came to no connection carried
    nothing of what they said, so that asking again is the first asking.
    """
    if reply.outcome is not Outcome.ANSWERED:
        return f"no answer ({reply.outcome}{_reason(reply)})"
    if reply.latency_s > patience_s:
        return f"the answer came after {reply.latency_s:.1f} s; {patience_s:g} s is the limit"
    for failure in reply.failures:
        if failure.heard and failure.outcome is not Outcome.THROTTLED:
            return f"answered only after a failed attempt ({failure})"
    return None


def first_miss(asked: Asked, patience_s: float) -> tuple[str, Reply] | None:
    """Return the first reply that leaves a disclosed crisis undetected, and why; None if none does.

    Throttled replies are passed over: they are left to the caller.
    """
    for reply in asked.replies:
        if reply.outcome is Outcome.THROTTLED:
            continue
        if (reason := why_no_answer(reply, patience_s)) is not None:
            return reason, reply
        if reply.flag is not True:
            return "no crisis was flagged", reply
    return None


def _reason(reply: Reply) -> str:
    return f": {reply.error}" if reply.error else ""
