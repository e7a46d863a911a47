"""Findings grouped for a reader: all of them counted, a few from every part shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from clinigate.core.flaw import Flaw
from clinigate.core.observation import Finding
from clinigate.reports.model import FindingGroup, FindingRow
from clinigate.reports.text import shortened

__all__ = ["group_findings"]

#: Findings shown of one metric and of one part of it; parts listed; characters of an excerpt.
MAX_SHOWN = 24
MAX_OF_PART = 6
MAX_PARTS = 40
MAX_EXCERPT = 600


def group_findings(findings: Iterable[Finding]) -> tuple[FindingGroup, ...]:
    """Group findings by metric, the metric with the most first.

    Large runs have thousands: of each metric at most `MAX_SHOWN` are shown, taken from its parts
    in turn and at most `MAX_OF_PART` of each, so that a frequent failure does not hide a rare one.
    """
    by_metric: dict[str, list[Finding]] = {}
    for finding in findings:
        by_metric.setdefault(finding.metric, []).append(finding)
    ordered = sorted(by_metric.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        _group(f"f{number}", metric, members)
        for number, (metric, members) in enumerate(ordered, start=1)
    )


def _group(anchor: str, metric: str, findings: Sequence[Finding]) -> FindingGroup:
    remarks = [finding for finding in findings if _is_remark(finding)]
    cases = sorted((each for each in findings if not _is_remark(each)), key=_gravity)
    by_part: dict[str, list[Finding]] = {}
    for finding in cases:
        by_part.setdefault(_part(finding), []).append(finding)
    parts = sorted(
        by_part.items(), key=lambda item: (_accepted(item[1][0]), -len(item[1]), item[0])
    )
    turns = _in_turn([members for _, members in parts])
    shown = [finding for finding, _ in zip(turns, range(MAX_SHOWN), strict=False)]
    return FindingGroup(
        anchor=anchor,
        metric=metric,
        total=len(cases),
        parts=tuple((name, len(members)) for name, members in parts[:MAX_PARTS]),
        rows=tuple(_row(finding) for finding in shown),
        remarks=tuple(shortened(finding.message, MAX_EXCERPT) for finding in remarks[:MAX_SHOWN]),
        more_parts=max(0, len(parts) - MAX_PARTS),
        accepted=sum(_accepted(finding) for finding in cases),
    )


def _part(finding: Finding) -> str:
    """The part of the data that a finding belongs to; a scan's are told apart by their rule."""
    if finding.flaw is None:
        return finding.where or "elsewhere"
    return "accepted" if finding.flaw.accepted else finding.flaw.rule


def _gravity(finding: Finding) -> int:
    return 0 if finding.flaw is None else finding.flaw.severity.rank


def _accepted(finding: Finding) -> bool:
    return finding.flaw is not None and finding.flaw.accepted is not None


def _is_remark(finding: Finding) -> bool:
    shows = (finding.case_id, finding.where, finding.stimulus, finding.excerpt, finding.flaw)
    return not any(shows)


def _in_turn(queues: Sequence[Sequence[Finding]]) -> Iterator[Finding]:
    for turn in range(MAX_OF_PART):
        for queue in queues:
            if turn < len(queue):
                yield queue[turn]


def _row(finding: Finding) -> FindingRow:
    return FindingRow(
        message=shortened(finding.message, MAX_EXCERPT),
        case_id=finding.case_id,
        where=finding.where,
        stimulus=None if finding.stimulus is None else shortened(finding.stimulus, MAX_EXCERPT),
        excerpt=None if finding.excerpt is None else shortened(finding.excerpt, MAX_EXCERPT),
        **({} if finding.flaw is None else _flaw(finding.flaw)),
    )


def _flaw(flaw: Flaw) -> dict[str, str | None]:
    return {
        "rule": f"{flaw.rule} · {flaw.severity} · {', '.join(flaw.tools)}",
        "place": shortened(str(flaw.place), MAX_EXCERPT),
        "fix": shortened(flaw.fix, MAX_EXCERPT) or None,
        "accepted": flaw.accepted,
    }
