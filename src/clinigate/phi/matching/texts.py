"""Texts that every match of an expression holds."""

from __future__ import annotations

import re
import re._constants as _op  # type: ignore[import-not-found]
import re._parser as _parser  # type: ignore[import-not-found]
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

__all__ = ["MOST", "needs", "required", "worth"]

#: So many texts are looked for at once, at most; none is longer.
MOST = 64


@lru_cache(maxsize=1024)
def required(pattern: str) -> frozenset[bytes]:
    """Return texts, in lower case, of which each match of an expression holds one; or none."""
    tree = _parser.parse(pattern.encode("ascii"), re.MULTILINE)
    return max(needs(tree), key=worth, default=frozenset())


def worth(texts: frozenset[bytes]) -> tuple[int, int]:
    """Return how much texts say: the length of the shortest, and how few they are."""
    return min(map(len, texts), default=0), -len(texts)


def needs(tree: Iterable[Any]) -> Iterator[frozenset[bytes]]:
    """Yield sets of texts of each of which a match of a sequence holds one."""
    run = bytearray()
    for op, argument in tree:
        if op is _op.LITERAL:
            run += bytes((argument,)).lower()
            continue
        if run:
            yield frozenset({bytes(run)})
            run = bytearray()
        yield from _needs_of(op, argument)
    if run:
        yield frozenset({bytes(run)})


def _needs_of(op: Any, argument: Any) -> Iterator[frozenset[bytes]]:
    certain = op in (_op.MAX_REPEAT, _op.POSSESSIVE_REPEAT) and argument[0] > 0
    if op is _op.SUBPATTERN or certain:
        yield from needs(argument[-1])
    elif op is _op.BRANCH:
        ways = [max(needs(way), key=worth, default=frozenset()) for way in argument[1]]
        if all(ways):
            texts = frozenset[bytes]().union(*ways)
            if len(texts) <= MOST:
                yield texts
