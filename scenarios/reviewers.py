"""Whose name a name is: one person who signs in two spellings is still one reviewer."""

from __future__ import annotations

import re
import unicodedata
from itertools import permutations

from clinigate.errors import PackError

__all__ = ["same_person", "slug"]

_TITLES = frozenset(("dr", "dra", "prof", "mr", "mrs", "ms", "mx", "sr", "sra", "md", "phd"))

#: Initials are looked for in names of so many parts: the orders to try multiply.
_MOST_PARTS = 6


def slug(name: str) -> str:
    """Return a name as a file's name: `Dr. A. Núñez` as `dr-a-nunez`.

    Raises:
        PackError: it has no letter or digit.
    """
    split = unicodedata.normalize("NFKD", name)
    plain = "".join(each for each in split if not unicodedata.combining(each)).casefold()
    found = "-".join(re.findall(r"[^\W_]+", plain))
    if not found:
        raise PackError(f"reviewer {name!r}: wanted a name with letters or digits")
    return found


def same_person(one: str, other: str) -> bool:
    """Whether two names could be one person's: equal but for title, accents, order or initials.

    Two people whom this takes for one write their first names in full.

    Raises:
        PackError: as `slug`.
    """
    mine, theirs = _parts(one), _parts(other)
    if len(mine) != len(theirs) or len(mine) > _MOST_PARTS:
        return sorted(mine) == sorted(theirs)
    return any(all(map(_same_part, mine, order)) for order in permutations(theirs))


def _parts(name: str) -> list[str]:
    words = slug(name).split("-")
    return [word for word in words if word not in _TITLES] or words


def _same_part(one: str, other: str) -> bool:
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])
