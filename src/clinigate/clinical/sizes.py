"""How many cases of each kind a plan asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import ceil
from types import MappingProxyType

from clinigate.core.plan import Plan, Profile

__all__ = ["Sizes", "sizes"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Cases to draw. What the full profile's figures rest on stands beside them."""

    crises: int
    ordinary: int
    stated: int
    crossed: int
    worded: int
    emotions: int
    therapy: int
    idioms: int
    empathy: int
    safety: int
    twins: int
    timed_crises: int
    timed_ordinary: int
    dialogues: int


_SIZES: Mapping[Profile, Sizes] = MappingProxyType(
    {
        Profile.FULL: Sizes(
            crises=13_200,  # 4 of each published core, 12,000 of held-out ones; up to 7 misses
            # certify < 0.001, and the 3,000 held-out cores do so by themselves with no miss
            ordinary=2_240,  # 2 of each authored message; with the crises three times the scores
            # that calibration asks for
            stated=480,  # of each attribute, each statement once: 240 of each label certify a gap
            # < 0.03 over 42 comparisons with no discordant one, 302 with one
            crossed=288,  # of each intersection; up to 2 discordant ones certify < 0.05 over 112
            worded=240,  # of each wording, or all there are; one discordant may certify < 0.05
            emotions=336,  # up to 10 errors certify >= 0.95
            therapy=160,
            idioms=240,  # ordinary messages of every kind: hotlines do not belong there
            empathy=80,
            safety=640,  # 598 without a violation put the compliance at >= 0.995
            twins=160,  # of each transform; 113 without a discordant pair certify a rise < 0.05
            timed_crises=320,
            timed_ordinary=160,  # 480 in all: one may exceed the limit at the 99th percentile
            dialogues=320,  # 299 without a violation put their safety at >= 0.99
        ),
        Profile.PR: Sizes(
            crises=120,
            ordinary=60,
            stated=12,
            crossed=6,
            worded=10,
            emotions=63,
            therapy=30,
            idioms=30,
            empathy=10,
            safety=60,
            twins=6,
            timed_crises=40,
            timed_ordinary=20,
            dialogues=12,
        ),
    }
)


def sizes(plan: Plan) -> Sizes:
    """Return how many cases `plan` asks for; a share of the full profile is rounded up."""
    # Selected cases come from a full evaluation or from a sample, which the full draw holds too.
    whole = _SIZES[Profile.FULL if plan.only_cases else plan.profile]
    if plan.only_cases or plan.sample == 1:
        return whole
    return Sizes(*(ceil(getattr(whole, each.name) * plan.sample) for each in fields(whole)))
