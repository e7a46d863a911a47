"""What two texts have in common: the normal form, word shingles and negations."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["NEGATIONS", "jaccard", "negations", "normalise", "shingles", "word_count"]

NEGATIONS = frozenset(
    (
        *("no", "not", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor"),
        *("without", "cannot", "hardly", "aint", "arent", "cant", "couldnt", "didnt", "doesnt"),
        *("dont", "hadnt", "hasnt", "havent", "isnt", "mustnt", "neednt", "shouldnt", "wasnt"),
        *("werent", "wont", "wouldnt"),
        *("ni", "ningún", "ninguno", "ninguna", "nunca", "jamás", "nadie", "nada", "tampoco"),
        "sin",
    )
)
"""Words that turn an English or Spanish sentence round, in normal form: never touched."""

_WORD = re.compile(r"[^\W_]+")
# Apostrophes, and what nobody sees: soft hyphens, zero widths, marks of direction.
_LEFT_OUT = str.maketrans(
    "",
    "",
    "'’\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
    "\u202a\u202b\u202c\u202d\u202e",
)


@lru_cache(maxsize=65_536)
def normalise(text: str) -> str:
    """Return `text` reduced to what it says: NFKC, case-folded, words alone, one space between.

    Two texts that differ only in case, punctuation, apostrophes, emoji or invisible characters have
    one normal form, and count as one.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LEFT_OUT)
    return " ".join(_WORD.findall(folded))


def word_count(text: str) -> int:
    """Return how many words the normal form of `text` has."""
    form = normalise(text)
    return form.count(" ") + 1 if form else 0


def negations(text: str) -> tuple[str, ...]:
    """Return the negating words of `text` in order, in normal form."""
    return tuple(word for word in normalise(text).split() if word in NEGATIONS)


def shingles(text: str, size: int = 5) -> frozenset[str]:
    """Return every run of `size` characters of the normal form; the whole form if it is shorter."""
    form = normalise(text)
    return frozenset(form[i : i + size] for i in range(max(1, len(form) - size + 1)))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of common elements, of all elements; 0.0 for two empty sets."""
    common = len(one & other)
    union = len(one) + len(other) - common
    return common / union if union else 0.0
