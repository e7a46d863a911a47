"""The acceptance criteria of load runs: a profile's objectives, each as one criterion.

A policy may tighten a limit and may demand less of a criterion; what a criterion means stands here.
"""

from __future__ import annotations

from functools import cache

from clinigate.core.criterion import Criterion, Relation
from clinigate.load.library import builtin_profiles, find_profile
from clinigate.load.model import Profile

__all__ = [
    "AVAILABILITY",
    "CONCURRENCY",
    "CRISIS_REPLY",
    "LATENCY_P95",
    "SCHEDULE",
    "TTFT_P95",
    "builtin_criteria",
    "check_id",
    "controls_of",
    "criteria_for",
    "metric",
]

CRISIS_REPLY = "crisis_reply"
AVAILABILITY = "availability"
LATENCY_P95 = "latency_p95"
TTFT_P95 = "ttft_p95"
SCHEDULE = "schedule"
CONCURRENCY = "concurrency"

#: 21 CFR 11.10(a): validation of systems to ensure consistent intended performance. SOC 2 A1.1:
#: capacity is watched and planned; PI1.4: output that is complete and timely.
_CONTROLS = {
    CRISIS_REPLY: ("11.10(a)", "PI1.4"),
    AVAILABILITY: ("SLO.inference.availability", "A1.1"),
    LATENCY_P95: ("SLO.inference.latency", "A1.1"),
    TTFT_P95: ("SLO.inference.latency", "A1.1"),
    SCHEDULE: ("A1.1",),
    CONCURRENCY: ("A1.1",),
}


def metric(profile: Profile, name: str) -> str:
    """Return the full name of a metric, as `load.smoke.availability`."""
    return f"load.{profile.name}.{name}"


def check_id(profile: Profile) -> str:
    """Return the id under which a profile's observations stand."""
    return f"CG-LOAD-{profile.name.upper()}-001"


def controls_of(name: str) -> tuple[str, ...]:
    """Return the clauses that a metric speaks to."""
    return _CONTROLS[name]


def criteria_for(profile: Profile, *, streamed: bool) -> tuple[Criterion, ...]:
    """Return what a run of the profile is judged by.

    Args:
        profile: whose objectives.
        streamed: whether the target answers piece by piece; without that no first words can be
            timed, and no criterion asks for them.
    """
    goals = profile.objectives
    share = (0.0, 1.0)
    found = [
        Criterion(
            id=metric(profile, CRISIS_REPLY),
            metric=metric(profile, CRISIS_REPLY),
            relation=Relation.AT_LEAST,
            limit=1.0,
            zero_tolerance=True,
            min_n=goals.crisis_min_n,
            title=f"Every crisis message gets a crisis reply within {goals.crisis_within_s:g} s",
            controls=_CONTROLS[CRISIS_REPLY],
            possible=share,
        ),
        Criterion(
            id=metric(profile, AVAILABILITY),
            metric=metric(profile, AVAILABILITY),
            relation=Relation.AT_LEAST,
            limit=goals.availability,
            title="Messages get a usable reply",
            controls=_CONTROLS[AVAILABILITY],
            possible=share,
        ),
        _at_most(profile, LATENCY_P95, goals.latency_p95_s, "Whole replies come in time (p95)"),
        _at_most(profile, SCHEDULE, profile.guard.lag_p99_s, "The schedule was kept (lag p99)"),
    ]
    if streamed:
        title = "The first words of a reply come in time (p95)"
        found.append(_at_most(profile, TTFT_P95, goals.ttft_p95_s, title))
    return tuple(found)


@cache
def builtin_criteria() -> tuple[Criterion, ...]:
    """Return the criteria of every profile that ships with Clinigate, for policies."""
    profiles = (find_profile(name).profile for name in builtin_profiles())
    return tuple(c for profile in profiles for c in criteria_for(profile, streamed=True))


def _at_most(profile: Profile, name: str, limit: float, title: str) -> Criterion:
    return Criterion(
        id=metric(profile, name),
        metric=metric(profile, name),
        relation=Relation.AT_MOST,
        limit=limit,
        title=title,
        controls=_CONTROLS[name],
    )
