"""What the table finds, by definition: every engine is held to this and may only be quicker.

A form matches at *every* start where its expression matches, not only at those that no earlier
match has taken: so what is found at a place depends on its surroundings alone, never on where a
piece of the text was cut. Which finds are kept is settled afterwards, by score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.phi.recognizer import Form

__all__ = ["matches_ending_within", "matches_within"]


def matches_within(form: Form, data: bytes, begin: int, end: int) -> Iterator[re.Match[bytes]]:
    """Yield the matches of a form that start in `data[begin:end]`, one for each start.

    The text around is seen: a match may end beyond `end`, and `^` is the start of a line, not of
    the part.
    """
    search, reach = form.exact.search, min(len(data), end + form.widest + 1)
    at = begin
    while at < end and (match := search(data, at, reach)) and match.start() < end:
        yield match
        at = match.start() + 1


def matches_ending_within(
    form: Form, data: bytes, begin: int, end: int
) -> Iterator[re.Match[bytes]]:
    """Yield the same, of a form none of whose matches there ends behind `end`.

    No more of the text is seen than shows this: a form may be hundreds of bytes wide, and the
    search behind its last match would go through them.
    """
    search, seen = form.exact.search, end + 2
    at = begin
    while at < end and (match := search(data, at, seen)) and match.start() < end:
        if match.end() >= seen:  # `$` may have taken for the end of a line what is none
            yield from matches_within(form, data, at, end)
            return
        yield match
        at = match.start() + 1
