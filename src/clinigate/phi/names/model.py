"""A linear-chain model of names and places: weights in a text file, the best path in plain Python.

The weights are those of a conditional random field; `building.train` makes them. No library is
needed to use them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from clinigate.errors import IntegrityError
from clinigate.phi.names.features import EDGE, NEAR, Features
from clinigate.phi.names.lexicon import Lexicon, lexicon

__all__ = ["LABELS", "Model", "model"]

#: Outside; begin and inside of a name, of a place.
LABELS = ("O", "B-N", "I-N", "B-L", "I-L")

_SCHEMA = "clinigate.names/1"
_MOST_REMEMBERED = 100_000

Vector = tuple[float, ...]
_NOTHING: Vector = (0.0,) * len(LABELS)


class Model:
    """Weights, and the words' vectors that have been worked out of them.

    Attributes:
        features: what is known of words.
    """

    def __init__(self, text: str, lists: Lexicon) -> None:
        lines = text.splitlines()
        if not lines or lines[0] != _SCHEMA:
            raise IntegrityError(f"the weights of names do not begin with {_SCHEMA}: install again")
        vocabulary: set[str] = set()
        self._states: dict[str, Vector] = {}
        moves: dict[str, Vector] = {}
        for line in lines[1:]:
            name, *numbers = line.split("\t")
            if name == "vocabulary":
                vocabulary.update(numbers)
            elif name.startswith("move|"):
                moves[name[5:]] = _vector(numbers)
            else:
                self._states[name] = _vector(numbers)
        self._into = [tuple(moves[before][at] for before in LABELS) for at in range(len(LABELS))]
        self.features = Features(lists, frozenset(vocabulary))
        self._words: dict[str, tuple[str, tuple[Vector, ...]]] = {}
        self._rows: dict[tuple[str, ...], Vector] = {}

    def labels(self, words: list[str]) -> list[int]:
        """Return the most probable label of each word, as an index of `LABELS`."""
        return _best_path(list(self._scores(words)), self._into) if words else []

    def _scores(self, words: list[str]) -> Iterator[Vector]:
        reach = NEAR[-1]
        edge = self._known(EDGE)
        known = [edge] * reach + [self._known(word) for word in words] + [edge] * reach
        marks = self.features.phrases(words)
        for at, mark in enumerate(marks, reach):
            groups = [known[at + step][0] for step in (-2, -1, 0, 1, 2)]
            parts = [known[at - step][1][step + reach] for step in NEAR]
            parts.extend(self._row(names) for names in rows_of(groups))
            if mark:
                parts.append(self._states.get(f"ph|{mark}", _NOTHING))
            yield tuple(map(sum, zip(*parts, strict=True)))

    def _known(self, word: str) -> tuple[str, tuple[Vector, ...]]:
        """Return a word's class and what it adds to the places at each distance."""
        known = self._words.get(word)
        if known is None:
            if len(self._words) > _MOST_REMEMBERED:
                self._words.clear()
            traits = self.features.traits(word)
            known = (
                traits.group,
                tuple(
                    self._sum(f"{step}|{name}" for name in (traits.near if step else traits.own))
                    for step in NEAR
                ),
            )
            self._words[word] = known
        return known

    def _row(self, names: tuple[str, ...]) -> Vector:
        row = self._rows.get(names)
        if row is None:
            if len(self._rows) > _MOST_REMEMBERED:
                self._rows.clear()
            row = self._rows[names] = self._states.get("|".join(names), _NOTHING)
        return row

    def _sum(self, names: Iterable[str]) -> Vector:
        found = [self._states[name] for name in names if name in self._states]
        return tuple(map(sum, zip(*found, strict=True))) if found else _NOTHING


def rows_of(groups: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the features of classes in a row; `groups` are those from two before to two after."""
    two, one, own, next_one, next_two = groups
    yield "a", one, own
    yield "b", own, next_one
    yield "c", one, own, next_one
    yield "d", two, one, own
    yield "e", own, next_one, next_two


def _best_path(scores: list[Vector], into: list[Vector]) -> list[int]:
    best = list(scores[0])
    back: list[list[int]] = []
    for score in scores[1:]:
        froms, now = [], []
        for at, moves in enumerate(into):
            reached = [before + move for before, move in zip(best, moves, strict=True)]
            top = max(reached)
            froms.append(reached.index(top))
            now.append(top + score[at])
        back.append(froms)
        best = now
    path = [best.index(max(best))]
    for froms in reversed(back):
        path.append(froms[path[-1]])
    return path[::-1]


def _vector(numbers: list[str]) -> Vector:
    # Hundredths, as whole numbers: sums are then the same on every machine.
    return tuple(float(number) for number in numbers)


@cache
def model() -> Model:
    """Return the model of this package.

    Raises:
        IntegrityError: its weights are not what they should be.
    """
    text = files(__package__).joinpath("data", "weights.txt").read_text(encoding="utf-8")
    return Model(text, lexicon())
