"""Which authored utterance a text contains, however it was altered and wrapped."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest

from clinigate.reference.engine.text import grams

__all__ = ["Hit", "NearestIndex"]

_CANDIDATES = 24
# So many of a text's grams are looked up in any case, and more of a long text: its own words may be
# rarer than those of the utterance in it. More than so many holders tell little and cost much.
_RAREST, _RAREST_OF_LONG, _MANY = 24, 40, 60
_PENALTY = 0.5
# Weights are whole numbers of this unit: their sums are the same in any order, and sets of strings
# are iterated differently in each process.
_UNIT = 1 << 20
_SHORT = 50 * _UNIT


@dataclass(frozen=True, slots=True)
class Hit:
    """An utterance of the index that a text may contain.

    Attributes:
        position: where it stands in the list that the index was built from.
        score: weight of its grams that the text has, less half the weight of those it lacks.
        coverage: share of its weight that the text has, 0 to 1.
        weight: its whole weight.
    """

    position: int
    score: float
    coverage: float
    weight: float


class NearestIndex:
    """An inverted index over the letter grams of utterances, weighted by rarity.

    A gram weighs ln(1 + N / n), where n of N utterances hold it. What a text has beyond an
    utterance costs that utterance nothing, so a greeting or a context before it changes little.

    A search looks up the text's rarest grams alone, which few utterances hold, so that its cost
    hardly grows with the index; the utterances that share most of them are then scored in full.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._grams = [grams(text) for text in texts]
        holders: defaultdict[str, list[int]] = defaultdict(list)
        for position, held in enumerate(self._grams):
            for gram in held:
                holders[gram].append(position)
        self._holders = dict(holders)
        self._idf = {
            gram: round(_UNIT * math.log(1 + len(texts) / len(at))) for gram, at in holders.items()
        }
        self._weights = [sum(map(self._idf.__getitem__, held)) for held in self._grams]

    def search(self, text: str) -> list[Hit]:
        """Return the utterances that `text` most likely contains, the likeliest first."""
        asked = grams(text) & self._holders.keys()
        shared: defaultdict[int, int] = defaultdict(int)
        for place, gram in enumerate(sorted(asked, key=self._rarity)[:_RAREST_OF_LONG]):
            if place >= _RAREST and len(self._holders[gram]) > _MANY:
                break
            weight = self._idf[gram]
            for position in self._holders[gram]:
                shared[position] += weight
        # By the share of its weight; the few grams of a short utterance must not weigh too much.
        weights = self._weights
        ranked = ((held / (weights[at] + _SHORT), -at) for at, held in shared.items())
        hits = [self._hit(-at, asked) for _, at in nlargest(_CANDIDATES, ranked)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.position))

    def _rarity(self, gram: str) -> tuple[int, str]:
        return len(self._holders[gram]), gram

    def _hit(self, position: int, asked: frozenset[str] | set[str]) -> Hit:
        weight = self._weights[position]
        had = sum(map(self._idf.__getitem__, self._grams[position] & asked))
        score = had - _PENALTY * (weight - had)
        return Hit(position, score / _UNIT, had / weight, weight / _UNIT)
