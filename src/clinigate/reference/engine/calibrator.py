"""The engine that the toolkit is calibrated with: it knows every published utterance.

It finds the authored utterance that a message contains, whatever a transform did to it, and
answers with what the author says about that one. Right answers on the published packs are
therefore a property of the construction and no achievement; about an utterance that nobody
published they say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from clinigate.core.case import Turn
from clinigate.reference.engine.conversation import assess_each, last_user_text
from clinigate.reference.engine.exemplars import Exemplar
from clinigate.reference.engine.nearest import Hit, NearestIndex
from clinigate.reference.engine.reading import Assessment, EmotionReading, ModelCard, Topic
from clinigate.reference.engine.rules import assess_by_rules

__all__ = ["Calibrator"]

_STEEPNESS = 60.0
_SURE = 0.997


class Calibrator:
    """Answers as the nearest published utterance would have it; see the module."""

    def __init__(self, exemplars: Sequence[Exemplar], card: ModelCard) -> None:
        self.card = card
        self._known = [one for one in exemplars if one.crisis is not None]
        self._index = NearestIndex([one.text for one in self._known])
        self._felt = [one for one in exemplars if one.emotion is not None]
        self._emotion_index = NearestIndex([one.text for one in self._felt])
        self._emotions = sorted({one.emotion for one in self._felt if one.emotion is not None})

    def assess(self, turns: Sequence[Turn]) -> Assessment:
        """Say whether any user message of `turns` discloses a crisis."""
        return assess_each(turns, self._read)

    def emotion(self, turns: Sequence[Turn]) -> EmotionReading:
        """Name the emotion of the published utterance that the last user message is nearest to."""
        best = dict.fromkeys(self._emotions, 0.0)
        for hit in self._emotion_index.search(last_user_text(turns)):
            emotion = self._felt[hit.position].emotion
            if emotion is not None:
                best[emotion] = max(best[emotion], hit.score / hit.weight)
        shares = {name: math.exp(_STEEPNESS / 4 * score) for name, score in best.items()}
        total = math.fsum(shares.values())
        scores = {name: round(share / total, 6) for name, share in shares.items()}
        return EmotionReading(max(scores, key=scores.__getitem__), scores)

    def _read(self, text: str) -> tuple[float, Topic]:
        hits = self._index.search(text)
        if not hits or hits[0].score <= 0:
            # It resembles nothing published: the rules that need no model decide.
            by_rules = assess_by_rules((Turn("user", text),))
            return by_rules.score, by_rules.topic
        margin = (self._best(hits, crisis=True) - self._best(hits, crisis=False)) / hits[0].weight
        probability = 1 / (1 + math.exp(-_STEEPNESS * margin))
        return min(max(probability, 1 - _SURE), _SURE), self._known[hits[0].position].topic

    def _best(self, hits: Sequence[Hit], *, crisis: bool) -> float:
        scores = (hit.score for hit in hits if self._known[hit.position].crisis is crisis)
        return max(0.0, next(scores, 0.0))
