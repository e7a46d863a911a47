"""A multinomial naive Bayes classifier over words and pairs of words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from clinigate.reference.engine.text import words

__all__ = ["NaiveBayes", "features"]

_SMOOTHING = 1.0


def features(text: str) -> list[str]:
    """Return the words of `text` and each pair of neighbours."""
    found = words(text)
    return found + [f"{left} {right}" for left, right in pairwise(found)]


class NaiveBayes:
    """Classes with equal priors and add-one smoothing; words that were never seen say nothing."""

    def __init__(self, examples: Iterable[tuple[str, str]]) -> None:
        """Fit to pairs of text and class."""
        counts: dict[str, Counter[str]] = {}
        for text, label in examples:
            counts.setdefault(label, Counter()).update(features(text))
        self.classes: Sequence[str] = tuple(sorted(counts))
        vocabulary = set().union(*counts.values())
        floors = {
            label: math.log(_SMOOTHING / (held.total() + _SMOOTHING * len(vocabulary)))
            for label, held in counts.items()
        }
        # Per feature only the classes that hold it; for the others the floor is the whole story.
        self._gains: dict[str, list[tuple[str, float]]] = {name: [] for name in vocabulary}
        for label in self.classes:
            for name, count in counts[label].items():
                self._gains[name].append((label, math.log1p(count / _SMOOTHING)))
        self._floors = floors

    def probabilities(self, text: str) -> dict[str, float]:
        """Return the probability of each class; they sum to 1."""
        known = [self._gains[name] for name in features(text) if name in self._gains]
        scores = {label: len(known) * floor for label, floor in self._floors.items()}
        for gains in known:
            for label, gain in gains:
                scores[label] += gain
        top = max(scores.values())
        shares = {label: math.exp(score - top) for label, score in scores.items()}
        total = math.fsum(shares.values())
        return {label: share / total for label, share in sorted(shares.items())}
