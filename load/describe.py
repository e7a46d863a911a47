"""A profile in words, for `clinigate load show`."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.load.criteria import criteria_for
from clinigate.load.library import LoadedProfile
from clinigate.load.script import script_of
from clinigate.load.shape import shape_of

__all__ = ["described"]


def described(loaded: LoadedProfile) -> str:
    """Return a profile's people, course, objectives and sources, as lines for a terminal.

    Raises:
        ConfigError: it says what no pack holds.
    """
    return "\n".join(_lines(loaded))


def _lines(loaded: LoadedProfile) -> Iterator[str]:
    profile = loaded.profile
    shape, script = shape_of(profile.arrivals), script_of(profile)
    yield f"{profile.name}: {profile.title}"
    yield f"{loaded.source}, {loaded.digest}"
    if profile.about:
        yield ""
        yield " ".join(profile.about.split())
    yield ""
    yield (
        f"course      {shape.duration_s:g} s, {profile.arrivals.conversations_per_s:g} new "
        f"conversations a second at factor 1, at most {shape.peak:g}, about "
        f"{shape.expected:,.0f} in all"
    )
    if profile.arrivals.curve is not None:
        curve = profile.arrivals.curve
        points = ", ".join(f"{place:g} {curve.unit}: {factor:g}" for place, factor in curve.points)
        yield f"            factors at {points}"
    if shape.surge is not None:
        begin, end, factor = shape.surge
        yield f"            surge of {factor:g} times from {begin:g} s to {end:g} s"
    for role in script.roles:
        yield (
            f"persona     {role.name}: {role.drawn * role.weight:.3g} of all in life, "
            f"{role.drawn:.3g} of those played, begins in {role.start}"
        )
    crises = ", ".join(name for name, step in script.steps.items() if step.crisis) or "none"
    yield f"states      {', '.join(script.steps)}; with a crisis: {crises}"
    for criterion in criteria_for(profile, streamed=True):
        asks = f"{criterion.id} {criterion.relation} {criterion.limit:g}"
        yield f"criterion   {asks}: {criterion.title}"
    for source in profile.sources:
        yield f"source      {source.parameter}: {source.value}; {source.source}"
