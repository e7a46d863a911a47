"""The table of recognizers: one row for each kind of identifier that has a form, and no model.

Add a row to `clinigate.phi.rows` and a line to its test; nothing else knows their number. Forms
that say little by themselves (ten digits) have a low score and count where a word beside them says
what they are; forms that name what they hold (`MRN: …`) count by themselves. What a score has to
reach is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from clinigate.phi.recognizer import Recognizer
from clinigate.phi.rows import ROWS

__all__ = ["BY_ID", "RECOGNIZERS", "register"]

#: All rows. Where two of equal score lie over each other, the earlier one names the find.
RECOGNIZERS: tuple[Recognizer, ...] = ROWS

_FIRST: dict[str, Recognizer] = {}

#: The rows by their id, in order, those of users that were registered too; of those that share an
#: id, the first.
BY_ID: Mapping[str, Recognizer] = MappingProxyType(_FIRST)


def register(rows: Iterable[Recognizer]) -> None:
    """Make rows known by their id, so that their finds are named wherever finds are told."""
    for row in rows:
        _FIRST.setdefault(row.id, row)


register(RECOGNIZERS)
