r"""Expressions of the table as each engine reads them: what they mean is what `re` says over bytes.

hyperscan and RE2 read the same syntax but for three things: groups have other names or none, RE2's
`\s` knows no vertical tab, and hyperscan takes `^` and `$` at the ends of an expression alone.
"""

from __future__ import annotations

import re
import re._parser as _parser  # type: ignore[import-not-found]
import string
from collections.abc import Iterator, Sequence
from functools import lru_cache

__all__ = ["near_word", "portable", "trigger"]

_VALUE = "(?P<v>"
#: What stands before a value and is no part of a field's name is not wider.
_BOUNDARY = 2
_LETTERS = string.ascii_letters.encode()
_CLASS = r"(\[(?:\\.|[^\]\\])+\])"
#: A value's first character, a run of others, and a text that follows: `(?P<v>[a-z][a-z.]{0,9}@`.
_OPEN_HEAD = re.compile(rf"\(\?P<v>{_CLASS}{_CLASS}\{{0,\d+\}}(?=(?:\(\?:)?[@%#])")
_SPACE = r"\t\n\x0b\x0c\r "
_PIECE = re.compile(r"\\.|\(\?P<\w+>|.", re.DOTALL)


@lru_cache(maxsize=1024)
def portable(pattern: str) -> str:
    """Return an expression as every engine reads it alike."""
    return "".join(_portable(piece, within) for piece, within in _pieces(pattern))


def trigger(pattern: str) -> str:
    """Return a portable expression that ends wherever a form does, and is quick to look for.

    What begins with an open run of characters and goes on with a text, as an e-mail address does
    with `@`, is looked for from the last of these characters on: an automaton then waits for the
    text, where it would begin anew at each letter. It may end at more places.
    """
    first = _first(pattern)
    head = _OPEN_HEAD.match(pattern, first) if first else None
    if head is None:
        return portable(pattern)
    return portable(f"(?:(?:{head[1]}|{head[2]}){pattern[head.end() :]}")


def near_word(pattern: str, words: tuple[str, ...], before: int, after: int) -> tuple[str, ...]:
    """Return expressions that match wherever a form does that has one of some words near it.

    They match more often: what the form wants between value and word may be the word's own end.

    Args:
        pattern: of the form.
        words: in lower case.
        before: a word lies wholly within so many bytes before the value.
        after: or within so many behind it.

    Returns:
        First the word behind the value; then, once or twice, the word before it.
    """
    first = _first(pattern)
    boundary = _unless_letter(_embedded(pattern[:first], "^"))
    behind = f"{boundary}(?:{_embedded(pattern[first:], '^')})"
    short = min(map(len, words))
    expressions = (
        rf"{_before_word(pattern)}[\x00-\xff]{{0,{after - short}}}{_one_of(words)}",
        rf"{_one_of(words)}[\x00-\xff]{{0,{before - short + 1}}}{behind}",
    )
    if first:
        return expressions
    # A boundary that cannot be told from the rest may have taken the word's last letter.
    cut = [word[:-1] for word in words]
    return (*expressions, f"{_one_of(cut)}{behind}")


def _one_of(words: Sequence[str]) -> str:
    return "(?i:" + "|".join(map(re.escape, words)) + ")"


def _before_word(pattern: str) -> str:
    """Return an expression up to its value's end, with a boundary that no letter can be."""
    pieces = list(_pieces(pattern))
    begin = next((i for i, (piece, _) in enumerate(pieces) if piece == _VALUE), None)
    if begin is None:
        return f"(?:{_embedded(pattern, '$')})"
    end = _closing(pieces, begin)
    ahead, value, behind = (
        "".join(piece for piece, _ in part)
        for part in (pieces[:begin], pieces[begin + 1 : end], pieces[end + 1 :])
    )
    if _is_within_group(pieces[:begin]):  # what is around it there is no expression by itself
        return f"(?:{_embedded(value, '$')})"
    boundary = _embedded(behind, "$")
    return f"(?:{_embedded(ahead, '$')})(?:{_embedded(value, '$')}){_unless_letter(boundary)}"


def _first(pattern: str) -> int:
    """Return where an expression's first boundary ends: a group of little width, or a class."""
    pieces = list(_pieces(pattern))
    if pattern.startswith("["):
        last = next(i for i, (piece, within) in enumerate(pieces) if piece == "]" and not within)
    elif pattern.startswith("(?:"):
        last = _closing(pieces, 0)
    else:
        return 0
    end = sum(len(piece) for piece, _ in pieces[: last + 1])
    repeated = pattern[end : end + 1] in ("", "?", "*", "+", "{", "|")
    return 0 if repeated or _widest(pattern[:end]) > _BOUNDARY else end


def _widest(pattern: str) -> int:
    return int(_parser.parse(pattern.encode("ascii")).getwidth()[1])


def _closing(pieces: Sequence[tuple[str, bool]], opening: int) -> int:
    """Return which piece closes the group that one opens."""
    depth = 0
    for index, (piece, within) in enumerate(pieces[opening:], start=opening):
        depth += 0 if within else piece.startswith("(") - (piece == ")")
        if not depth:
            return index
    raise AssertionError("a group that is never closed")


def _is_within_group(pieces: Sequence[tuple[str, bool]]) -> bool:
    return sum(piece.startswith("(") - (piece == ")") for piece, within in pieces if not within) > 0


def _embedded(pattern: str, anchor: str) -> str:
    r"""Return a portable expression that may stand behind another one, or before it.

    Where a text goes on there, the start of a line is behind a line feed and its end is before one:
    the anchor becomes the line feed itself, and a match one byte wider.
    """
    return "".join(
        r"\n" if piece == anchor and not within else _portable(piece, within)
        for piece, within in _pieces(pattern)
    )


def _unless_letter(boundary: str) -> str:
    """Return a boundary of one byte that no letter of a word can be; else nothing."""
    if not boundary or _widest(boundary) != 1:
        return ""
    one = re.compile(boundary.encode("ascii"))
    return "" if any(one.fullmatch(bytes((letter,))) for letter in _LETTERS) else boundary


def _portable(piece: str, within: bool) -> str:
    if piece == r"\s":
        return _SPACE if within else f"[{_SPACE}]"
    if piece == r"\S" and not within:
        return f"[^{_SPACE}]"
    return "(?:" if piece.startswith("(?P<") else piece


def _pieces(pattern: str) -> Iterator[tuple[str, bool]]:
    """Yield what an expression is made of, and whether that stands within a class."""
    start: int | None = None
    for match in _PIECE.finditer(pattern):
        piece, at = match.group(), match.start()
        if start is None:
            if piece == "[":
                start = at
            yield piece, False
        elif piece == "]" and pattern[start + 1 : at] not in ("", "^"):
            start = None
            yield piece, False
        else:
            yield piece, True
