"""Sentences that differ by one name alone, told as one: a reader stops at the fifth of a kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["grouped"]

#: What a decision says of one criterion, and of one family: a name, and what may be the same.
_ALIKE = (
    re.compile(r"(?P<head>)(?P<name>\w+\.[\w.]+)(?P<tail> is (?:NOT_ASSESSED|INCONCLUSIVE).*)"),
    re.compile(
        r"(?P<head>nothing of )(?P<name>\S+)(?P<tail> was looked at, .*?)(?: \(\d+ criteria\))?"
    ),
)
#: As many of a kind are told one by one.
_FEW = 2


def grouped(sentences: Iterable[str]) -> tuple[str, ...]:
    """Return the sentences with those told together that say the same of several names.

    Each group stands where its first sentence stood.
    """
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for sentence in sentences:
        key, name = _parts(sentence)
        groups.setdefault(key, []).append((name, sentence))
    return tuple(told for key, group in groups.items() for told in _told(key, group))


def _parts(sentence: str) -> tuple[tuple[str, str], str]:
    for pattern in _ALIKE:
        if found := pattern.fullmatch(sentence):
            return (found["head"], found["tail"]), found["name"]
    return (sentence, ""), ""


def _told(key: tuple[str, str], group: Sequence[tuple[str, str]]) -> list[str]:
    if len(group) <= _FEW or not key[1]:
        return [sentence for _, sentence in group]
    head, tail = key
    if head:
        return [f"{head}{', '.join(name for name, _ in group)}{tail}"]
    return [f"{len(group)} criteria:{tail.removeprefix(' is')}: {', '.join(n for n, _ in group)}"]
