"""From what a run counted to Observations: measurements, gaps, faults, findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.load.capacity import Stage, extrapolation, proven_concurrency, stages_of
from clinigate.load.criteria import (
    AVAILABILITY,
    CONCURRENCY,
    CRISIS_REPLY,
    LATENCY_P95,
    SCHEDULE,
    TTFT_P95,
    check_id,
    controls_of,
    criteria_for,
    metric,
)
from clinigate.load.lighter import how_played, without_passing
from clinigate.load.model import Arrivals, Profile
from clinigate.load.orders import bin_length
from clinigate.load.script import Role, script_of
from clinigate.load.tally import Miss, Stratum, Tally
from clinigate.load.weighted import Strata, weighted_quantile, weighted_quantile_interval
from clinigate.measure.histogram import Histogram

__all__ = ["Played", "capacity_claims", "observations"]

_FINDINGS_SHOWN = 20
#: This profile shows that the road is open and claims no load: any part of it shows that too.
_ANY_LENGTH = "smoke"


@dataclass(frozen=True, slots=True)
class Played:
    """A run that was played.

    Attributes:
        profile: what was played. tally: what was counted.
        streamed: whether replies came piece by piece.
        workers: how many generated.
        confidence: one-sided, of the intervals that measurements carry.
        invalid: why it is no measurement; None where it is.
        evidence: digests of raw evidence that was recorded.
        written: the arrivals in the profile's file, where others were played.
    """

    profile: Profile
    tally: Tally
    streamed: bool
    workers: int
    confidence: float = 0.95
    invalid: str | None = None
    evidence: tuple[str, ...] = ()
    written: Arrivals | None = None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The run in a dozen stretches."""
        length = self.profile.arrivals.duration_s
        return stages_of(self.tally, bin_s=bin_length(length), duration_s=length)


def observations(played: Played) -> Iterator[Observation]:
    """Yield all that a run showed; of an invalid one its faults, and no measurement."""
    if not played.streamed:
        reason = "the target answers in one piece; a stream is needed to time its first words"
        yield _about(played, TTFT_P95, Gap(metric(played.profile, TTFT_P95), reason))
    if played.invalid is not None:
        for criterion in criteria_for(played.profile, streamed=played.streamed):
            yield Observation(
                check_id(played.profile),
                Fault(criterion.metric, played.invalid),
                controls=criterion.controls,
                evidence=played.evidence,
            )
    else:
        for name, measurement in _measurements(played):
            yield _about(played, name, _as_played(played, measurement))
    for miss in played.tally.misses[:_FINDINGS_SHOWN]:
        yield _about(played, CRISIS_REPLY, _miss_finding(played.profile, miss))
    if played.tally.errors:
        yield _about(played, AVAILABILITY, _error_finding(played))


def _as_played(played: Played, measurement: Measurement) -> Measurement:
    """Say of a measurement how the run differed from its profile, and what it cannot show then."""
    if played.written is None:
        return measurement
    told = how_played(played.profile.arrivals, played.written)
    measurement = replace(measurement, caveats=(*measurement.caveats, told.caveat))
    if not told.less or played.profile.name == _ANY_LENGTH:
        return measurement
    criteria = criteria_for(played.profile, streamed=played.streamed)
    return without_passing(measurement, criteria, why=told.caveat)


def _about(played: Played, name: str, about: Measurement | Gap | Finding) -> Observation:
    return Observation(
        check_id(played.profile),
        about,
        controls=controls_of(name),
        evidence=played.evidence,
    )


def _measurements(played: Played) -> Iterator[tuple[str, Measurement]]:
    profile, tally = played.profile, played.tally
    roles = script_of(profile).roles
    yield CRISIS_REPLY, _crisis_reply(profile, tally)
    yield AVAILABILITY, _availability(played, roles)
    latency = [(role, tally.stratum(role.name).latency) for role in roles]
    yield LATENCY_P95, _weighted(metric(profile, LATENCY_P95), latency, played.confidence)
    if played.streamed:
        first = [(role, tally.stratum(role.name).first) for role in roles]
        yield TTFT_P95, _weighted(metric(profile, TTFT_P95), first, played.confidence)
    yield SCHEDULE, _schedule(played)
    yield CONCURRENCY, _concurrency(played)


def _crisis_reply(profile: Profile, tally: Tally) -> Measurement:
    n = tally.crises
    answered = n - tally.missed
    caveats = [f"{kind}: {count}" for kind, count in sorted(tally.wrong.items())]
    slowest = tally.crisis_latency.max
    if slowest is not None:
        caveats.append(f"the slowest crisis reply took {slowest:.3g} s")
    return Measurement(
        metric=metric(profile, CRISIS_REPLY),
        kind=Kind.RATE,
        value=answered / n if n else None,
        n=n,
        events=answered,
        excluded=tally.undecided,
        caveats=tuple(caveats),
    )


def _availability(played: Played, roles: Sequence[Role]) -> Measurement:
    tally = played.tally
    strata = [(role, tally.stratum(role.name)) for role in roles]
    n, good = tally.sent, tally.sent - tally.failed
    objective, weighted = played.profile.objectives.availability, _weighted_share(strata)
    caveats = _mix_caveats(roles)
    hidden = None
    if weighted is not None:
        said = f"weighted back to life's mix the share is {weighted:.6g}"
        caveats = (*caveats, said)
        if weighted < objective <= good / n:
            hidden = f"{said}, below the objective of {objective:g} that the played mix keeps"
    return Measurement(
        metric=metric(played.profile, AVAILABILITY),
        kind=Kind.RATE,
        value=good / n if n else None,
        n=n,
        events=good,
        slices=tuple(_share_slice(role, stratum) for role, stratum in strata),
        caveats=caveats,
        unmeasurable=hidden,
    )


def _share_slice(role: Role, stratum: Stratum) -> SliceResult:
    good = stratum.sent - stratum.failed
    value = good / stratum.sent if stratum.sent else None
    return SliceResult(f"persona={role.name}", value, stratum.sent, events=good)


def _weighted_share(strata: Sequence[tuple[Role, Stratum]]) -> float | None:
    """The share of good replies in life's mix; None where that is the mix that was played."""
    total = sum(stratum.sent * role.weight for role, stratum in strata)
    if not total or all(role.weight == strata[0][0].weight for role, _ in strata):
        return None
    good = sum((stratum.sent - stratum.failed) * role.weight for role, stratum in strata)
    return good / total


def _mix_caveats(roles: Sequence[Role]) -> tuple[str, ...]:
    often = [role for role in roles if role.weight < 1 - 1e-9]
    return tuple(
        f"{role.name} was drawn {1 / role.weight:.3g} times as often as in life; counts and bound "
        "are of the mix that was played"
        for role in often
    )


def _weighted(name: str, parts: Sequence[tuple[Role, Histogram]], confidence: float) -> Measurement:
    """A p95 over personas, each counted as often as it comes in life."""
    strata: Strata = [(histogram, role.weight) for role, histogram in parts]
    n = sum(histogram.count for histogram, _ in strata)
    return Measurement(
        metric=name,
        kind=Kind.QUANTILE,
        value=weighted_quantile(strata, 0.95) if n else None,
        unit="s",
        n=n,
        interval=weighted_quantile_interval(strata, 0.95, confidence) if n else None,
        slices=tuple(
            SliceResult(f"persona={role.name}", histogram.quantile(0.95), histogram.count)
            for role, histogram in parts
        ),
        caveats=("from the intended moment of a message, also where it was sent late",),
    )


def _schedule(played: Played) -> Measurement:
    """The lag behind the schedule; every message was timed, so that nothing is left to chance.

    What the schedule amounted to stands beside it, where every reader of the verdicts sees it.
    """
    tally = played.tally
    lag = tally.lag.quantile(0.99)
    return Measurement(
        metric=metric(played.profile, SCHEDULE),
        kind=Kind.QUANTILE,
        value=lag,
        unit="s",
        n=tally.lag.count,
        interval=Interval(lag, lag, 1.0, "every message of the run was timed"),
        caveats=capacity_claims(played),
    )


def _concurrency(played: Played) -> Measurement:
    """The concurrency that was proven; no criterion judges it, and nobody reads more into it."""
    proven = proven_concurrency(played.stages)
    value = None if proven is None else proven[0]
    return Measurement(
        metric=metric(played.profile, CONCURRENCY),
        kind=Kind.MEAN,
        value=value,
        unit="conversations",
        n=len(played.stages) if value is not None else 0,
        caveats=capacity_claims(played),
    )


def capacity_claims(played: Played) -> tuple[str, str]:
    """Say what was proven, and what is an extrapolation from it."""
    proven = proven_concurrency(played.stages)
    said = "no conversation was under way when the generator looked"
    if proven is not None:
        value, stage = proven
        said = (
            f"proven: {value:.4g} conversations at once on average from {stage.begin_s:.4g} s to "
            f"{stage.end_s:.4g} s, with {stage.replies_per_s:.3g} replies a second, by "
            f"{played.workers} worker(s)"
        )
    return said, extrapolation(played.stages, played.tally)


def _miss_finding(profile: Profile, miss: Miss) -> Finding:
    return Finding(
        metric=metric(profile, CRISIS_REPLY),
        message=(
            f"a crisis message, due {miss.at_s:g} s into the run, got no crisis reply within "
            f"{profile.objectives.crisis_within_s:g} s ({miss.why}, after {miss.after_s:g} s)"
        ),
        where=f"persona={miss.persona}, state={miss.state}",
    )


def _error_finding(played: Played) -> Finding:
    errors = sorted(played.tally.errors.items(), key=lambda pair: (-pair[1], pair[0]))
    kinds = ", ".join(f"{kind} {count}" for kind, count in errors)
    return Finding(
        metric=metric(played.profile, AVAILABILITY),
        message=f"{played.tally.failed} of {played.tally.sent} messages got no reply: {kinds}",
    )
