"""Which authored utterance a text contains, however it was altered and wrapped."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain

from clinigate.reference.engine.text import grams

__all__ = ["Hit", "NearestIndex"]

_CANDIDATES = 16
_PENALTY = 0.5
_SHORT = 10


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
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._grams = [grams(text) for text in texts]
        counts = Counter(chain.from_iterable(self._grams))
        self._idf = {gram: math.log(1 + len(texts) / count) for gram, count in counts.items()}
        self._weights = [math.fsum(map(self._idf.__getitem__, held)) for held in self._grams]
        # One gram's share of its utterance; the few grams of a short one must not weigh too much.
        self._shares = [1 / (len(held) + _SHORT) for held in self._grams]
        self._holders: dict[str, list[int]] = {gram: [] for gram in self._idf}
        for position, held in enumerate(self._grams):
            for gram in held:
                self._holders[gram].append(position)

    def search(self, text: str) -> list[Hit]:
        """Return the utterances that `text` most likely contains, the likeliest first."""
        asked = grams(text) & self._holders.keys()
        shared = Counter(chain.from_iterable(map(self._holders.__getitem__, asked)))
        ranked = [(count * self._shares[at], -at) for at, count in shared.items()]
        hits = [self._hit(-at, asked) for _, at in nlargest(_CANDIDATES, ranked)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.position))

    def _hit(self, position: int, asked: frozenset[str] | set[str]) -> Hit:
        weight = self._weights[position]
        # fsum is exact in any order: sets of strings are iterated differently in each process.
        had = math.fsum(map(self._idf.__getitem__, self._grams[position] & asked))
        return Hit(position, had - _PENALTY * (weight - had), had / weight, weight)
