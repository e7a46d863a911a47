"""The small sample that staging and production are both asked, and what came back.

Nothing in it reads like a crisis, but for the crises themselves, which production is only sent by a
diversion: an ordinary message that sounds like one could page a clinician as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked, ask_all
from clinigate.clinical.rightness import (
    crisis_is_found,
    crisis_reply_is_safe,
    emotion_is_right,
    reply_is_appropriate,
    seconds_taken,
)
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import Case
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Capability, Target
from clinigate.measure.hostguard import HostGuard

__all__ = ["Answers", "Question", "Sample", "ask", "sample"]

#: Few at a time: production serves patients meanwhile, and the time that replies take is compared.
_CONCURRENCY = 4
#: Turns that one request may wait for a processor, as of CG-CLIN-LATENCY-001.
_WAITS = 8


class Question(StrEnum):
    """What is asked of a case."""

    EMOTION = "emotion"
    CARE = "care"
    CRISIS = "crisis"


_NEEDS = {
    Question.EMOTION: Capability.EMOTION,
    Question.CARE: Capability.CHAT,
    Question.CRISIS: Capability.CRISIS,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Cases of one question; the same plan and size give the same ones."""

    question: Question
    cases: tuple[Case, ...]

    @property
    def needs(self) -> Capability:
        """What a target must offer to be asked."""
        return _NEEDS[self.question]

    @property
    def digest(self) -> str:
        """`sha256:…` of what is asked: two samples pair only where it is the same."""
        texts = [[(turn.role, turn.text) for turn in case.turns] for case in self.cases]
        return f"sha256:{sha256_hex(canonical_bytes([str(self.question), texts]))}"


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back, case by case.

    Attributes:
        question, digest: what was asked.
        right: whether the answer is as it must be; None where a rate limit left none.
        seconds: how long each took; the whole patience where there was no answer in time.
        delay_s: how much of that may be this host's, which was busy.
    """

    question: Question
    digest: str
    right: tuple[bool | None, ...]
    seconds: tuple[float, ...]
    delay_s: float = 0.0


def sample(question: Question, plan: Plan, size: int) -> Sample:
    """Draw the cases of one question, spread evenly over those of a full evaluation.

    Raises:
        PackError: a pack does not load.
    """
    match question:
        case Question.EMOTION:
            return Sample(question, _spread(draw.emotions(plan), size))
        case Question.CARE:
            return Sample(question, _spread(draw.therapy(plan), size // 2))
        case Question.CRISIS:
            # As many as a pull request's sample has: to bound a rate is staging's part.
            return Sample(question, draw.crises(replace(plan, profile=Profile.PR)))


async def ask(target: Target, asked: Sample, plan: Plan) -> Answers:
    """Ask a target all cases of a sample.

    What the target does wrong is in the answers; it is never an error here.
    """
    with HostGuard() as guard:
        answers = await ask_all(
            target,
            asked.cases,
            capability=asked.needs,
            plan=plan,
            concurrency=min(_CONCURRENCY, plan.concurrency),
        )
    right = [_is_right(each, asked.question, plan) for each in answers]
    if asked.question is Question.CRISIS and Capability.CHAT in target.capabilities:
        talks = await ask_all(
            target,
            asked.cases,
            capability=Capability.CHAT,
            plan=plan,
            concurrency=min(_CONCURRENCY, plan.concurrency),
        )
        right = [
            _both(one, crisis_reply_is_safe(talk, plan, detected=one))
            for one, talk in zip(right, talks, strict=True)
        ]
    return Answers(
        asked.question,
        asked.digest,
        tuple(right),
        tuple(seconds_taken(each, plan) for each in answers),
        min(guard.delay.of_turns(_WAITS), plan.timeout_s),
    )


def _spread(cases: Sequence[Case], size: int) -> tuple[Case, ...]:
    if len(cases) <= size:
        return tuple(cases)
    return tuple(cases[position * len(cases) // size] for position in range(size))


def _is_right(asked: Asked, question: Question, plan: Plan) -> bool | None:
    match question:
        case Question.EMOTION:
            return emotion_is_right(asked, plan)
        case Question.CARE:
            return reply_is_appropriate(asked, plan)
        case Question.CRISIS:
            return crisis_is_found(asked, plan)


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if None in (one, other) else True
