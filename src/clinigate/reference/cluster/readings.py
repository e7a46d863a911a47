"""Readings as JSON, between the inference worker and the replicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from clinigate.core.case import Severity, Turn
from clinigate.reference.engine.reading import Assessment, EmotionReading, Event, ModelCard, Topic

__all__ = [
    "assessment_from",
    "assessment_to",
    "card_from",
    "card_to",
    "emotion_from",
    "emotion_to",
    "turns_from",
    "turns_to",
]

_Plain = dict[str, Any]


def turns_to(turns: Sequence[Turn]) -> list[list[str]]:
    """A conversation as pairs of role and text."""
    return [[turn.role, turn.text] for turn in turns]


def turns_from(data: Any) -> tuple[Turn, ...]:
    """The conversation that `turns_to` wrote."""
    return tuple(Turn(role, text) for role, text in data)


def assessment_to(found: Assessment) -> _Plain:
    """An assessment with its events."""
    return {
        "crisis": found.crisis,
        "score": found.score,
        "topic": _topic_to(found.topic),
        "events": [
            {"message": e.message, "topic": _topic_to(e.topic), "score": e.score}
            for e in found.events
        ],
    }


def assessment_from(data: _Plain) -> Assessment:
    """The assessment that `assessment_to` wrote."""
    events = (Event(e["message"], _topic_from(e["topic"]), e["score"]) for e in data["events"])
    return Assessment(data["crisis"], data["score"], _topic_from(data["topic"]), tuple(events))


def emotion_to(reading: EmotionReading) -> _Plain:
    """An emotion and its shares."""
    return {"emotion": reading.emotion, "scores": dict(reading.scores)}


def emotion_from(data: _Plain) -> EmotionReading:
    """The reading that `emotion_to` wrote."""
    return EmotionReading(data["emotion"], data["scores"])


def card_to(card: ModelCard) -> _Plain:
    """A model card."""
    return asdict(card)


def card_from(data: _Plain) -> ModelCard:
    """The card that `card_to` wrote."""
    lists = {name: tuple(data[name]) for name in ("exposed_to", "packs", "limits")}
    return ModelCard(**{**data, **lists})


def _topic_to(topic: Topic) -> _Plain:
    return {
        "archetype": topic.archetype,
        "family": topic.family,
        "severity": topic.severity.value,
        "obligations": sorted(topic.obligations),
    }


def _topic_from(data: _Plain) -> Topic:
    owed = frozenset(data["obligations"])
    return Topic(data["archetype"], data["family"], Severity(data["severity"]), owed)
