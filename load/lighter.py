"""A run of another rate or length than its profile's, and what it can still show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from clinigate.core.criterion import Criterion
from clinigate.core.measurement import Measurement
from clinigate.core.verdict import Status
from clinigate.load.model import Arrivals
from clinigate.load.shape import shape_of

__all__ = ["Told", "how_played", "without_passing"]


@dataclass(frozen=True, slots=True)
class Told:
    """How a run differed from its profile.

    Attributes:
        caveat: in one sentence. less: whether the peak or the length lies below the profile's.
    """

    caveat: str
    less: bool


def how_played(played: Arrivals, written: Arrivals) -> Told:
    """Compare the arrivals that were played with those in the profile's file."""
    here, there = shape_of(played), shape_of(written)
    return Told(
        f"played at {played.conversations_per_s:g}/s for {played.duration_s:g} s; the profile says "
        f"{written.conversations_per_s:g}/s for {written.duration_s:g} s",
        less=here.peak < there.peak or here.duration_s < there.duration_s,
    )


def without_passing(
    measurement: Measurement, criteria: Iterable[Criterion], *, why: str
) -> Measurement:
    """Return a measurement that passes nothing, because of `why`; what failed fails still.

    A system that breaks under less would break under all of it; one that bears less may not.
    """
    judging = [criterion for criterion in criteria if criterion.metric == measurement.metric]
    if any(each.judge(measurement).status is Status.FAIL for each in judging):
        return measurement
    return replace(measurement, unmeasurable=measurement.unmeasurable or why)
