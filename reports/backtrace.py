"""Traceability the other way: from evidence to what it shows, and what joins nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clinigate.core.verdict import Status
from clinigate.reports.model import Report
from clinigate.reports.testrecord import TestRecord

__all__ = ["Backward", "backward", "orphans", "tests_of"]


@dataclass(slots=True)
class Backward:
    """One piece of evidence and everything that rests on it."""

    digest: str
    file: str = ""
    criteria: dict[str, None] = field(default_factory=dict)
    controls: dict[str, None] = field(default_factory=dict)


def tests_of(report: Report) -> Mapping[str, TestRecord]:
    """Return the test record of each criterion that has one."""
    return {row.criterion: row.test for row in report.criteria if row.test is not None}


def backward(report: Report) -> tuple[Backward, ...]:
    """Return what rests on each digest, in the order in which the digests first occur."""
    found: dict[str, Backward] = {}
    for row in report.trace:
        for digest in row.evidence:
            each = found.setdefault(digest, Backward(digest, row.file))
            each.criteria.update(dict.fromkeys(filter(None, (row.criterion,))))
            each.controls.update(dict.fromkeys(filter(None, (row.control,))))
    return tuple(found.values())


def orphans(report: Report) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """Return what joins nothing, by kind: a title, the names, and what to say if there are none."""
    judged = [row for row in report.criteria if row.status is not Status.NOT_ASSESSED]
    served = {row.criterion for row in report.trace if row.control}
    checked = {row.criterion for row in report.trace if row.checks}
    unjudged = dict.fromkeys(
        check for row in report.trace if not row.criterion for check in row.checks
    )
    view = report.clauses
    return (
        (
            "Criteria that serve no clause",
            tuple(row.criterion for row in report.criteria if row.criterion not in served),
            "none: each serves one",
        ),
        (
            "Criteria that no check spoke to",
            tuple(row.criterion for row in judged if row.criterion not in checked),
            "none: a check spoke to each that was judged",
        ),
        (
            "Checks whose observations no criterion judges",
            tuple(unjudged),
            "none: each is judged",
        ),
        (
            "Clauses that ask for a check and have none",
            () if view is None else view.unspoken,
            "none",
        ),
        (
            "Clauses cited that no catalogue has",
            () if view is None else view.unknown,
            "none",
        ),
        (
            "Risk controls declared that no verdict speaks to",
            report.unverified_risks,
            "none",
        ),
    )
