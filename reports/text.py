"""Text of strangers made safe to look at: what a target answered may try to fool the reader.

Escaping for HTML or Markdown is the renderer's business. Here, characters that act without being
seen (terminal escapes, bidirectional overrides, zero-width characters) become visible tokens.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["cells", "one_line", "shortened", "visible", "wrapped"]

#: Control, format, surrogate and private characters, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_LAYOUT = "\n\t"
#: What is looked at character by character: a page may carry megabytes of plain text.
_ODD = re.compile(r"[^\n\t\x20-\x7e]+")
_MAX_MARKS = 3


def visible(text: str) -> str:
    """Return `text` with every character that acts unseen written as `[U+202E]`.

    Line feeds and tabs stay. Of a pile of combining marks, which would run over its neighbours,
    the first three stay and the others are written out too.
    """
    return _ODD.sub(lambda odd: "".join(_shown(odd[0])), text)


def _shown(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        unseen = unicodedata.category(char) in _UNSEEN and char not in _LAYOUT
        yield f"[U+{ord(char):04X}]" if unseen or marks > _MAX_MARKS else char


def one_line(text: str) -> str:
    """Return `visible(text)` on one line, runs of white space as one space."""
    return " ".join(visible(text).split())


def shortened(text: str, limit: int) -> str:
    """Return `text` cut to `limit` characters, with a mark that says how many are left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … [{len(text) - limit:,} more characters]"


def cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes; wide characters take two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Break one line of `text` at spaces into lines of at most `width` columns.

    `first` and `rest` stand before the first and the further lines. A word that is wider than a
    line is broken, so that nothing is lost.
    """
    lines: list[str] = []
    line, empty = first, True
    for word in _pieces(one_line(text), max(width - max(cells(first), cells(rest)), 8)):
        if not empty and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line, empty = rest, True
        line, empty = (line + word if empty else f"{line} {word}"), False
    lines.append(line)
    return lines


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in text.split(" "):
        piece = ""
        for char in word:
            if cells(piece) + cells(char) > width:
                yield piece
                piece = ""
            piece += char
        yield piece
