"""Which stretches of a text can hold a name at all: the model looks at no others.

A *spark* is a word that begins with a capital and is no plain word, a word after one that names
lead to (`my name is`, `Mr.`, `lives in`), or a street's number before its name. A window is the
spark's line, or what stands near it in a long one, and the short lines that follow, as addresses
go over lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.phi.names.lexicon import lexicon
from clinigate.phi.names.text import fold

__all__ = ["windows"]

#: How much of a long line is seen beside a spark, in bytes.
_NEAR = 160
#: A line of an address is no longer, and so many may follow.
_SHORT = 60
#: Stretches that touch are one, up to this.
_LARGEST = 16_384
_LINES = 5

# A capital with small letters after it, not within an identifier, a path or a longer word.
_CAPITAL = re.compile(
    rb"(?<![0-9A-Za-z_\x80-\xff.\\/$@#-])[A-Z][a-z\x80-\xff][A-Za-z\x80-\xff]*"
    rb"(?![0-9A-Za-z_(=\\/]|\.[A-Za-z_]|::|->)"
    rb"|[\xc3\xc4\xc5\xce\xcf\xd0\xd1][\x80-\xbf][A-Za-z\x80-\xff]{2,}"
    rb"|(?<![0-9A-Za-z_\x80-\xff.\\/$@#-])[A-Z\x80-\xff]{3,}(?=(?:[,^;]|\r?$)[ ]?|[ ]+[A-Z]{2,})"
    rb"(?![0-9_])",
    re.MULTILINE,
)
_LEAD = re.compile(
    rb"\b(?:M[rs]|Mrs|Miss|Dr|Prof)\.? [A-Z]|"
    rb"\b[Bb]ox [0-9]|\b[Zz](?:ip|IP)[ _]?(?:[Cc]ode)?(?: is|:)? ?[0-9]{3}|"
    rb"(?:\bname(?:'s|d)?(?: is|:)|\b(?:i am|i'm|this is|called|call me|mr|mrs|ms|dr|lives? in|"
    rb"living in|moved to|born in|patient|am from|come from)\.?) [a-z\x80-\xff]{2,}"
)


def windows(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the stretches that can hold a name or a place, in order, without overlaps."""
    start = end = 0
    for spark in _sparks(data):
        if spark + _NEAR <= end:
            continue
        begin, stop = _around(data, spark)
        if begin > end or stop - start > _LARGEST:
            if end > start:
                yield start, end
            start = max(begin, end)
        end = max(end, stop)
    if end > start:
        yield start, end


def _sparks(data: bytes) -> Iterator[int]:
    known: dict[bytes, bool] = {}
    found: list[int] = []
    for match in _CAPITAL.finditer(data):
        word = match.group()
        is_spark = known.get(word)
        if is_spark is None:
            if len(known) > 100_000:
                known.clear()
            is_spark = known[word] = _can_be_a_name(word)
        if is_spark:
            found.append(match.start())
    found.extend(match.start() for match in _LEAD.finditer(data))
    yield from sorted(found)


def _can_be_a_name(word: bytes) -> bool:
    lists, folded = lexicon(), fold(word.decode("utf-8", "surrogateescape"))
    if folded in lists.medical or lists.is_plain(folded):
        # Mark, Rose and Will are words, but also given names; so is Turkey.
        return (folded in lists.given or folded in lists.lands) and not word.isupper()
    if word.isupper():
        return folded in lists.given or folded in lists.family or folded in lists.places
    return True


def _around(data: bytes, spark: int) -> tuple[int, int]:
    begin = data.rfind(b"\n", max(0, spark - _NEAR), spark) + 1
    if not begin:
        begin = max(0, spark - _NEAR)
        begin = begin and _between_words(data, begin, spark)
    elif spark - begin < _SHORT:
        # The number of a house may stand on a line of its own above.
        above = data.rfind(b"\n", max(0, begin - _SHORT), begin - 1) + 1
        begin = above if above or begin <= _SHORT else begin
    end = data.find(b"\n", spark, spark + _NEAR)
    if end < 0:
        stop = min(len(data), spark + _NEAR)
        return begin, _end_of_word(data, stop)
    for _ in range(_LINES):
        following = data.find(b"\n", end + 1, end + 1 + _SHORT)
        if following < 0:
            following = len(data) if len(data) - end <= _SHORT else -1
        if following < 0:
            break
        end = following
        if end == len(data):
            break
    return begin, end


def _between_words(data: bytes, at: int, most: int) -> int:
    space = data.find(b" ", at, most)
    return at if space < 0 else space + 1


def _end_of_word(data: bytes, at: int) -> int:
    space = data.find(b" ", at, at + _SHORT)
    return space if space >= 0 else min(len(data), at + _SHORT)
