"""A profile made ready to be played: who comes, what is said, where a reply leads.

Pure: the random source is passed in, nothing here knows a clock or a network.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clinigate.core.case import Label, Turn
from clinigate.errors import ConfigError
from clinigate.load.model import Branch, Persona, Profile, SayFrom, State, Think
from clinigate.scenarios import builtin_packs, load_builtin

__all__ = ["Conversation", "Heard", "Role", "Script", "Step", "Way", "script_of"]

#: Characters of a word when typing speed is given in words a minute.
_CHARACTERS_A_WORD = 5.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply as the person takes it in.

    Attributes:
        failed: why there was no usable reply; None where there was one.
        text: its words. flag: the system's crisis flag, None where it gives none.
    """

    failed: str | None
    text: str = ""
    flag: bool | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """A way on that holds under a condition; None in a part asks nothing of it."""

    to: str
    flag: bool | None
    matches: re.Pattern[str] | None
    failed: bool | None

    def holds(self, heard: Heard) -> bool:
        """Whether the reply fulfils every part of the condition."""
        if (self.failed or False) != (heard.failed is not None):
            return False
        if self.flag is not None and heard.flag is not self.flag:
            return False
        return self.matches is None or self.matches.search(heard.text) is not None


@dataclass(frozen=True, slots=True)
class Step:
    """A state, ready to be played.

    Attributes:
        conditional: ways that are tried first, in order.
        to, cumulative: the other ways and their cumulative probabilities.
        asks_flag, patterns: signs of a crisis reply: the flag, and one of the patterns.
    """

    name: str
    says: tuple[str, ...]
    crisis: bool
    end: bool
    conditional: tuple[Way, ...]
    to: tuple[str, ...]
    cumulative: tuple[float, ...]
    asks_flag: bool
    patterns: tuple[re.Pattern[str], ...]

    def is_crisis_reply(self, heard: Heard, *, flags: bool) -> bool:
        """Whether a reply shows that the crisis was seen: every sign that is asked for.

        Args:
            heard: the reply.
            flags: whether the target gives a flag; a reply without it shows nothing then. One that
                gives none at all is held to the patterns alone; `check_playable` sees to it that
                there are some.
        """
        if heard.failed is not None:
            return False
        if self.asks_flag and heard.flag is not True and (flags or not self.patterns):
            return False
        if not self.patterns:
            return True
        return any(pattern.search(heard.text) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Role:
    """A persona, ready to be played.

    Attributes:
        drawn: its share of the conversations that are played.
        weight: what each of them counts in statistics of life: share in life over share drawn.
    """

    name: str
    start: str
    max_turns: int
    think: Think
    drawn: float
    weight: float


@dataclass(frozen=True, slots=True)
class Script:
    """All of a profile that conversations need."""

    steps: Mapping[str, Step]
    roles: tuple[Role, ...]

    def cast(self, rng: random.Random) -> Role:
        """Draw who comes next."""
        draw = rng.random()
        for role in self.roles:
            draw -= role.drawn
            if draw < 0:
                return role
        return self.roles[-1]


def script_of(profile: Profile) -> Script:
    """Make a checked profile ready.

    Raises:
        ConfigError: a state says what no pack holds.
    """
    total = math.fsum(persona.weight * persona.oversample for persona in profile.personas)
    return Script(
        steps={name: _step(name, state) for name, state in profile.states.items()},
        roles=tuple(_role(profile, persona, total) for persona in profile.personas),
    )


@dataclass(slots=True)
class Conversation:
    """One person talking with the system: turn by turn, until it ends."""

    script: Script
    role: Role
    rng: random.Random
    turns: list[Turn] = field(default_factory=list)
    step: Step = field(init=False)
    said: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.step = self.script.steps[self.role.start]

    def say(self) -> str:
        """Say something of the current step; it is part of the conversation from now on."""
        text = self.rng.choice(self.step.says)
        self.turns.append(Turn("user", text))
        self.said += 1
        return text

    def hear(self, heard: Heard) -> bool:
        """Take in the reply and move on; return whether the person says more.

        Who gets no reply leaves, unless a way is written for it. The unanswered message stays in
        the conversation then, as it would on a screen.
        """
        if heard.failed is None:
            self.turns.append(Turn("assistant", heard.text))
        following = self._following(heard)
        if following is None or self.said >= self.role.max_turns:
            return False
        self.step = self.script.steps[following]
        return True

    def think_s(self, heard: Heard, message: str) -> float:
        """Seconds from a reply to the next message: reading, a log-normal pause, typing."""
        think = self.role.think
        reading = len(heard.text.split()) * 60.0 / think.reading_wpm
        pause = think.pause_median_s * math.exp(self.rng.gauss(0.0, think.pause_sigma))
        typing = len(message) / _CHARACTERS_A_WORD * 60.0 / think.typing_wpm
        return think.scale * (reading + pause + typing)

    def _following(self, heard: Heard) -> str | None:
        if self.step.end:
            return None
        for way in self.step.conditional:
            if way.holds(heard):
                return way.to
        if heard.failed is not None:
            return None
        draw = self.rng.random()
        for to, upto in zip(self.step.to, self.step.cumulative, strict=True):
            if draw < upto:
                return to
        return self.step.to[-1]


def _role(profile: Profile, persona: Persona, total: float) -> Role:
    drawn = persona.weight * persona.oversample / total
    return Role(
        name=persona.name,
        start=persona.start,
        max_turns=persona.max_turns,
        think=profile.think_of(persona),
        drawn=drawn,
        weight=persona.weight / drawn,
    )


def _step(name: str, state: State) -> Step:
    shares = [branch for branch in state.next if branch.p]
    cumulative: list[float] = []
    for branch in shares:
        cumulative.append((cumulative[-1] if cumulative else 0.0) + (branch.p or 0.0))
    expected = state.expected
    return Step(
        name=name,
        says=tuple(state.say) or _says(name, state.say_from),
        crisis=state.crisis,
        end=state.end,
        conditional=tuple(_way(branch) for branch in state.next if branch.when is not None),
        to=tuple(branch.to for branch in shares),
        cumulative=tuple(cumulative),
        asks_flag=expected.flag,
        patterns=tuple(re.compile(text, re.IGNORECASE) for text in expected.any_of),
    )


def _way(branch: Branch) -> Way:
    when = branch.when
    assert when is not None
    matches = None if when.matches is None else re.compile(when.matches, re.IGNORECASE)
    return Way(branch.to, when.flag, matches, when.failed)


def _says(name: str, source: SayFrom | None) -> tuple[str, ...]:
    """The single-turn messages of a pack; of a crisis pack those that are one beyond doubt."""
    assert source is not None
    if source.pack not in builtin_packs():
        raise ConfigError(
            f"states.{name}.say_from.pack: there is no pack {source.pack!r}; "
            f"there are {', '.join(builtin_packs())}"
        )
    found: Sequence[str] = [
        core.text
        for archetype, core in load_builtin(source.pack).cores()
        if len(core.turns) == 1
        and archetype.label != Label.AMBIGUOUS
        and (not source.families or archetype.family in source.families)
    ]
    if not found:
        raise ConfigError(
            f"states.{name}.say_from: pack {source.pack} has no message of "
            f"{', '.join(source.families)}; mend families"
        )
    return tuple(found)
