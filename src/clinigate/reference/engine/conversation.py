"""From readings of single messages to one assessment of a conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clinigate.core.case import Severity, Turn
from clinigate.reference.engine.reading import Assessment, Event, Topic

__all__ = ["NO_TOPIC", "assess_each", "last_user_text"]

NO_TOPIC = Topic("none", "none", Severity.NONE)
"""What a message is about that says nothing."""

_FLAGGED_FROM = 0.5


def assess_each(turns: Sequence[Turn], read: Callable[[str], tuple[float, Topic]]) -> Assessment:
    """Assess a conversation by its user messages; one disclosure, however early, is enough.

    `read` gives the probability that a message discloses a crisis, and what it is about. The
    latest disclosure decides what the reply is about, and the highest score is the conversation's.
    """
    events = [
        Event(position, topic, score)
        for position, turn in enumerate(turns)
        if turn.role == "user"
        for score, topic in (read(turn.text),)
    ]
    disclosures = tuple(event for event in events if event.score >= _FLAGGED_FROM)
    score = max((event.score for event in events), default=0.0)
    deciding = (disclosures or tuple(events))[-1:]
    topic = deciding[0].topic if deciding else NO_TOPIC
    return Assessment(bool(disclosures), score, topic, disclosures)


def last_user_text(turns: Sequence[Turn]) -> str:
    """Return the last thing that the user said; empty when there is none."""
    return next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
