"""What the table finds, by definition: every engine is held to this and may only be quicker.

A form matches at *every* start where its expression matches, not only at those that no earlier
match has taken: so what is found at a place depends on its surroundings alone, never on where a
piece of the text was cut. Which finds are kept is settled afterwards, by score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.phi.recognizer import Form

__all__ = ["matches_within"]


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
