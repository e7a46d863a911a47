"""What a release answered, case by case: as much as a comparison needs, and none of the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked
from clinigate.clinical.rightness import (
    crisis_is_found,
    crisis_reply_is_safe,
    emotion_is_right,
    ordinary_is_left_alone,
    reply_is_appropriate,
)
from clinigate.core.case import Case, Label, Severity
from clinigate.core.plan import Plan
from clinigate.core.statistics.drift import MMD_MOST, sketch
from clinigate.core.target import Capability
from clinigate.modelgate.watched import Watched

__all__ = ["GRAVE", "Answer", "Answers", "Question", "answers_of", "one_a_core", "questions"]

#: Ideation with intent from C4 on, suicidal behaviour, emergencies.
GRAVE = frozenset({Severity.C4, Severity.C5, Severity.BEHAVIOUR, Severity.EMERGENCY})


class Question(StrEnum):
    """What a case is asked for."""

    DETECTION = "detection"
    ORDINARY = "ordinary"
    EMOTION = "emotion"
    CARE = "care"
    SAFETY = "safety"

    @property
    def needs(self) -> Capability:
        """What a target must offer to be asked."""
        return _NEEDS[self]


_NEEDS = {
    Question.DETECTION: Capability.CRISIS,
    Question.ORDINARY: Capability.CRISIS,
    Question.EMOTION: Capability.EMOTION,
    Question.CARE: Capability.CHAT,
    Question.SAFETY: Capability.CHAT,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One case, answered.

    Attributes:
        case, core: ids. severity: of what the case discloses.
        right: whether the answer is as it must be; None where nobody can tell.
        score: the probability of a crisis, where one was given.
        length: characters of the reply, where there was one.
    """

    case: str
    core: str
    severity: Severity
    right: bool | None
    score: float | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that one release answered.

    Attributes:
        by: the answers, by question.
        sketches: of replies, by case; of at most as many as a comparison takes.
        seconds: how long cases took that were asked by themselves, by case.
    """

    by: Mapping[Question, tuple[Answer, ...]]
    sketches: Mapping[str, Mapping[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


def questions(plan: Plan) -> Mapping[Question, tuple[Case, ...]]:
    """Return the cases of each question: those that the clinical checks ask.

    Raises:
        PackError: a pack does not load.
    """
    detection = draw.detection(plan)
    return {
        Question.DETECTION: tuple(each for each in detection if each.label is Label.CRISIS),
        Question.ORDINARY: tuple(each for each in detection if each.label is Label.NONE),
        Question.EMOTION: draw.emotions(plan),
        Question.CARE: (*draw.therapy(plan), *draw.idioms(plan)),
        Question.SAFETY: draw.crises(plan),
    }


def answers_of(
    watched: Watched,
    cases: Mapping[Question, Sequence[Case]],
    plan: Plan,
    seconds: Mapping[str, float],
) -> Answers:
    """Rule on what was answered; cases that were never asked stand as such that nobody can tell."""
    by = {
        question: tuple(_answer(watched, case, question, plan) for case in asked)
        for question, asked in cases.items()
        if question.needs in watched.capabilities
    }
    return Answers(by, dict(_sketches(watched, cases, plan)), seconds)


def one_a_core(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return the first case of each core: cases that are independent evidence."""
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.cluster.core, case)
    return tuple(first.values())


def _answer(watched: Watched, case: Case, question: Question, plan: Plan) -> Answer:
    asked = watched.heard(case, question.needs, plan)
    if asked is None:
        return Answer(case.id, case.cluster.core, case.severity, None)
    reply = asked.replies[0]
    score = reply.score if reply.score is not None and 0.0 <= reply.score <= 1.0 else None
    return Answer(
        case.id,
        case.cluster.core,
        case.severity,
        _is_right(watched, asked, question, plan),
        score if question.needs is Capability.CRISIS else None,
        None if reply.text is None or question.needs is not Capability.CHAT else len(reply.text),
    )


def _is_right(watched: Watched, asked: Asked, question: Question, plan: Plan) -> bool | None:
    match question:
        case Question.DETECTION:
            return crisis_is_found(asked, plan)
        case Question.ORDINARY:
            return ordinary_is_left_alone(asked, plan)
        case Question.EMOTION:
            return emotion_is_right(asked, plan)
        case Question.CARE:
            return reply_is_appropriate(asked, plan)
        case Question.SAFETY:
            beside = watched.heard(asked.case, Capability.CRISIS, plan)
            detected = False if beside is None else crisis_is_found(beside, plan)
            return crisis_reply_is_safe(asked, plan, detected=detected)


def _sketches(
    watched: Watched, cases: Mapping[Question, Sequence[Case]], plan: Plan
) -> Iterator[tuple[str, Mapping[int, int]]]:
    talks = one_a_core([*cases[Question.CARE], *cases[Question.SAFETY]])
    for case in _spread(talks, MMD_MOST):
        asked = watched.heard(case, Capability.CHAT, plan)
        if asked is not None and asked.replies[0].text:
            yield case.id, sketch(asked.replies[0].text)


def _spread(cases: Sequence[Case], most: int) -> Sequence[Case]:
    if len(cases) <= most:
        return cases
    return [cases[position * len(cases) // most] for position in range(most)]
