"""What the model knows of a word and of its neighbours.

All features of a place are sums over single words at fixed distances, over the classes of two or
three words in a row, and over places of several words: so what a word adds is worked out once and
remembered, and a text costs a handful of look-ups a word.
"""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.phi.names.lexicon import Lexicon
from clinigate.phi.names.text import LINE, fold

__all__ = ["EDGE", "NEAR", "Features", "Traits"]

#: Distances at which a word tells of its neighbours.
NEAR = (-3, -2, -1, 0, 1, 2, 3)
#: The word before the first and after the last.
EDGE = ""

_SUFFIXES = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a word by itself.

    Attributes:
        own: its features at its own place.
        near: its features for its neighbours.
        group: the class that is looked at together with its neighbours' classes.
    """

    own: tuple[str, ...]
    near: tuple[str, ...]
    group: str


class Features:
    """Features of words by the lists.

    Attributes:
        lexicon: the lists.
        vocabulary: folded words that are known one by one: those of which sentences are made.
    """

    def __init__(self, lexicon: Lexicon, vocabulary: frozenset[str]) -> None:
        self.lexicon = lexicon
        self.vocabulary = vocabulary

    def traits(self, word: str) -> Traits:
        """Return what is known of a word."""
        if not word:
            return Traits(("edge",), ("edge",), "^")
        if word == LINE:
            return Traits(("line",), ("line",), "n")
        if not (word[0].isalpha() or word[0] >= "\udc80"):
            return self._sign(word)
        folded = fold(word)
        shape, kinds = _shape(word), self.lexicon.kinds(folded)
        known = f"w={folded}" if folded in self.vocabulary else f"w?{shape}"
        near = (known, f"s={shape}", f"k={shape}{kinds}", *(f"{shape[0]}{kind}" for kind in kinds))
        ends = tuple(f"e={folded[-n:]}" for n in _SUFFIXES if len(folded) > n + 1)
        own = (*near, *(f"{shape}{end}" for end in ends)) if shape != "x" else near
        return Traits(own, near, _group(shape, kinds))

    def _sign(self, word: str) -> Traits:
        if word[0].isdigit():
            size = f"d{min(len(word), 7)}"
            return Traits((size, "digits"), (size, "digits"), size if len(word) < 7 else "d6")
        mark = f"w={word}" if word.isascii() else "mark"
        return Traits((mark, "sign"), (mark, "sign"), word if word.isascii() else "~")

    def phrases(self, words: list[str]) -> list[str]:
        """Return `B` and `I` for the words of places of several words, "" for others."""
        marks = [""] * len(words)
        folded = [fold(word) for word in words]
        at = 0
        while at < len(words):
            length = words[at][:1].isupper() and self.lexicon.phrase_at(folded, at)
            if length:
                marks[at : at + length] = ["B"] + ["I"] * (length - 1)
            at += length or 1
        return marks


def _shape(word: str) -> str:
    """Return a letter for how capitals stand: one of `x X A i m`."""
    if not word[0].isupper():
        return "x" if word.islower() or not word.isascii() else "m"
    if len(word) == 1:
        return "i"
    if word.isupper():
        return "A"
    rest = word[1:]
    return "X" if rest.islower() or not rest.isascii() or "'" in rest or "’" in rest else "M"


def _group(shape: str, kinds: str) -> str:
    """Return the class of a word: how it is written, and the one thing that counts most."""
    if shape == "x":
        return next((f"x{kind}" for kind in "trsdv" if kind in kinds), "x")
    lead = next((kind for kind in "trsdv" if kind in kinds), "")
    if lead:
        return shape + lead
    name = "".join(kind for kind in "gf" if kind in kinds)
    place = "p" if "p" in kinds else "l" if "l" in kinds else ""
    plain = "m" if "m" in kinds or "e" in kinds else "c" if "c" in kinds else ""
    return shape + name + place + plain
