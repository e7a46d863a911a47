"""Reading conversations through the inference worker, and by rules when it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from clinigate.core.case import Turn
from clinigate.reference.cluster.cache import Cache
from clinigate.reference.cluster.readings import assessment_from, emotion_from, turns_to
from clinigate.reference.defects import Defect
from clinigate.reference.engine.reading import Assessment, EmotionReading, ModelCard
from clinigate.reference.engine.replies import compose
from clinigate.reference.engine.rules import LIMITED_REPLY, assess_by_rules
from clinigate.reference.ports import Answer, Judged
from clinigate.reference.resilience.dependency import Dependency, DependencyLost
from clinigate.reference.resilience.lines import LineClient
from clinigate.reference.service import answer_of
from clinigate.reference.web.load import Load
from clinigate.reference.web.problems import Problem

__all__ = ["CRISIS_PATIENCE_S", "GENERIC_REPLY", "RemoteMind"]

CRISIS_PATIENCE_S = 0.25
"""So long a message in which the rules see a crisis waits for the model; then they decide."""

GENERIC_REPLY = "Thank you for your message. We will get back to you as soon as we can."
"""What the defect `crisis-dropped-in-surge` says to everybody."""

_MOST_CHATS = 256
_GENERIC_ABOVE = 8
_WITHOUT = ("inference",)

_Read = tuple[Assessment, EmotionReading]


class RemoteMind:
    """One replica's way to the inference worker, and its way without."""

    def __init__(
        self,
        client: LineClient,
        dependency: Dependency,
        *,
        card: ModelCard,
        cache: Cache,
        load: Load,
        crisis_patience_s: float,
        clinical: Defect,
        operational: frozenset[str],
    ) -> None:
        self.fallbacks = self.shed = 0
        self._client = client
        self._dependency = dependency
        self._card = card
        self._cache = cache
        self._load = load
        self._crisis_patience_s = crisis_patience_s
        self._clinical = clinical
        self._no_fallback = "no-crisis-fallback" in operational
        self._generic_in_surge = "crisis-dropped-in-surge" in operational
        self._requests = self._assessed = 0

    @property
    def card(self) -> ModelCard:
        """The card of the worker's engine."""
        return self._card

    @property
    def lost(self) -> bool:
        """Whether the worker is given up for the moment."""
        return self._dependency.lost

    async def chat(self, turns: Sequence[Turn]) -> Answer:
        """Answer a conversation.

        Raises:
            Problem: 503, for what is no crisis, when far too many chats are under way.
        """
        if self._generic_in_surge and self._load.chats > _GENERIC_ABOVE:
            read = assess_by_rules(turns)
            return Answer(GENERIC_REPLY, replace(read, crisis=False, events=()), "none")
        by_rules = assess_by_rules(turns)
        if self._load.chats > _MOST_CHATS and not by_rules.crisis:
            self.shed += 1
            raise Problem(
                503, "overloaded", "too busy; try again in a second", {"Retry-After": "1"}
            )
        found = await self._read(turns, by_rules)
        if found is not None:
            return answer_of(self._clinical, *found, turns)
        assessment = self._clinical.detect_in_chat(by_rules, turns)
        text = compose(assessment, "none") if assessment.crisis else LIMITED_REPLY
        return Answer(self._clinical.reply(text, assessment), assessment, "rules", _WITHOUT)

    async def crisis(self, turns: Sequence[Turn]) -> Judged:
        """Say whether a conversation discloses a crisis."""
        by_rules = assess_by_rules(turns)
        found = await self._read(turns, by_rules)
        self._assessed += 1
        read = by_rules if found is None else found[0]
        shown = self._clinical.drift(self._assessed, self._clinical.detect(read, turns))
        return Judged(shown, "rules", _WITHOUT) if found is None else Judged(shown)

    async def emotion(self, turns: Sequence[Turn]) -> EmotionReading:
        """Name the emotion of the last user message.

        Raises:
            Problem: 503; there is no rule for emotions.
        """
        try:
            return self._clinical.emotion((await self._ask(turns))[1])
        except DependencyLost:
            raise _unavailable() from None

    def delay_s(self) -> float:
        """Seconds to wait before the next answer; 0 unless the defect is slowness."""
        self._requests += 1
        return self._clinical.delay_s(self._requests)

    async def _read(self, turns: Sequence[Turn], by_rules: Assessment) -> _Read | None:
        """Return what the model reads; None when it is lost, or too slow for a crisis."""
        asked = asyncio.ensure_future(self._ask(turns))
        await asyncio.wait([asked], timeout=self._crisis_patience_s if by_rules.crisis else None)
        if asked.done() and asked.exception() is None:
            return asked.result()
        asked.cancel()
        if asked.done() and not isinstance(asked.exception(), DependencyLost):
            asked.result()
        if self._no_fallback:
            raise _unavailable()
        self.fallbacks += 1
        return None

    async def _ask(self, turns: Sequence[Turn]) -> _Read:
        message = {"op": "read", "turns": turns_to(turns)}
        answer = await self._cache.get(turns)
        if answer is None:
            answer = await self._dependency.call(lambda t: self._client.call(message, t))
            self._cache.put_soon(turns, answer)
        return assessment_from(answer["assessment"]), emotion_from(answer["emotion"])


def _unavailable() -> Problem:
    return Problem(503, "inference_unavailable", "the model cannot be asked; try again later")
