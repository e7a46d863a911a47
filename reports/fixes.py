"""What to fix first: everything that is not PASS, what shuts the gate and hurts most at the top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clinigate.core.verdict import Status
from clinigate.reports.model import CriterionRow, FindingGroup, FindingRow, Report, Tone

__all__ = ["FixRow", "fix_rows"]

#: Examples shown of one criterion.
MAX_EXAMPLES = 2

_ORDER = (Status.FAIL, Status.ERROR, Status.INCONCLUSIVE, Status.NOT_ASSESSED)
_TODO = {
    Status.FAIL: "Mend it, and run again",
    Status.ERROR: "Mend the check or its set-up: nothing is known until it runs",
    Status.INCONCLUSIVE: "Collect more",
    Status.NOT_ASSESSED: "Make it possible to look, or say why it does not apply",
}


@dataclass(frozen=True, slots=True)
class FixRow:
    """One thing to do.

    Attributes:
        row: the criterion. shuts: whether it keeps the gate shut.
        todo: what is to be done. examples: findings that show it.
        findings: anchor of all findings, empty where there are none, and `total` of them.
        repro: the command that replays one case, or empty.
    """

    row: CriterionRow
    shuts: bool
    todo: str
    examples: tuple[FindingRow, ...] = ()
    findings: str = ""
    total: int = 0
    repro: str = ""


def fix_rows(report: Report) -> tuple[FixRow, ...]:
    """Return what is to be done, what shuts the gate first, then by gravity and size."""
    effects = {row.criterion: row.tone for row in report.gate.rows} if report.gate else {}
    groups = {group.metric: group for group in report.findings}
    rows = [
        _fix(row, groups.get(row.metric), shuts=_shuts(row, effects))
        for row in report.criteria
        if row.status is not Status.PASS
    ]
    return tuple(
        sorted(rows, key=lambda fix: (not fix.shuts, _ORDER.index(fix.row.status), -fix.total))
    )


def _shuts(row: CriterionRow, effects: Mapping[str, Tone]) -> bool:
    return effects.get(row.criterion) is Tone.BAD


def _fix(row: CriterionRow, group: FindingGroup | None, *, shuts: bool) -> FixRow:
    todo = _TODO[row.status]
    if row.status is Status.INCONCLUSIVE and row.need:
        todo = row.need
    if group is None or not group.total or row.status not in (Status.FAIL, Status.ERROR):
        return FixRow(row, shuts, todo)
    open_ones = [each for each in group.rows if not each.accepted]
    case = next((each.case_id for each in open_ones if each.case_id), None)
    return FixRow(
        row=row,
        shuts=shuts,
        todo=next((each.fix for each in open_ones if each.fix), todo) or todo,
        examples=tuple(open_ones[:MAX_EXAMPLES]),
        findings=group.anchor,
        total=group.total,
        repro=f"clinigate repro {case}" if case else "",
    )
