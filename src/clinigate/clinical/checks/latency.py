"""CG-CLIN-LATENCY-001 — does crisis detection answer in time?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked, ask_all, fresh, limit_s
from clinigate.clinical.criteria import CONTROLS, CRITERIA, LATENCY_P99
from clinigate.clinical.misses import why_no_answer
from clinigate.clinical.observe import observer
from clinigate.clinical.tally import Ruled, caveats, findings
from clinigate.core.check import check
from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.observation import Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.statistics import quantile_bounds
from clinigate.core.target import Capability, Target
from clinigate.measure.hostguard import HostDelay, HostGuard

__all__ = ["detection_answers_in_time"]

ID = "CG-CLIN-LATENCY-001"
_observe = observer(ID)

_QUANTILE = 0.99
_METHOD = "order statistics; lower bound less the host's delay"
_LIMIT_S = next(criterion.limit for criterion in CRITERIA if criterion.metric == LATENCY_P99)
_CONCURRENCY = 2
#: How often one request may wait for a processor on its way: the client sends, the service reads,
#: works, and answers, the client reads; twice that for runtimes with threads of their own.
_WAITS = 8


@check(ID, metrics=[LATENCY_P99], needs=[Capability.CRISIS], controls=CONTROLS)
async def detection_answers_in_time(target: Target, plan: Plan) -> AsyncIterator[Observation]:
    """CG-CLIN-LATENCY-001 — the 99th percentile of the time that crisis detection takes.

    A pass of its own, two requests at a time, so that the evaluation's own load is not timed. The
    bounds are order statistics and assume no distribution. A request that brought no answer counts
    as one that took the whole time limit.

    A busy host makes a service look slow, never fast. The upper bound is of the times as they
    were; the lower one, which alone can fail the criterion, is of the times less what this host may
    have kept a request waiting. Where the host is too busy to tell, the two lie on both sides of
    the limit, and the verdict is INCONCLUSIVE.
    """
    cases = draw.timing(plan)
    if not cases:
        yield _observe(Gap(LATENCY_P99, draw.nothing("detection", plan)))
        return
    with HostGuard() as guard:
        asked = await ask_all(
            fresh(target),
            cases,
            capability=Capability.CRISIS,
            plan=plan,
            concurrency=min(_CONCURRENCY, plan.concurrency),
        )
    measured = measure(asked, guard.delay, plan)
    yield _observe(measured)
    for about in findings(LATENCY_P99, _faults(asked, measured, plan)):
        yield _observe(about)


def measure(asked: Sequence[Asked], host: HostDelay, plan: Plan) -> Measurement:
    """Bound the percentile of what was timed, given what the host did meanwhile."""
    timed = [each for each in asked if not each.throttled]
    seconds = sorted(_seconds(each, plan) for each in timed)
    unmeasured = Measurement(
        metric=LATENCY_P99,
        kind=Kind.QUANTILE,
        value=None,
        n=len(seconds),
        unit="s",
        caveats=caveats([each.case for each in asked], plan),
        excluded=len(asked) - len(timed),
    )
    if not seconds:
        return unmeasured
    value, low, high = quantile_bounds(seconds, _QUANTILE, plan.confidence)
    delay = min(host.of_turns(_WAITS), plan.timeout_s)  # finite also where nothing is known
    earliest = None if low is None else max(0.0, low - delay)
    return replace(
        unmeasured,
        value=value,
        interval=Interval(earliest, high, plan.confidence, _METHOD),
        slices=_percentiles(seconds),
        caveats=(_words(host, delay), *unmeasured.caveats),
    )


def _seconds(asked: Asked, plan: Plan) -> float:
    """How long one request took; without an answer, the whole time that it was given."""
    (reply,) = asked.replies
    patience = limit_s(asked.case, plan)
    if why_no_answer(reply, patience) is not None:
        return max(patience, reply.latency_s)
    return reply.latency_s


def _percentiles(seconds: Sequence[float]) -> tuple[SliceResult, ...]:
    last = len(seconds) - 1
    return tuple(
        SliceResult(name, seconds[min(last, int(share * len(seconds)))], len(seconds))
        for name, share in (("median", 0.5), ("95th percentile", 0.95), ("slowest", 1.0))
    )


def _words(host: HostDelay, delay: float) -> str:
    if not host.waits:
        return "what the host did meanwhile is unknown; the lower bound allows for anything"
    return (
        f"up to {delay * 1000:.1f} ms of a reply may be this host's, which {_WAITS} turns in a row "
        f"waited for a processor (99th percentile of {len(host.waits)} turns, by {host.source}); "
        "the lower bound allows for it"
    )


def _faults(asked: Sequence[Asked], measured: Measurement, plan: Plan) -> Iterator[Ruled]:
    """Requests without an answer; and, where the percentile is over the limit, the slow ones."""
    too_slow = measured.value is not None and measured.value >= _LIMIT_S
    for each in sorted(asked, key=lambda each: -each.replies[0].latency_s):
        (reply,) = each.replies
        fault = why_no_answer(reply, limit_s(each.case, plan)) or ""
        if too_slow and not fault and reply.latency_s >= _LIMIT_S:
            fault = f"took {reply.latency_s:.3f} s"
        if fault and not each.throttled:
            yield Ruled(each.case, event=True, fault=fault, reply=reply)
