"""The figures of delivery, with bounds: what the deployments show, and how many a claim needs.

The four keys of DORA and the success of deployments, each defined here once. A rate has exact
bounds. Of times the median counts, bounded by order alone; the mean of times that include one long
weekend says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from clinigate.core.criterion import Criterion
from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.statistics import quantile_bounds, quantile_need_n
from clinigate.core.verdict import Status, Verdict
from clinigate.delivery.deployments import Deployment, Ended
from clinigate.quality.criteria import (
    CHANGE_FAILURE_RATE,
    DEPLOYMENT_FREQUENCY,
    DEPLOYMENT_SUCCESS,
    LEAD_TIME,
    RECOVERY_TIME,
    criterion,
)

__all__ = ["FIGURES", "Figure", "figures", "measurements"]

#: In the order in which they are shown.
FIGURES = (
    DEPLOYMENT_SUCCESS,
    CHANGE_FAILURE_RATE,
    DEPLOYMENT_FREQUENCY,
    LEAD_TIME,
    RECOVERY_TIME,
)
_METHOD = "order statistics of the median"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure and what it is worth.

    Attributes:
        needed: how many deployments (times) would settle it, if the next ones go well; None where
            it is settled, or where no number would.
    """

    criterion: Criterion
    measurement: Measurement
    verdict: Verdict
    needed: int | None


def figures(
    deployments: Sequence[Deployment],
    *,
    now: datetime,
    criteria: Sequence[Criterion] | None = None,
) -> tuple[Figure, ...]:
    """Judge what the deployments show.

    Args:
        deployments: oldest first.
        now: what has not ended yet lasts until then.
        criteria: at a policy's limits; by default as Clinigate ships them.
    """
    at_policy = {each.metric: each for each in criteria or map(criterion, FIGURES)}
    confidence = max(each.confidence for each in at_policy.values())
    measured = measurements(deployments, now=now, confidence=confidence)
    return tuple(_figure(at_policy[each.metric], each) for each in measured)


def measurements(
    deployments: Sequence[Deployment], *, now: datetime, confidence: float
) -> tuple[Measurement, ...]:
    """Return the five measurements, in the order of `FIGURES`."""
    return (
        _success(deployments),
        _change_failures(deployments),
        _median(DEPLOYMENT_FREQUENCY, _gaps(deployments, now), confidence=confidence),
        _median(LEAD_TIME, *_lead_times(deployments), confidence=confidence),
        _median(RECOVERY_TIME, *_recoveries(deployments, now), confidence=confidence),
    )


def _success(deployments: Sequence[Deployment]) -> Measurement:
    """Of all deployments that were tried, those that got the traffic and kept it."""
    tried = [each for each in deployments if each.ended is not Ended.DEGRADED]
    good = sum(each.ended is Ended.SUCCEEDED for each in tried)
    return _rate(DEPLOYMENT_SUCCESS, good, len(tried))


def _change_failures(deployments: Sequence[Deployment]) -> Measurement:
    """Of all that got traffic, those that were taken back, or said to be degraded later.

    A degraded one of which nobody told the deployment is one more that could not be looked at.
    """
    reached = [each for each in deployments if each.ended in (Ended.SUCCEEDED, Ended.ROLLED_BACK)]
    bad = {each for each in reached if each.ended is Ended.ROLLED_BACK}
    unknown = 0
    for word in deployments:
        if word.ended is Ended.DEGRADED:
            meant = [each for each in reached if each.at <= _begin(word) and _same(each, word)]
            bad.update(meant[-1:])
            unknown += not meant
    said = f"{unknown} degraded of which no deployment is known; give the commit that was deployed"
    return _rate(
        CHANGE_FAILURE_RATE,
        len(bad),
        len(reached),
        excluded=unknown,
        caveats=(said,) if unknown else (),
    )


def _begin(degraded: Deployment) -> datetime:
    return degraded.since or degraded.at


def _same(one: Deployment, other: Deployment) -> bool:
    """Whether they are of one commit; people write fewer digits of it than pipelines."""
    short, long = sorted((one.commit, other.commit), key=len)
    return long.startswith(short)


def _gaps(deployments: Sequence[Deployment], now: datetime) -> list[float]:
    """Times between two that succeeded; the one that is still open counts once it is over a day."""
    times = [each.at for each in deployments if each.ended is Ended.SUCCEEDED]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    if times and now - times[-1] > timedelta(days=1):
        gaps.append((now - times[-1]).total_seconds())
    return gaps


def _lead_times(deployments: Sequence[Deployment]) -> tuple[list[float], int]:
    """From the commit to production; and of how many nobody told when they were committed."""
    good = [each for each in deployments if each.ended is Ended.SUCCEEDED]
    told = [
        (each.at - each.committed_at).total_seconds()
        for each in good
        if each.committed_at is not None
    ]
    return told, len(good) - len(told)


def _recoveries(deployments: Sequence[Deployment], now: datetime) -> tuple[list[float], int]:
    """From when patients were worse off until they were not; one still open lasts until now."""
    times: list[float] = []
    untold = 0
    for each in deployments:
        if each.ended is Ended.ROLLED_BACK:
            if each.since is None:
                untold += 1
            else:
                times.append((each.at - each.since).total_seconds())
        elif each.ended is Ended.DEGRADED:
            begin = _begin(each)
            repairs = (other.at for other in deployments if _repairs(other, each))
            times.append((next(repairs, max(now, begin)) - begin).total_seconds())
    return times, untold


def _repairs(deployment: Deployment, degraded: Deployment) -> bool:
    """Whether patients are better off by it.

    Another one that succeeded, or the degraded one itself taken back; an attempt that was taken
    back leaves what runs as bad as it was.
    """
    if deployment.at <= _begin(degraded):
        return False
    taken_back = deployment.ended is Ended.ROLLED_BACK and _same(deployment, degraded)
    return taken_back or deployment.ended is Ended.SUCCEEDED


def _rate(
    metric: str, events: int, n: int, *, excluded: int = 0, caveats: tuple[str, ...] = ()
) -> Measurement:
    return Measurement(
        metric,
        Kind.RATE,
        events / n if n else None,
        n,
        events=events,
        excluded=excluded,
        caveats=caveats,
    )


def _median(
    metric: str, seconds: list[float], untold: int = 0, *, confidence: float
) -> Measurement:
    caveats = (f"of {untold} more nobody told the time",) if untold else ()
    if not seconds:
        return Measurement(metric, Kind.QUANTILE, None, 0, unit="s", caveats=caveats)
    value, low, high = quantile_bounds(sorted(seconds), 0.5, confidence)
    return Measurement(
        metric,
        Kind.QUANTILE,
        value,
        len(seconds),
        unit="s",
        interval=Interval(low, high, confidence, _METHOD),
        caveats=caveats,
    )


def _figure(at_policy: Criterion, measured: Measurement) -> Figure:
    verdict = at_policy.judge(measured)
    needed = None
    if verdict.status is Status.INCONCLUSIVE:
        needed = verdict.need_n
        if needed is None and measured.kind is Kind.QUANTILE:
            needed = max(measured.n + 1, quantile_need_n(0.5, at_policy.confidence))
    return Figure(at_policy, measured, verdict, needed)
