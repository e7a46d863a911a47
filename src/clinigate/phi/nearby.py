"""Words beside a find: presidio's own look at them needs a language model, this one does not."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

__all__ = ["says", "words_around"]

_BEFORE, _AFTER = 64, 24
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_WRITTEN = re.compile(r"[A-Za-z0-9]")


def words_around(text: str, start: int, end: int) -> set[str]:
    """Return the words near a span, in lower case: of its line, up to 64 characters before it.

    Names of fields are taken apart: `patientPhone_number` says patient, phone and number. A value
    that stands alone on its line, as in JSON that was printed to be read, has the words of the
    line above too.
    """
    begin = text.rfind("\n", 0, start) + 1
    if begin and not _WRITTEN.search(text, begin, start):
        begin = text.rfind("\n", 0, begin - 1) + 1
    before = text[max(begin, start - _BEFORE) : start]
    after = text[end : end + _AFTER].partition("\n")[0]
    return {word.lower() for part in (before, after) for word in _WORD.findall(part)}


def says(text: str, start: int, end: int, context: AbstractSet[str]) -> bool:
    """Whether one of the words in `context` stands near a span."""
    return bool(context) and not context.isdisjoint(words_around(text, start, end))
