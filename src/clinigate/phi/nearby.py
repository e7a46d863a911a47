"""Words beside a find: presidio's own look at them needs a language model, this one does not."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

__all__ = ["AFTER", "BEFORE", "near", "says", "words_near"]

#: A word counts that stands within so many bytes before a find or behind it.
BEFORE, AFTER = 64, 24

_WORD = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_WRITTEN = re.compile(rb"[A-Za-z0-9]")


def words_near(data: bytes, start: int, end: int) -> set[str]:
    """Return the words near a span, in lower case: of its line, up to 64 bytes before it.

    Names of fields are taken apart: `patientPhone_number` says patient, phone and number. A value
    that stands alone on its line, as in JSON that was printed to be read, has the words of the
    line above too.
    """
    least = max(0, start - BEFORE)
    begin = data.rfind(b"\n", least, start) + 1
    if begin and not _WRITTEN.search(data, begin, start):
        begin = data.rfind(b"\n", least, begin - 1) + 1
    before = data[max(begin, least) : start]
    after = data[end : end + AFTER].partition(b"\n")[0]
    return {
        word.lower().decode("ascii") for part in (before, after) for word in _WORD.findall(part)
    }


def near(data: bytes, start: int, end: int, context: AbstractSet[str]) -> bool:
    """Whether one of the words in `context` stands near a span of bytes."""
    return bool(context) and not context.isdisjoint(words_near(data, start, end))


def says(text: str, start: int, end: int, context: AbstractSet[str]) -> bool:
    """Whether one of the words in `context` stands near a span of a text."""
    if not context:
        return False
    before = text[max(0, start - BEFORE) : start].encode("utf-8", "replace")
    after = text[end : end + AFTER].encode("utf-8", "replace")
    return near(before + after, len(before), len(before), context)
