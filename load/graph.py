"""What only shows in the whole of a profile: ways that lead nowhere, shares that do not add up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from clinigate.errors import ConfigError
from clinigate.load.model import Persona, Profile, State

__all__ = ["check_graph", "crisis_states", "reachable"]

_SUM_TOLERANCE = 1e-6


def check_graph(profile: Profile, *, file: str) -> None:
    """Refuse a profile whose conversations cannot be meant as written.

    Raises:
        ConfigError: one sentence that names file and field, and how to mend it.
    """
    trouble = next(_troubles(profile), None)
    if trouble is not None:
        raise ConfigError(f"{file}: {trouble}")


def reachable(states: Mapping[str, State], starts: Iterable[str]) -> frozenset[str]:
    """Return the states that a conversation which begins in one of `starts` can come to."""
    seen: set[str] = set()
    ahead = [start for start in starts if start in states]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += [branch.to for branch in states[name].next if branch.p != 0]
    return frozenset(seen)


def crisis_states(profile: Profile) -> frozenset[str]:
    """Return the states in which a crisis is disclosed."""
    return frozenset(name for name, state in profile.states.items() if state.crisis)


def _troubles(profile: Profile) -> Iterator[str]:
    yield from _persona_troubles(profile)
    for name, state in profile.states.items():
        yield from _branch_troubles(f"states.{name}", state, profile.states)
    yield from _way_troubles(profile)


def _persona_troubles(profile: Profile) -> Iterator[str]:
    names = [persona.name for persona in profile.personas]
    for name in names:
        if names.count(name) > 1:
            yield f"personas: {name!r} stands twice; rename one"
    total = math.fsum(persona.weight for persona in profile.personas)
    if abs(total - 1) > _SUM_TOLERANCE:
        yield f"personas: the weights add up to {total:g}; make them add up to 1"
    for persona in profile.personas:
        yield from _start_troubles(persona, profile.states)


def _start_troubles(persona: Persona, states: Mapping[str, State]) -> Iterator[str]:
    if persona.weight == 0:
        yield f"personas.{persona.name}.weight: is 0, so that it never comes; raise or drop it"
    if persona.start not in states:
        yield (
            f"personas.{persona.name}.start: there is no state {persona.start!r}; "
            f"{_known(persona.start, states)}"
        )


def _branch_troubles(place: str, state: State, states: Mapping[str, State]) -> Iterator[str]:
    for number, branch in enumerate(state.next):
        if branch.to not in states:
            yield (
                f"{place}.next.{number}.to: there is no state {branch.to!r}; "
                f"{_known(branch.to, states)}"
            )
    shares = [branch.p for branch in state.next if branch.p is not None]
    if state.next and not shares:
        yield f"{place}.next: no way on when no condition holds; add branches with p"
    total = math.fsum(shares)
    if shares and abs(total - 1) > _SUM_TOLERANCE:
        yield f"{place}.next: the probabilities add up to {total:g}; make them add up to 1"


def _way_troubles(profile: Profile) -> Iterator[str]:
    states = profile.states
    if not any(state.end for state in states.values()):
        yield "states: none ends the conversation; set end: true on one"
    seen = reachable(states, (persona.start for persona in profile.personas))
    for name in states:
        if name not in seen:
            yield f"states.{name}: no conversation comes here; lead a branch to it, or drop it"
    for name in states:
        if not any(states[each].end for each in reachable(states, (name,))):
            yield f"states.{name}: from here no end can be reached; lead a branch to one"


def _known(name: str, states: Mapping[str, State]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, states, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(states))}"
