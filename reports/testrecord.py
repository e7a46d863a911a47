"""One test as a validation record has it: expected, actual, evidence, and what it leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from clinigate.core.verdict import Status
from clinigate.reports.tried import Tried, tried_for

if TYPE_CHECKING:  # the model has a test record in each criterion's row
    from clinigate.reports.model import CriterionRow, TraceRow

__all__ = ["NO_RISKS", "TestRecord", "unverified", "with_tests"]

NO_RISKS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TestRecord:
    """What was done for one criterion.

    Attributes:
        expected: what must hold. actual: what was found.
        checks: ids of what looked. controls: citations of the clauses that it serves.
        risks: ids of the risk controls (ISO 14971) whose effect it verifies, as declared.
        tried: how it was tried, None where nobody has written it down.
        evidence: SHA-256 of what was recorded. more: digests that are not listed.
        file: the sealed file that the digest is of, where nothing was recorded apart.
    """

    __test__ = False  # pytest takes what begins with Test for one of its own

    expected: str
    actual: str
    checks: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    tried: Tried | None = None
    evidence: tuple[str, ...] = ()
    more: int = 0
    file: str = ""


def with_tests(
    rows: Iterable[CriterionRow],
    trace: Sequence[TraceRow],
    risks: Mapping[str, tuple[str, ...]] = NO_RISKS,
) -> tuple[CriterionRow, ...]:
    """Return the rows, each with its test record.

    Args:
        rows: one for each criterion.
        trace: what leads from clauses to evidence.
        risks: ids of risk controls by criterion or metric, with `*` for many.
    """
    lines: dict[str, list[TraceRow]] = {}
    for line in trace:
        if line.criterion:
            lines.setdefault(line.criterion, []).append(line)
    return tuple(
        replace(row, test=_record(row, lines.get(row.criterion, ()), _risks_of(row, risks)))
        for row in rows
    )


def unverified(
    rows: Iterable[CriterionRow], risks: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the declared risk controls that no criterion with a verdict on evidence verifies."""
    judged = [row for row in rows if row.status is not Status.NOT_ASSESSED]
    verified = {each for row in judged for each in _risks_of(row, risks)}
    return _once(each for ids in risks.values() for each in ids if each not in verified)


def _risks_of(row: CriterionRow, risks: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return _once(
        each
        for pattern, ids in risks.items()
        if fnmatchcase(row.criterion, pattern) or fnmatchcase(row.metric, pattern)
        for each in ids
    )


def _record(row: CriterionRow, lines: Sequence[TraceRow], risks: tuple[str, ...]) -> TestRecord:
    digests = _once(digest for line in lines for digest in line.evidence)
    return TestRecord(
        expected=f"{row.title}: {row.limit}",
        actual=row.reason,
        checks=_once(check for line in lines for check in line.checks),
        controls=_once(line.control for line in lines if line.control),
        risks=risks,
        tried=tried_for(row.metric),
        evidence=digests,
        more=max((line.more for line in lines), default=0),
        file=next((line.file for line in lines if line.file), ""),
    )


def _once(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
