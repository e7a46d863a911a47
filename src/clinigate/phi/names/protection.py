"""Medicine's own names: Crohn's disease is nobody, and neither is Lyrica."""

from __future__ import annotations

from functools import cache

from clinigate.phi.names.lexicon import clinical, closed, lexicon
from clinigate.phi.names.text import fold

__all__ = ["has_title", "is_medical"]

#: Between an eponym and what bears it: `'s`, a hyphen, a second eponym, `and`.
_REACH = 4
_LINKS = frozenset({"'", "’", "s", "-", "and", "/", "&", "–", "or", "(", "type", "'s"})


def is_medical(words: list[str], first: int, last: int, kind: str) -> bool:
    """Whether a find is a disease, a drug, a test or a device, not a person or a place.

    Args:
        words: of the text.
        first: the find's first word.
        last: one past its last word.
        kind: `N` or `L`.
    """
    found = [_bare(word) for word in words[first:last] if word[0].isalpha()]
    lists = lexicon()
    if not found or tuple(found) in _terms():
        return bool(found)
    if not all(word in lists.medical or word in lists.eponyms or word == "s" for word in found):
        return False
    if kind == "L" and any(word[0].isdigit() for word in words[first:last]):
        return False
    if all(word in lists.medical and word not in lists.given for word in found):
        return True
    if found[-1] in _nouns() or _bears_a_noun(words, last) or _is_born_by_a_noun(words, first):
        return True
    # By itself it is the disease (known Parkinson), unless a title says that it is a person.
    return len(found) == 1 and found[0] in lists.alone and not has_title(words, first)


def _is_born_by_a_noun(words: list[str], first: int) -> bool:
    """Whether it is `circle of Willis`."""
    return first > 1 and fold(words[first - 1]) == "of" and _bare(words[first - 2]) in _nouns()


def _bears_a_noun(words: list[str], at: int) -> bool:
    lists = lexicon()
    for word in words[at : at + _REACH]:
        bare = _bare(word)
        if bare in _nouns() or bare in lists.medical:
            return True
        if bare not in _LINKS and bare not in lists.eponyms:
            return False
    return False


def has_title(words: list[str], first: int) -> bool:
    """Whether `Dr.`, `Mrs` or the like stands before a word."""
    before = words[max(0, first - 2) : first]
    if before[-1:] == ["."]:
        before.pop()
    return bool(before) and fold(before[-1]) in closed("salutations")


def _bare(word: str) -> str:
    folded = fold(word).replace("’", "'")
    return folded.removesuffix("'s").removesuffix("'")


@cache
def _nouns() -> frozenset[str]:
    return frozenset(clinical()["nouns"])


@cache
def _terms() -> frozenset[tuple[str, ...]]:
    kinds = ("drugs", "diseases", "tests", "anatomy", "devices", "measures")
    return frozenset(
        tuple(entry.replace("-", " ").split()) for kind in kinds for entry in clinical()[kind]
    )
