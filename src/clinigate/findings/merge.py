"""One finding where several tools saw the same weakness at the same place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from clinigate.core.flaw import Flaw, Place
from clinigate.findings.model import Found, in_order

__all__ = ["deduplicate", "grouped"]

#: Names of one vulnerability each; its weakness is that of a thousand others.
_ADVISORY = re.compile(r"GHSA(?:-\w{4}){3}|[A-Z]+-\d{4}[-:]\d+")

_NONE: Mapping[str, str] = MappingProxyType({})


def deduplicate(found: Iterable[Found], *, same: Mapping[str, str] = _NONE) -> list[Found]:
    """Return the findings, those of different tools on one weakness at one place made one.

    The gravest stands for all, and its `tools` name everybody who saw it. It is accepted where a
    finding of the same rule was: accept first, then merge. Two findings of one tool are never
    merged.

    Two rules are the same if they are equal, or if `same` gives them one name. Two places are the
    same if the files are, and the lines overlap or the symbols agree. Rules that differ mean the
    same weakness if both name a common CWE and begin on the same line; what was accepted by the
    name of one of them says nothing of the other. An advisory is the same as one of its name only.

    Args:
        found: findings of any number of scanners.
        same: a rule's other name: its alias among CVE, GHSA and PYSEC ids, or the name that this
            and another scanner's rule share.
    """
    return [merged for merged, _ in grouped(found, same=same)]


def grouped(
    found: Iterable[Found], *, same: Mapping[str, str] = _NONE
) -> list[tuple[Found, tuple[Found, ...]]]:
    """Return each merged finding with those that it stands for, the one that leads it first.

    Arguments and rules as `deduplicate`.
    """
    groups: list[list[Found]] = []
    merged: list[Found] = []
    by_uri: dict[str, list[int]] = {}
    for each in sorted(found, key=_gravest_first):
        places = by_uri.setdefault(each.flaw.place.uri, [])
        twin = next((i for i in places if _is_twin(merged[i].flaw, each.flaw, same)), None)
        if twin is None:
            places.append(len(merged))
            merged.append(each)
            groups.append([each])
        else:
            merged[twin] = _joined(merged[twin], each)
            groups[twin].append(each)
    pairs = zip(merged, map(tuple, groups), strict=True)
    return sorted(pairs, key=lambda pair: in_order(pair[0]))


def _gravest_first(found: Found) -> tuple[object, ...]:
    return (found.flaw.severity.rank, found.flaw.tools, in_order(found))


def _is_twin(kept: Flaw, other: Flaw, same: Mapping[str, str]) -> bool:
    if set(kept.tools) & set(other.tools):
        return False
    named = same.get(kept.rule, kept.rule) == same.get(other.rule, other.rule)
    if named:
        return _same_place(kept.place, other.place)
    if _ADVISORY.fullmatch(kept.rule) or _ADVISORY.fullmatch(other.rule):
        return False
    if (kept.accepted is None) != (other.accepted is None):
        return False
    begins = kept.place.line is not None and kept.place.line == other.place.line
    return begins and not set(kept.cwe).isdisjoint(other.cwe)


def _same_place(one: Place, other: Place) -> bool:
    if one.symbol is not None and one.symbol == other.symbol:
        return True
    if one.line is None or other.line is None:
        # A file or package as a whole: nothing tells the two apart, unless both name a symbol.
        return one.symbol is None or other.symbol is None
    return one.line <= (other.end_line or other.line) and other.line <= (one.end_line or one.line)


def _joined(kept: Found, other: Found) -> Found:
    ours, theirs = kept.flaw, other.flaw
    flaw = replace(
        ours,
        tools=tuple(sorted({*ours.tools, *theirs.tools})),
        cwe=tuple(sorted({*ours.cwe, *theirs.cwe})),
        accepted=ours.accepted or theirs.accepted,
    )
    return replace(kept, flaw=flaw)
