"""A small classifier trained the ordinary way, on the packs' dev split alone.

It shows what an honest small model gets on utterances that it has not seen, and that the gate
shuts on it. It undoes no disguise and knows no list of phrases.
"""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.core.case import Turn
from clinigate.reference.engine.bayes import NaiveBayes
from clinigate.reference.engine.conversation import NO_TOPIC, assess_each, last_user_text
from clinigate.reference.engine.exemplars import Exemplar
from clinigate.reference.engine.reading import Assessment, EmotionReading, ModelCard, Topic

__all__ = ["Baseline"]


class Baseline:
    """Three naive Bayes classifiers: crisis or not, which topic of crisis, which emotion."""

    def __init__(self, exemplars: Sequence[Exemplar], card: ModelCard) -> None:
        self.card = card
        judged = [one for one in exemplars if one.crisis is not None]
        crises = [one for one in judged if one.crisis]
        self._crisis = NaiveBayes((one.text, str(one.crisis)) for one in judged)
        self._topic = NaiveBayes((one.text, one.topic.archetype) for one in crises)
        self._topics = {one.topic.archetype: one.topic for one in crises}
        self._emotion = NaiveBayes(
            (one.text, one.emotion) for one in exemplars if one.emotion is not None
        )

    def assess(self, turns: Sequence[Turn]) -> Assessment:
        """Say whether any user message of `turns` discloses a crisis."""
        return assess_each(turns, self._read)

    def emotion(self, turns: Sequence[Turn]) -> EmotionReading:
        """Name the likeliest emotion of the last user message of `turns`."""
        shares = self._emotion.probabilities(last_user_text(turns))
        scores = {name: round(share, 6) for name, share in shares.items()}
        return EmotionReading(max(scores, key=scores.__getitem__), scores)

    def _read(self, text: str) -> tuple[float, Topic]:
        probability = self._crisis.probabilities(text)["True"]
        if probability < 0.5:
            return probability, NO_TOPIC
        topics = self._topic.probabilities(text)
        return probability, self._topics[max(topics, key=topics.__getitem__)]
