"""The table of recognizers: one row for each kind of identifier that has a form, and no model.

Add a row and a test; nothing else knows their number. Forms that say little by themselves (ten
digits) have a low score and count where a word beside them says what they are; forms that name
what they hold (`MRN: …`) count by themselves. What a score has to reach is the caller's.

Patterns run over text that anybody may have written: every repetition is bounded, and none of them
begins inside a run of the characters that it repeats. Where a pattern begins with a class of
characters and looks behind it only then, it is for speed: `re` skips to the next such character.
"""

from __future__ import annotations

from types import MappingProxyType

from clinigate.phi.recognizer import Recognizer
from clinigate.phi.rows import ROWS

__all__ = ["BY_ID", "RECOGNIZERS"]

#: All rows. Where two of equal score lie over each other, the earlier one names the find.
RECOGNIZERS: tuple[Recognizer, ...] = ROWS

_FIRST: dict[str, Recognizer] = {}
for _row in RECOGNIZERS:
    _FIRST.setdefault(_row.id, _row)

#: The rows by their id, in order; of those that share one, the first.
BY_ID = MappingProxyType(_FIRST)
