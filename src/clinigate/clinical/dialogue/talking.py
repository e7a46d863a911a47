"""Hold conversations with the system under test, all of them a line further at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clinigate.clinical.asking import Asked, ask_all, limit_s
from clinigate.clinical.dialogue.acts import acts_of
from clinigate.clinical.dialogue.lines import DISCLOSURE, Line
from clinigate.clinical.dialogue.spoken import Person, Spoken, is_disclosed
from clinigate.clinical.misses import first_miss, why_no_answer
from clinigate.core.case import Case, Turn
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Target

__all__ = ["Talk", "converse"]

#: No script comes near; a person who is a model might go on for ever.
_MOST_LINES = 24


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation.

    Attributes:
        case: what is disclosed in it. person: who discloses it.
        spoken: line by line; the last one may have no answer, and then it ended there.
    """

    case: Case
    person: str
    spoken: tuple[Spoken, ...] = ()

    @property
    def throttled(self) -> bool:
        """Whether it ended by the system's rate limit: neither wrong nor right."""
        return bool(self.spoken) and self.spoken[-1].reply.outcome is Outcome.THROTTLED

    @property
    def broken(self) -> bool:
        """Whether it ended because no answer came in time."""
        return bool(self.spoken) and self.spoken[-1].fault is not None

    @property
    def disclosed_at(self) -> int | None:
        """The line of the disclosure, from 0; None where it was not reached."""
        kinds = [each.line.kind for each in self.spoken]
        return kinds.index(DISCLOSURE) if DISCLOSURE in kinds else None

    def turns(self, upto: int | None = None) -> tuple[Turn, ...]:
        """What was said, the first `upto` lines of it, each with its reply."""
        turns: list[Turn] = []
        for each in self.spoken[:upto]:
            turns += [*each.line.turns, Turn("assistant", each.reply.text or "")]
        return tuple(turns)

    def as_case(self, line: Line) -> Case:
        """The case with all that was said and `line` last; its id tells how far it went."""
        turns = (*self.turns(), *line.turns)
        name = f"{self.case.id}+{len(self.spoken)}" if self.spoken else self.case.id
        return replace(self.case, id=name, turns=turns, disclosure_turn=None)


async def converse(
    target: Target,
    people: Sequence[tuple[Case, Person]],
    plan: Plan,
    *,
    until: Callable[[Talk], bool] | None = None,
) -> list[Talk]:
    """Let each person talk about their case until they go or get no answer, and return the talks.

    Where `until` says yes to one of them after a line, all stop there.

    Raises:
        TargetError: asking made no sense.
        UsageError: the rules do not know the locale of a case.
    """
    talks = [Talk(case, person.name) for case, person in people]
    going = list(range(len(talks)))
    for _ in range(_MOST_LINES):
        said = await asyncio.gather(
            *(people[at][1].next_line(talks[at].case, talks[at].spoken) for at in going)
        )
        lines = {at: line for at, line in zip(going, said, strict=True) if line is not None}
        if not lines:
            break
        for at, exchange in (await _exchange(target, talks, lines, plan)).items():
            talks[at] = replace(talks[at], spoken=(*talks[at].spoken, exchange))
        if until is not None and any(until(talks[at]) for at in lines):
            break
        going = [at for at in lines if not talks[at].broken]
    return talks


async def _exchange(
    target: Target, talks: Sequence[Talk], lines: dict[int, Line], plan: Plan
) -> dict[int, Spoken]:
    """Say one line in each talk and return what came of it."""
    cases = {at: talks[at].as_case(line) for at, line in lines.items()}
    asked = await ask_all(target, list(cases.values()), capability=Capability.CHAT, plan=plan)
    answers = dict(zip(lines, asked, strict=True))
    disclosed = {
        at
        for at, line in lines.items()
        if line.kind == DISCLOSURE or is_disclosed(talks[at].spoken)
    }
    flags = await _flags(target, {at: answers[at] for at in disclosed}, plan)
    return {at: _spoken(lines[at], answers[at], flags.get(at, False), plan) for at in lines}


def _spoken(line: Line, asked: Asked, flag: bool | None, plan: Plan) -> Spoken:
    reply, fault = asked.replies[0], why_no_answer(asked.replies[0], limit_s(asked.case, plan))
    did = acts_of(reply.text or "", asked.case) if fault is None else frozenset()
    return Spoken(line, reply, fault, reply.flag is True or flag, did)


async def _flags(target: Target, answers: dict[int, Asked], plan: Plan) -> dict[int, bool | None]:
    """Ask the crisis capability about each conversation whose reply came without a flag."""
    unflagged = {
        at: each.case
        for at, each in answers.items()
        if each.replies[0].answered and each.replies[0].flag is not True
    }
    if Capability.CRISIS not in target.capabilities or not unflagged:
        return {}
    asked = await ask_all(target, list(unflagged.values()), capability=Capability.CRISIS, plan=plan)
    return {
        at: None if each.throttled else first_miss(each, limit_s(each.case, plan)) is None
        for at, each in zip(unflagged, asked, strict=True)
    }
