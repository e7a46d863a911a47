"""How sure a name or a place is, from 0.5 to 0.75: what the lists add to the model's word."""

from __future__ import annotations

from clinigate.phi.names.lexicon import closed, lexicon
from clinigate.phi.names.text import fold

__all__ = ["score_of"]

_LEAST, _USUAL, _LISTED, _MOST = 0.5, 0.6, 0.7, 0.75


def score_of(words: list[str], first: int, last: int, kind: str) -> float:
    """Return the score of a find.

    Args:
        words: of the text.
        first: the find's first word.
        last: one past its last word.
        kind: `N` or `L`.
    """
    found = [fold(word) for word in words[first:last] if word[0].isalpha()]
    return _of_name(found) if kind == "N" else _of_place(found, words[first:last])


def _of_name(found: list[str]) -> float:
    lists = lexicon()
    given = any(word in lists.given for word in found)
    family = any(word in lists.family for word in found)
    if len(found) > 1:
        return _MOST if given and family else _LISTED if given or family else _USUAL
    listed = (given or family) and found[0] not in lists.plain
    return _USUAL if listed else _LEAST


def _of_place(found: list[str], words: list[str]) -> float:
    lists = lexicon()
    listed = any(word in lists.places for word in found) or tuple(found) in lists.phrases
    if any(word[0].isdigit() for word in words) and found:
        streets = closed("streets")
        return _MOST if any(word in streets for word in found) else _LISTED if listed else _LEAST
    if found and all(word in lists.lands for word in found):
        # A country or a state by itself is no identifier, only a part of one.
        return _LEAST
    return _LISTED if listed else _LEAST if len(found) < 2 else _USUAL
