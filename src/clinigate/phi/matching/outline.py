r"""Less of an expression than all of it, where that is quicker to look for.

What is made here matches *within* each match of the form that it is of: an automaton that runs it
says where to look, and the form itself is tried there. A form that is led by a text (`mrn: 1…`) is
looked for up to its value's first character; one with a text in its middle (`… Street`) from there
on. And a form that cannot match without some digits close together is not looked for where there
are none.
"""

from __future__ import annotations

import re
import re._constants as _op  # type: ignore[import-not-found]
import re._parser as _parser  # type: ignore[import-not-found]
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from clinigate.phi.matching.texts import needs, worth

__all__ = ["DIGITS", "cluster", "outline"]

#: So many digits, so many other characters at most between two of them.
_COUNT, _GAP = 4, 3
DIGITS = rf"\d(?:[\x00-\xff]{{0,{_GAP}}}\d){{{_COUNT - 1}}}"

_FAR = 1 << 20
_DIGITS = frozenset(range(48, 58))
_CATEGORIES = {
    _op.CATEGORY_DIGIT: r"\d",
    _op.CATEGORY_NOT_DIGIT: r"\D",
    _op.CATEGORY_WORD: r"\w",
    _op.CATEGORY_NOT_WORD: r"\W",
    _op.CATEGORY_SPACE: r"\t\n\x0b\x0c\r ",
}
#: What joins the pieces of an address.
_MARKS = frozenset({b":", b"-"})
#: It does too where it stands by itself; what repeats it, as the name of a host, is common.
_DOT = (_op.LITERAL, ord("."))
#: Other texts that are shorter are no help.
_TELLING = 2
_KEPT = 4
#: What may be missing is kept up to this width.
_WIDE = 16
#: More repetitions add nothing.
_SURE = 64

#: Digits that each match has, and characters between them at most, in turns.
_Run = tuple[str, int]


@lru_cache(maxsize=1024)
def cluster(pattern: str) -> bool:
    """Whether each match of an expression holds a match of `DIGITS`."""
    return _most(_runs(_tree(pattern))) >= _COUNT


@lru_cache(maxsize=1024)
def outline(pattern: str) -> str | None:
    """Return a portable expression within each match of another; None where there is none."""
    try:
        tree = list(_tree(pattern))
        return _led(tree) or _from_text(tree)
    except _UnwrittenError:
        return None


class _UnwrittenError(Exception):
    """An expression has something that is not written here."""


def _tree(pattern: str) -> Any:
    return _parser.parse(pattern.encode("ascii"), re.MULTILINE)


def _led(tree: Sequence[Any]) -> str | None:
    """Return what stands before the value, which holds a text, and the value's beginning."""
    value = next((i for i, (op, what) in enumerate(tree) if _is_value(op, what)), None)
    if value is None or not _tells(tree[:value]):
        return None
    return _written(tree[:value]) + _beginning(list(tree[value][1][-1]))


def _is_value(op: Any, what: Any) -> bool:
    return bool(op is _op.SUBPATTERN and what[0])


def _tells(tree: Sequence[Any]) -> bool:
    return any(min(map(len, texts)) >= _TELLING for texts in needs(tree))


def _beginning(tree: Sequence[Any]) -> str:
    """Return an expression up to the first digit that it must have, or its first character."""
    wants_digit = _most(_runs(tree)) > 0
    out = ""
    for at, (op, what) in enumerate(tree):
        if op is _op.SUBPATTERN and not what[1]:
            return out + _beginning(list(what[-1]))
        if op is _op.MAX_REPEAT and not what[0] and _width(what) > _WIDE:
            return f"{out}(?:{_beginning(list(what[2]))}|{_beginning(tree[at + 1 :])})"
        if op is _op.BRANCH:
            return out + "(?:" + "|".join(_beginning(list(way)) for way in what[1]) + ")"
        digits = _most(_runs([(op, what)]))
        if op is _op.MAX_REPEAT and what[0] and (digits or not wants_digit):
            least = min(int(what[0]), _KEPT)
            return out + _written([(op, (least, least, what[2]))])
        out += _written([(op, what)])
        if digits or (not wants_digit and op is not _op.MAX_REPEAT and op is not _op.AT):
            return out
    return out


def _from_text(tree: Sequence[Any]) -> str | None:
    """Return an expression from the most telling text on, with the character before it."""
    flat = list(_flat(tree))
    texts = [max(needs([each]), key=worth, default=frozenset()) for each in flat]
    at = max(range(len(flat)), key=lambda i: worth(texts[i]))
    if not at or not texts[at] or not (_is_rare(texts[at]) or flat[at] == _DOT):
        return None
    op, what = flat[at]
    if op is _op.MAX_REPEAT and what[0] > 1:
        fewer = (op, (what[0] - 1, what[1] - 1, what[2]))
        return _last(flat[: at + 1]) + _written([fewer, *flat[at + 1 :]])
    if op is _op.BRANCH and at == 1:
        ways = [_from_text(way) for way in what[1]]
        return f"(?:{'|'.join(map(str, ways))})" if all(ways) else None
    return _last(flat[:at]) + _written(flat[at:])


def _is_rare(texts: frozenset[bytes]) -> bool:
    """Whether few places of a text hold one of some texts."""
    return worth(texts)[0] >= _TELLING or texts <= _MARKS


def _flat(tree: Iterable[Any]) -> Iterator[Any]:
    for op, what in tree:
        if op is _op.SUBPATTERN and not what[1] and not what[2]:
            yield from _flat(what[-1])
        else:
            yield op, what


def _last(tree: Sequence[Any]) -> str:
    """Return the last character that a sequence matches, "" where that is not simple."""
    if not tree:
        return ""
    op, what = tree[-1]
    if op in (_op.LITERAL, _op.NOT_LITERAL, _op.IN):
        return _written(tree[-1:])
    if op is _op.SUBPATTERN and not what[1]:
        return _last(list(what[-1]))
    if op is not _op.MAX_REPEAT:
        return ""
    last = _last(list(what[2]))
    if what[0] or not last:
        return last
    without = _last(tree[:-1])
    return last if last == without else without and f"(?:{last}|{without})"


def _written(tree: Iterable[Any]) -> str:
    return "".join(_one(op, what) for op, what in tree)


def _one(op: Any, what: Any) -> str:
    if op is _op.LITERAL:
        return _character(what)
    if op is _op.NOT_LITERAL:
        return f"[^{_character(what)}]"
    if op is _op.IN:
        return f"[{''.join(_member(*each) for each in what)}]"
    if op is _op.AT and what in (_op.AT_BEGINNING, _op.AT_END):
        return "^" if what is _op.AT_BEGINNING else "$"
    if op is _op.BRANCH:
        return f"(?:{'|'.join(map(_written, what[1]))})"
    if op is _op.SUBPATTERN and what[1] in (0, re.IGNORECASE) and not what[2]:
        return f"(?{'i' if what[1] else ''}:{_written(what[-1])})"
    if op is _op.MAX_REPEAT:
        return f"(?:{_written(what[2])}){{{what[0]},{what[1]}}}"
    raise _UnwrittenError


def _member(op: Any, what: Any) -> str:
    if op is _op.NEGATE:
        return "^"
    if op is _op.LITERAL:
        return _character(what)
    if op is _op.RANGE:
        return f"{_character(what[0])}-{_character(what[1])}"
    if op is _op.CATEGORY and what in _CATEGORIES:
        return _CATEGORIES[what]
    raise _UnwrittenError


def _character(code: int) -> str:
    return chr(code) if chr(code).isalnum() and code < 0x80 else f"\\x{code:02x}"


def _runs(tree: Iterable[Any]) -> list[_Run]:
    """Return the digits that a sequence must have; those that are close are one run."""
    runs: list[_Run] = []
    for op, what in tree:
        runs += _runs_of(op, what)
    return _joined(runs)


def _runs_of(op: Any, what: Any) -> list[_Run]:
    if op is _op.LITERAL or op is _op.IN:
        return [("digits" if _is_digit(op, what) else "gap", 1)]
    if op is _op.NOT_LITERAL or op is _op.ANY:
        return [("gap", 1)]
    if op is _op.AT:
        return []
    if op is _op.SUBPATTERN:
        return _runs(what[-1])
    if op is _op.BRANCH:
        return _either([_runs(way) for way in what[1]])
    if op is _op.MAX_REPEAT:
        least, most = int(what[0]), min(int(what[1]), _FAR)
        sure = min(least, _SURE)
        widest = _width((0, most - sure, what[2]))
        optional = [("gap", widest)] if most > sure else []
        return _runs(what[2]) * sure + optional
    return [("gap", _FAR)]


def _width(repeat: Any) -> int:
    _, most, what = repeat
    return min(int(most), _FAR) * min(int(what.getwidth()[1]), _FAR)


def _is_digit(op: Any, what: Any) -> bool:
    if op is _op.LITERAL:
        return what in _DIGITS
    return all(
        (kind is _op.LITERAL and each in _DIGITS)
        or (kind is _op.RANGE and _DIGITS.issuperset(range(each[0], each[1] + 1)))
        or (kind is _op.CATEGORY and each is _op.CATEGORY_DIGIT)
        for kind, each in what
    )


def _either(ways: Sequence[list[_Run]]) -> list[_Run]:
    """Return what all ways have: one run of digits, and how far it is from either end."""
    count = min(map(_most, ways), default=0)
    widths = [sum(size for _, size in way) for way in ways]
    if not count:
        return [("gap", max(widths, default=0))]
    ends = [_ends(way) for way in ways]
    before, after = (max(each[i] for each in ends) for i in (0, 1))
    return [("gap", before), ("digits", count), ("gap", after)]


def _ends(way: list[_Run]) -> tuple[int, int]:
    """Return what stands before and behind the only run of digits; far where there are more."""
    at = [i for i, (kind, _) in enumerate(way) if kind == "digits"]
    if len(at) != 1:
        return _FAR, _FAR
    return sum(size for _, size in way[: at[0]]), sum(size for _, size in way[at[0] + 1 :])


def _joined(runs: Iterable[_Run]) -> list[_Run]:
    out: list[_Run] = []
    for kind, size in runs:
        if out and out[-1][0] == kind:
            out[-1] = (kind, out[-1][1] + size)
            continue
        out.append((kind, size))
    at = 1
    while at < len(out) - 1:
        if out[at][0] == "gap" and out[at][1] <= _GAP:
            out[at - 1 : at + 2] = [("digits", out[at - 1][1] + out[at + 1][1])]
        else:
            at += 1
    return out


def _most(runs: Iterable[_Run]) -> int:
    return max((size for kind, size in runs if kind == "digits"), default=0)
