"""What goes over the wire: the JSON of answers, whole and in pieces."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from clinigate.core.case import Turn
from clinigate.reference import NOTICE
from clinigate.reference.engine.reading import Assessment, ModelCard
from clinigate.reference.instruments import Scoring
from clinigate.reference.ports import Answer
from clinigate.reference.web.pacing import Pacing

__all__ = ["Completion", "completion", "degraded", "events", "model_card", "safety", "scoring"]


@dataclass(frozen=True, slots=True)
class Completion:
    """One answered chat request.

    Attributes:
        trace: the id that a crisis goes under; empty without traces.
        escalation: what was raised for a crisis, in its order; empty without one.
        without: dependencies that it was recorded without.
    """

    id: str
    created: int
    model: str
    answer: Answer
    trace: str
    without: tuple[str, ...] = ()
    escalation: tuple[str, ...] = ()


def safety(assessment: Assessment) -> dict[str, Any]:
    """Return an assessment as JSON: the flag, the score, and each disclosure with its message."""
    return {
        "crisis": assessment.crisis,
        "score": round(assessment.score, 4),
        "events": [
            {
                "type": "crisis_disclosure",
                "message": event.message,
                "family": event.topic.family,
                "severity": event.topic.severity.value,
                "score": round(event.score, 4),
            }
            for event in assessment.events
        ],
    }


def completion(done: Completion, turns: Sequence[Turn]) -> dict[str, Any]:
    """Return a whole answer in the form of the OpenAI API, with `safety` beside it."""
    sent = sum(len(turn.text.split()) for turn in turns)
    written = len(done.answer.text.split())
    message = {"role": "assistant", "content": done.answer.text}
    return {
        **_head(done, "chat.completion"),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        # Words stand in for tokens: nothing here has a tokenizer.
        "usage": {
            "prompt_tokens": sent,
            "completion_tokens": written,
            "total_tokens": sent + written,
        },
        **_beside(done),
    }


def degraded(without: Sequence[str]) -> dict[str, Any]:
    """Return what says that an answer was given without some dependencies; empty when none."""
    return {"degraded": True, "degraded_by": sorted(without)} if without else {}


async def events(done: Completion, pacing: Pacing) -> AsyncIterator[str]:
    """Yield an answer as server-sent events, one for each word, at the pace of `pacing`.

    `safety` comes with the last one before `[DONE]`.
    """
    yield _event(_chunk(done, {"role": "assistant", "content": ""}), pacing)
    async for word in pacing.words(done.answer.text):
        yield _event(_chunk(done, {"content": word}), pacing)
    last = _chunk(done, {}, finish="stop")
    yield _event({**last, **_beside(done)}, pacing)
    yield "data: [DONE]\n\n"


def scoring(scored: Scoring) -> dict[str, Any]:
    """Return the score of a sheet as JSON; null where a questionnaire has no such thing."""
    return {
        "total": scored.total,
        "percent": scored.percent,
        "band": scored.band,
        "positive": scored.positive,
        "follow_up": scored.follow_up,
    }


def model_card(card: ModelCard) -> dict[str, Any]:
    """Return a model card as JSON."""
    return {
        "model": card.model,
        "method": card.method,
        "fitted_to": card.fitted_to,
        "exposed_to": list(card.exposed_to),
        "packs": list(card.packs),
        "limits": list(card.limits),
        "locale": card.locale,
        "notice": NOTICE,
    }


def _head(done: Completion, kind: str) -> dict[str, Any]:
    return {"id": done.id, "object": kind, "created": done.created, "model": done.model}


def _chunk(done: Completion, delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**_head(done, "chat.completion.chunk"), "choices": [choice]}


def _beside(done: Completion) -> dict[str, Any]:
    told = safety(done.answer.assessment)
    trace = {"trace": done.trace} if done.trace and done.answer.assessment.crisis else {}
    without = {*done.answer.degraded, *done.without}
    escalation = {"escalation": list(done.escalation)}
    return {"safety": {**told, **escalation, **trace}, **degraded(sorted(without))}


def _event(chunk: dict[str, Any], pacing: Pacing) -> str:
    return f"data: {json.dumps({**chunk, **pacing.stamp()}, ensure_ascii=False)}\n\n"
