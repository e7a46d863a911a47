"""A linear-chain model of names and places: weights in a text file, the best path in plain Python.

The weights are those of a conditional random field; `building.train` makes them. No library is
needed to use them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from struct import Struct

from clinigate.errors import IntegrityError
from clinigate.phi.names.features import EDGE, NEAR, Features
from clinigate.phi.names.lexicon import Lexicon, lexicon

__all__ = ["LABELS", "Model", "model"]

#: Outside; begin and inside of a name, of a place.
LABELS = ("O", "B-N", "I-N", "B-L", "I-L")

#: From which labels one comes, by index.
_BEFORE = ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4), (1, 2), (0, 1, 2, 3, 4), (3, 4))
_SCHEMA = "clinigate.names/1"
_MOST_REMEMBERED = 100_000

Vector = tuple[float, ...]
#: The weights of all labels in one whole number, a field each, so that they are added at once.
_FIELDS = Struct("<5I")
#: Half of what a field holds, for sums that are below nothing: the same for all labels of a word,
#: it makes none of them more likely.
_HALF = 1 << 31


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
        self._states: dict[str, int] = {}
        moves: dict[str, Vector] = {}
        for line in lines[1:]:
            name, *numbers = line.split("\t")
            if name == "vocabulary":
                vocabulary.update(numbers)
            elif name.startswith("move|"):
                moves[name[5:]] = _vector(numbers)
            else:
                self._states[name] = _packed(numbers)
        self._into = [tuple(moves[before][at] for before in LABELS) for at in range(len(LABELS))]
        self.features = Features(lists, frozenset(vocabulary))
        self._words: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._rows: dict[tuple[str, ...], int] = {}
        self._marks = {mark: self._states.get(f"ph|{mark}", 0) for mark in ("", "B", "I")}

    def labels(self, words: list[str]) -> list[int]:
        """Return the most probable label of each word, as an index of `LABELS`."""
        return _best_path(list(self._scores(words)), self._into) if words else []

    def _scores(self, words: list[str]) -> Iterator[Vector]:
        reach = NEAR[-1]
        edge = self._known(EDGE)
        known = [edge] * reach + [self._known(word) for word in words] + [edge] * reach
        groups = [group for group, _ in known]
        adds = [add for _, add in known]
        in_a_row = zip(*(groups[step:] for step in range(1, 6)), strict=False)
        beside = zip(*(adds[step:] for step in range(len(NEAR))), strict=False)
        marks = self.features.phrases(words)
        for mark, near, (a, b, c, d, e, f, g) in zip(marks, in_a_row, beside, strict=False):
            row = self._rows.get(near)
            total = self._row(near) if row is None else row
            total += self._marks[mark]
            # What a word adds three places further on stands last.
            total += a[6] + b[5] + c[4] + d[3] + e[2] + f[1] + g[0]
            yield _FIELDS.unpack(total.to_bytes(_FIELDS.size, "little"))

    def _known(self, word: str) -> tuple[str, tuple[int, ...]]:
        """Return a word's class and what it adds to the places at each distance."""
        known = self._words.get(word)
        if known is None:
            if len(self._words) > _MOST_REMEMBERED:
                self._words.clear()
            traits = self.features.traits(word)
            known = (
                traits.group,
                tuple(
                    sum(
                        self._states.get(f"{step}|{name}", 0)
                        for name in (traits.near if step else traits.own)
                    )
                    for step in NEAR
                ),
            )
            self._words[word] = known
        return known

    def _row(self, near: tuple[str, ...]) -> int:
        """Return what the classes of five words in a row add to the one in the middle."""
        if len(self._rows) > _MOST_REMEMBERED:
            self._rows.clear()
        row = _packed([_HALF] * len(LABELS))
        row += sum(self._states.get("|".join(names), 0) for names in rows_of(list(near)))
        self._rows[near] = row
        return row


def rows_of(groups: list[str]) -> tuple[tuple[str, ...], ...]:
    """Return the features of classes in a row; `groups` are those from two before to two after."""
    two, one, own, next_one, next_two = groups
    return (
        ("a", one, own),
        ("b", own, next_one),
        ("c", one, own, next_one),
        ("d", two, one, own),
        ("e", own, next_one, next_two),
    )


def _best_path(scores: list[Vector], into: list[Vector]) -> list[int]:
    """Return the labels of the highest sum; what is inside goes on from what began."""
    out, name, name_on, place, place_on = into
    best = scores[0]
    reached = [best]
    for o, b_n, i_n, b_l, i_l in scores[1:]:
        v, w, x, y, z = best
        best = (
            o + max(v + out[0], w + out[1], x + out[2], y + out[3], z + out[4]),
            b_n + max(v + name[0], w + name[1], x + name[2], y + name[3], z + name[4]),
            i_n + max(w + name_on[1], x + name_on[2]),
            b_l + max(v + place[0], w + place[1], x + place[2], y + place[3], z + place[4]),
            i_l + max(y + place_on[3], z + place_on[4]),
        )
        reached.append(best)
    path = [best.index(max(best))]
    for before in reversed(reached[:-1]):
        label = path[-1]
        first, *_, last = _BEFORE[label]
        sums = [a + b for a, b in zip(before[first : last + 1], into[label][first:], strict=False)]
        path.append(first + sums.index(max(sums)))
    return path[::-1]


def _packed(numbers: Iterable[str | int]) -> int:
    return sum(int(number) << 32 * at for at, number in enumerate(numbers))


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
