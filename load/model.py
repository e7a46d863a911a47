"""What a load profile says: arrivals, personas, and the graph of their conversations.

One YAML file a profile. These models check each field by itself; `clinigate.load.graph` checks
what only shows in the whole (ways that lead nowhere, shares that do not add up).
"""

from __future__ import annotations

import itertools
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Arrivals",
    "Branch",
    "Curve",
    "Expectation",
    "GuardLimits",
    "Objectives",
    "Pattern",
    "Persona",
    "Profile",
    "Source",
    "State",
    "Surge",
    "Think",
    "When",
]

PROFILE_SCHEMA = "clinigate.load-profile/1"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error}); mend it") from None
    return text


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_check_pattern)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]


class Source(_Table):
    """Where a parameter comes from."""

    parameter: str = Field(min_length=1, description="the field, as arrivals.surge.factor")
    value: str = Field(min_length=1, description="what was found there")
    source: str = Field(min_length=1, description="who says so; 'chosen' and why, where nobody")


class Curve(_Table):
    """How the rate changes over the run: factors at points, straight lines between them.

    The first point is the run's beginning and the last one its end, however long the run is: a
    day of 24 h can be played in ten minutes.
    """

    unit: str = Field(default="h", description="what the points count, for the reader")
    points: list[tuple[float, Annotated[float, Field(ge=0, le=1000)]]] = Field(
        min_length=2, description="pairs of place and factor on conversations_per_s"
    )

    @model_validator(mode="after")
    def _ascends(self) -> Curve:
        places = [place for place, _ in self.points]
        if any(later <= earlier for earlier, later in itertools.pairwise(places)):
            raise ValueError("points must lie in ascending order, each place once; sort them")
        if not any(factor > 0 for _, factor in self.points):
            raise ValueError("every factor is 0, so that nobody ever comes; raise one")
        return self


class Surge(_Table):
    """A stretch of the run in which many more come."""

    begin: Share = Field(description="where it begins, as a share of the run")
    end: Share = Field(description="where it ends, as a share of the run")
    factor: float = Field(gt=1, le=1000, description="times the rate that there is without it")

    @model_validator(mode="after")
    def _has_length(self) -> Surge:
        if not self.begin < self.end:
            raise ValueError(
                f"begins at {self.begin:g} and ends at {self.end:g}; wanted begin below end"
            )
        return self


class Arrivals(_Table):
    """How conversations begin: by the clock, whatever the system does (an open model)."""

    conversations_per_s: float = Field(gt=0, le=100_000, description="rate at factor 1")
    duration_s: float = Field(gt=0, le=604_800, description="how long new ones begin")
    burstiness: float = Field(
        default=1.0,
        ge=1.0,
        le=10.0,
        description="coefficient of variation of the gaps: 1 is Poisson, above 1 gamma",
    )
    curve: Curve | None = None
    surge: Surge | None = None


class Think(_Table):
    """What a person needs from a reply to the next message: reading, a pause, typing."""

    reading_wpm: float = Field(default=238.0, gt=0, description="words read in a minute")
    pause_median_s: float = Field(default=8.0, ge=0, description="median of the log-normal pause")
    pause_sigma: float = Field(default=0.8, ge=0, le=3, description="sigma of its logarithm")
    typing_wpm: float = Field(
        default=36.2, gt=0, description="words typed in a minute, five characters each"
    )
    scale: float = Field(
        default=1.0, ge=0, le=10, description="all of it times this; below 1 the run is denser"
    )


class Persona(_Table):
    """One kind of person."""

    name: Name
    weight: Share = Field(description="share of all conversations in life; they add up to 1")
    oversample: float = Field(
        default=1.0,
        ge=1.0,
        le=1e6,
        description="how much more often than in life it is drawn; statistics weigh it back",
    )
    start: str = Field(min_length=1, description="the state in which its conversations begin")
    max_turns: int = Field(default=60, ge=1, le=100, description="messages after which it leaves")
    think: Think | None = Field(default=None, description="its own times, where they differ")


class When(_Table):
    """A condition on the reply; all that is given must hold."""

    flag: bool | None = Field(default=None, description="what the crisis flag says")
    matches: Pattern | None = Field(default=None, description="regular expression in its text")
    failed: bool | None = Field(default=None, description="whether there was no usable reply")

    @model_validator(mode="after")
    def _asks_something(self) -> When:
        if self.flag is None and self.matches is None and self.failed is None:
            raise ValueError("is empty; give flag, matches or failed")
        return self


class Branch(_Table):
    """One way on: with a condition, or with a probability among those without one."""

    to: str = Field(min_length=1, description="the next state")
    p: Share | None = None
    when: When | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Branch:
        if (self.p is None) == (self.when is None):
            raise ValueError("give exactly one of p and when")
        return self


class Expectation(_Table):
    """What the reply to a crisis message must show; each sign that is asked for."""

    flag: bool = Field(
        default=True, description="the crisis flag must be true, where the target gives one"
    )
    any_of: list[Pattern] = Field(
        default=[], description="regular expressions of which one must be found in the text"
    )

    @model_validator(mode="after")
    def _asks_something(self) -> Expectation:
        if not self.flag and not self.any_of:
            raise ValueError("asks for nothing; set flag = true or give any_of")
        return self


class SayFrom(_Table):
    """Messages out of a built-in scenario pack: those that take a single turn."""

    pack: str = Field(description="name of the pack, as crisis-en")
    families: list[str] = Field(default=[], description="only these families; empty is all")


class State(_Table):
    """One step of a conversation: something is said, the reply is read, a way is taken."""

    say: list[Text] = Field(default=[], description="one of these is said")
    say_from: SayFrom | None = Field(default=None, description="or one out of a scenario pack")
    crisis: bool = Field(default=False, description="what is said discloses a crisis")
    expect: Expectation | None = Field(default=None, description="of the reply; crisis states only")
    next: list[Branch] = Field(default=[], description="where it goes on")
    end: bool = Field(default=False, description="the conversation ends after the reply")

    @model_validator(mode="after")
    def _whole(self) -> State:
        if bool(self.say) == (self.say_from is not None):
            raise ValueError("says nothing or says it twice; give exactly one of say and say_from")
        if self.end == bool(self.next):
            raise ValueError("give either next, or end: true")
        if self.expect is not None and not self.crisis:
            raise ValueError("has expect without crisis: true; set it, or drop expect")
        return self

    @property
    def expected(self) -> Expectation:
        """What the reply must show where the state says nothing of its own."""
        return self.expect or Expectation()


class Objectives(_Table):
    """What the system must keep under this load."""

    crisis_within_s: float = Field(
        default=30.0, gt=0, le=600, description="a crisis message is answered within this"
    )
    crisis_min_n: int = Field(
        default=299, ge=1, description="crisis messages a pass needs; 299 prove 99 % at 95 %"
    )
    availability: float = Field(default=0.999, gt=0, lt=1, description="share of good replies")
    latency_p95_s: float = Field(default=10.0, gt=0, description="whole reply, p95")
    ttft_p95_s: float = Field(default=1.0, gt=0, description="first words of a stream, p95")


class GuardLimits(_Table):
    """How far the generator itself may fall behind before its run is no measurement."""

    lag_p99_s: float = Field(default=0.1, gt=0, description="p99 of the lag behind the schedule")
    cpu_share: float = Field(default=0.9, gt=0, le=1, description="of a core, by one worker")
    run_delay_share: float = Field(
        default=0.2, gt=0, le=1, description="of the time, waiting for a processor"
    )


class Profile(_Table):
    """One load profile."""

    schema_: Literal["clinigate.load-profile/1"] = Field(alias="schema")
    name: Name
    title: str = Field(min_length=1, max_length=120)
    about: str = Field(default="", description="what it stands for, and what not")
    sources: list[Source] = Field(default=[], description="where the parameters come from")
    timeout_s: float = Field(default=60.0, gt=0, le=600, description="limit of one reply")
    arrivals: Arrivals
    think: Think = Think()
    personas: list[Persona] = Field(min_length=1)
    states: dict[str, State] = Field(min_length=1)
    objectives: Objectives = Objectives()
    guard: GuardLimits = GuardLimits()

    @model_validator(mode="after")
    def _crises_can_be_answered(self) -> Profile:
        if self.timeout_s < self.objectives.crisis_within_s:
            raise ValueError(
                f"timeout_s is {self.timeout_s:g}, below objectives.crisis_within_s "
                f"({self.objectives.crisis_within_s:g}); raise it"
            )
        return self

    @model_validator(mode="after")
    def _timeouts_break_the_limits(self) -> Profile:
        longest = max(self.objectives.latency_p95_s, self.objectives.ttft_p95_s)
        if self.timeout_s <= longest:
            raise ValueError(
                f"timeout_s is {self.timeout_s:g}, not above objectives.latency_p95_s and "
                f"ttft_p95_s (at most {longest:g}), so that a message that timed out would keep "
                "them; raise it"
            )
        return self

    def think_of(self, persona: Persona) -> Think:
        """Return the times of a persona: its own, else the profile's."""
        return persona.think or self.think
