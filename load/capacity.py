"""How many conversations a run held at once, and what that would mean further up.

Proven is what was held: the highest mean of conversations under way over one stage, a twelfth of
the run. Everything beyond is an extrapolation by Little's law (Little 1961: L = lambda W) and says
so: it states what load a larger number of people would be, not whether the system bears it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from clinigate.load.tally import Tally
from clinigate.measure.histogram import Histogram

__all__ = ["PLATFORM_USERS", "Stage", "extrapolation", "proven_concurrency", "stages_of"]

#: What the platform is planned for: people in a conversation at the same time.
PLATFORM_USERS = 100_000
_STAGES = 12
#: Share of the conversations that must have ended within the run before it says how long they are.
_ENDED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of the run.

    Attributes:
        begin_s, end_s: of the run. arrivals_per_s, replies_per_s: rates.
        talking: conversations under way, on average; None where nobody looked.
        latency: of the replies.
    """

    begin_s: float
    end_s: float
    arrivals_per_s: float
    replies_per_s: float
    talking: float | None
    latency: Histogram


def stages_of(tally: Tally, *, bin_s: float, duration_s: float) -> tuple[Stage, ...]:
    """Cut a run into a dozen stages of equal length, or as many as there are bins."""
    bins = max(1, math.ceil(duration_s / bin_s))
    count = min(_STAGES, bins)
    edges = [round(number * bins / count) for number in range(count + 1)]
    return tuple(
        _stage(tally, range(first, last), bin_s) for first, last in itertools.pairwise(edges)
    )


def proven_concurrency(stages: Sequence[Stage]) -> tuple[float, Stage] | None:
    """Return the highest mean of conversations under way and its stage; None without any."""
    seen = [(stage.talking, stage) for stage in stages if stage.talking is not None]
    return max(seen, key=lambda pair: pair[0], default=None)


def extrapolation(stages: Sequence[Stage], tally: Tally, *, users: int = PLATFORM_USERS) -> str:
    """Say what `users` people at once would take, from what was measured.

    Little's law speaks of a system in which as many go as come: a run that most of its
    conversations outlived says nothing about how long people stay.
    """
    length = math.fsum(stage.end_s - stage.begin_s for stage in stages)
    began = math.fsum(s.arrivals_per_s * (s.end_s - s.begin_s) for s in stages)
    present = math.fsum((s.talking or 0.0) * (s.end_s - s.begin_s) for s in stages)
    replies = math.fsum(s.replies_per_s * (s.end_s - s.begin_s) for s in stages)
    if not began or not present or not length:
        return f"nothing was measured from which {users:,} users could be extrapolated"
    ended = sum(stratum.ended for stratum in tally.strata.values())
    if ended < _ENDED_SHARE * began:
        return (
            f"no extrapolation to {users:,} users: {ended} of {began:.0f} conversations ended "
            "within the run, too few to know how long people stay"
        )
    stay_s = present / began
    arrivals = users / stay_s
    cpu_s = math.fsum(signs.cpu_s for signs in tally.signs.values())
    return (
        f"extrapolation, not measured: by Little's law, {users:,} people at once who stay "
        f"{stay_s:.3g} s each are {_round(arrivals)} new conversations and "
        f"{_round(arrivals * replies / began)} messages a second; generating them would take about "
        f"{max(1, math.ceil(arrivals * cpu_s / began)):,} generator cores; whether the system "
        "bears it was not tried"
    )


def _round(number: float) -> str:
    """Three digits that mean something, with thousands set off."""
    return f"{float(f'{number:.3g}'):,g}" if number < 100 else f"{float(f'{number:.3g}'):,.0f}"


def _stage(tally: Tally, numbers: range, bin_s: float) -> Stage:
    latency = Histogram()
    held = [tally.bins[number] for number in numbers if number in tally.bins]
    for each in held:
        latency.merge(each.latency)
    length = len(numbers) * bin_s
    # Each worker ticks: with N of them a moment has N ticks, and its sum is over all of them.
    ticks = sum(each.ticks for each in held)
    workers = max(1, len(tally.signs))
    talking = sum(each.talking for each in held) / ticks * workers if ticks else None
    return Stage(
        begin_s=numbers.start * bin_s,
        end_s=numbers.stop * bin_s,
        arrivals_per_s=sum(each.arrived for each in held) / length,
        replies_per_s=sum(each.done for each in held) / length,
        talking=talking,
        latency=latency,
    )
