"""Which texts are one wording written twice: too many letters in common, or one span swapped.

Both searches look only at pairs that can qualify, so that a pack of thousands takes seconds.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from clinigate.scenarios.text import jaccard, normalise, shingles

__all__ = ["MAX_JACCARD", "MAX_SPAN_WORDS", "Copy", "effective_number", "near_copies", "slot_fills"]

MAX_JACCARD = 0.5
"""Two cores whose character 5-grams overlap more than this are one core written twice."""

MAX_SPAN_WORDS = 3
"""Two cores that differ in one span of at most so many words are one core with a slot filled."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Two texts, by their places in the list, and the share of 5-grams that they have in common."""

    one: int
    other: int
    share: float


def near_copies(texts: Sequence[str], most: float = MAX_JACCARD) -> Iterator[Copy]:
    """Yield each pair of texts whose 5-grams overlap by more than `most`, the earlier one first.

    Prefix filtering (Bayardo, Ma and Srikant 2007, "Scaling up all pairs similarity search"): taken
    by rising size, two sets with a Jaccard index above t have an element in common among the rarest
    (1 - t) share of the larger one and the rarest 1 - 2t / (1 + t) of the smaller. None is lost.
    """
    grams = [shingles(text) for text in texts]
    frequency = Counter(gram for each in grams for gram in each)
    holders: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(grams)), key=lambda each: len(grams[each])):
        mine = grams[place]
        rarest = sorted(mine, key=lambda gram: (frequency[gram], gram))
        probed = rarest[: len(mine) - math.ceil(most * len(mine)) + 1]
        others = {held for gram in probed for held in holders.get(gram, ())}
        for other in others:
            if len(grams[other]) > most * len(mine):
                share = jaccard(mine, grams[other])
                if share > most:
                    yield Copy(min(other, place), max(other, place), share)
        kept = len(mine) - math.ceil(2 * most / (1 + most) * len(mine)) + 1
        for gram in rarest[:kept]:
            holders[gram].append(place)


def slot_fills(texts: Sequence[str]) -> Iterator[Copy]:
    """Yield each pair of texts that are equal once one span of up to three words is left out.

    The spans may differ in length; a whole text is never a span.
    """
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        for frame in _frames(normalise(text).split()):
            alike[frame].append(place)
    told: set[tuple[int, int]] = set()
    for places in alike.values():
        for position, one in enumerate(places):
            for other in places[position + 1 :]:
                if one != other and (one, other) not in told:
                    told.add((one, other))
                    share = jaccard(shingles(texts[one]), shingles(texts[other]))
                    yield Copy(one, other, share)


def effective_number(texts: Iterable[str]) -> float:
    """Return how many texts without anything in common would be as diverse as these.

    n squared over the sum of all pairs' shares of 5-grams, a text with itself included: n where
    nothing is shared, 1 where all are the same (Leinster and Cobbold 2012, "Measuring diversity:
    the importance of species similarity", order 2).
    """
    grams = [shingles(text) for text in texts]
    if not grams:
        return 0.0
    total = float(len(grams))
    for place, mine in enumerate(grams):
        total += 2 * sum(jaccard(mine, other) for other in grams[place + 1 :])
    return len(grams) ** 2 / total


def _frames(words: Sequence[str]) -> set[tuple[str, str]]:
    """Return what stands before and after each span that could be left out."""
    return {
        (" ".join(words[:start]), " ".join(words[start + length :]))
        for length in range(min(MAX_SPAN_WORDS, len(words) - 1) + 1)
        for start in range(len(words) - length + 1)
    }
