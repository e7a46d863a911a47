"""The traceability matrix as CSV: from clause to evidence and back, with what joins nothing.

A line is one clause, one criterion and what was seen. A clause that no criterion speaks to has a
line without one, a criterion that serves no clause one without a clause, and a measurement that
nobody judges one without either: orphans of both sides are rows, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.verdict import Status
from clinigate.reports.clauserows import ClauseRow
from clinigate.reports.model import CriterionRow, Report, TraceRow
from clinigate.reports.overall import WORDS
from clinigate.reports.spreadsheet import table

__all__ = ["COLUMNS", "traceability_csv"]

COLUMNS = (
    "framework",
    "citation",
    "clause",
    "requirement",
    "clause state",
    "why",
    "until",
    "criterion",
    "title",
    "verdict",
    "reason",
    "limit",
    "estimate",
    "bound",
    "size",
    "checks",
    "run",
    "evidence (SHA-256)",
    "evidence not listed",
    "evidence file",
    "statement (SHA-256)",
    "orphan",
)
_NO_CRITERION = "clause without criterion"
_NO_CLAUSE = "criterion without clause"
_UNJUDGED = "measurement without criterion"
_UNKNOWN = "clause unknown to the catalogues"


def traceability_csv(report: Report) -> str:
    """Return the whole matrix of a run; the same report gives the same text."""
    return table(COLUMNS, _rows(report))


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    groups = report.clauses.groups if report.clauses else ()
    clauses = {row.citation: (group.name, row) for group in groups for row in group.rows}
    traced: dict[str, list[TraceRow]] = {}
    for line in report.trace:
        traced.setdefault(line.control, []).append(line)
    desk = _Desk(report)
    for citation, (framework, row) in clauses.items():
        for line in traced.get(citation, ()):
            yield desk.line(framework, row, line, "" if line.criterion else _UNJUDGED)
        if citation not in traced:
            yield desk.line(framework, row, None, _NO_CRITERION)
    for citation, lines in traced.items():
        if citation not in clauses:
            for line in lines:
                yield desk.line("", None, line, _orphan(line))


def _orphan(line: TraceRow) -> str:
    if line.control:
        return _UNKNOWN
    return _NO_CLAUSE if line.criterion else _UNJUDGED


class _Desk:
    """Where the lines of one report are written."""

    def __init__(self, report: Report) -> None:
        self._criteria = {row.criterion: row for row in report.criteria}
        sealed = report.evidence
        self._run = report.run
        self._statement = "not sealed" if sealed is None else sealed.statement_digest or ""

    def line(
        self, framework: str, clause: ClauseRow | None, traced: TraceRow | None, orphan: str
    ) -> tuple[str, ...]:
        """One line of the matrix."""
        citation = traced.control if traced else ""
        return (
            framework,
            *(_of_clause(clause) if clause else (citation, "", "", "", "", "")),
            *self._of_criterion(traced),
            "; ".join(traced.checks) if traced else "",
            self._run,
            "; ".join(traced.evidence) if traced else "",
            str(traced.more) if traced and traced.more else "",
            traced.file if traced else "",
            self._statement,
            orphan,
        )

    def _of_criterion(self, traced: TraceRow | None) -> tuple[str, ...]:
        if traced is None or not traced.criterion:
            return ("", "", WORDS[Status.NOT_ASSESSED], "", "", "", "", "")
        row: CriterionRow | None = self._criteria.get(traced.criterion)
        verdict = WORDS[traced.status] if traced.status else ""
        if row is None:
            return (traced.criterion, "", verdict, "", "", "", "", "")
        return (
            traced.criterion,
            row.title,
            verdict,
            row.reason,
            row.limit,
            row.estimate,
            row.bound,
            row.size,
        )


def _of_clause(row: ClauseRow) -> tuple[str, ...]:
    return (row.citation, row.title, row.requirement, str(row.state), row.why, row.until)
