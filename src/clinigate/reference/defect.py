"""What a defect is: one fault that the service can be started with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clinigate.core.case import Turn
from clinigate.reference.engine.reading import Assessment, EmotionReading
from clinigate.reference.instruments import Scoring

__all__ = ["CLEAN", "Defect", "Keeping", "Spill"]


class Keeping(StrEnum):
    """How a conversation lies in the store: `SEALED` hides it and shows what was altered."""

    SEALED = "sealed"
    MARKED = "marked"
    HIDDEN = "hidden"


class Spill(StrEnum):
    """Where what a patient said or is called gets to, and has no business being."""

    LOG_FIELD = "log-field"
    ERROR_REPORT = "error-report"
    URL = "url"
    METRICS = "metrics"
    CACHE = "cache"
    OTHER_REPLY = "other-reply"
    PROMPT = "prompt"
    BACKUP = "backup"
    DEBUG = "debug"
    ACCESS_LOG = "access-log"
    SPAN = "span"
    ERROR_PAGE = "error-page"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Defect:
    """One fault that can be switched on.

    Attributes:
        name: as on the command line. summary: what goes wrong, in one sentence.
        metrics: the metrics that must show it; all others must stay as they are.
        detect: what becomes of an assessment asked for by itself.
        drift: what becomes of the n-th assessment asked for by itself, counted from 1.
        detect_in_chat: what becomes of an assessment that comes with a chat reply.
        escalates: whether a crisis in chat raises its events.
        reply: what becomes of the words of a chat reply.
        emotion: what becomes of a reading of the emotion.
        scored: what becomes of the score of a questionnaire, by its name.
        delay_s: seconds to wait before answering the n-th request, counted from 1.
        logged: what the log tells of a conversation, by the name of the field.
        unaudited: actions that leave no audit line. unscoped: scopes that nobody has to have.
        records: how conversations lie in the store. old_tls: whether TLS 1.1 is still spoken.
        immortal_tokens: whether tokens outlive their time. asks_consent: whether it is needed.
        spill: where data of patients gets to.
    """

    name: str
    summary: str
    metrics: tuple[str, ...]
    detect: Callable[[Assessment, Sequence[Turn]], Assessment] = lambda found, _turns: found
    drift: Callable[[int, Assessment], Assessment] = lambda _nth, found: found
    detect_in_chat: Callable[[Assessment, Sequence[Turn]], Assessment] = lambda found, _turns: found
    escalates: bool = True
    reply: Callable[[str, Assessment], str] = lambda text, _assessment: text
    emotion: Callable[[EmotionReading], EmotionReading] = lambda reading: reading
    scored: Callable[[str, Scoring], Scoring] = lambda _name, scoring: scoring
    delay_s: Callable[[int], float] = lambda _request: 0.0
    logged: Callable[[Sequence[Turn]], Mapping[str, str]] = lambda _turns: {}
    unaudited: frozenset[str] = frozenset()
    unscoped: frozenset[str] = frozenset()
    records: Keeping = Keeping.SEALED
    old_tls: bool = False
    immortal_tokens: bool = False
    asks_consent: bool = True
    spill: Spill | None = None


CLEAN = Defect("", "none", ())
"""The service as it should be."""
