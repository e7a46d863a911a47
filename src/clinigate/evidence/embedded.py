"""JSON that stands in a text: all of it, or line by line.

What a service answered is kept as text, and names of fields tell there as much as elsewhere:
`{"first_name": "…"}` has no form that a pattern knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clinigate.core.canonical import parse_json

__all__ = ["json_in"]

_OPENS, _CLOSES = ("{", "["), ("}", "]")
_BEGINS = re.compile(r"^\s*[{\[]", re.MULTILINE)


def json_in(text: str) -> Iterator[tuple[int | None, Any]]:
    """Yield the JSON objects and arrays in a text, each with the number of its line.

    One that is all of the text has None for a number; then there is no other one.
    """
    if _BEGINS.search(text) is None:
        return
    found = _parsed(text.strip())
    if found is not None:
        yield None, found
        return
    for number, line in enumerate(text.split("\n"), 1):
        found = _parsed(line.strip())
        if found is not None:
            yield number, found


def _parsed(text: str) -> Any:
    if not text.startswith(_OPENS) or not text.endswith(_CLOSES):
        return None
    try:
        return parse_json(text)
    except (ValueError, RecursionError):
        return None
