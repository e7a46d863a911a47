"""How each clause stands, in OSCAL: a finding for every clause, a risk for every waiver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from clinigate.controls.catalogue import ControlCatalogue
from clinigate.controls.oscal_terms import Plain, objective_id, prop, uuid_of
from clinigate.controls.standing import State
from clinigate.core.results import Results
from clinigate.reports.clauserows import ClauseRow
from clinigate.reports.model import Report
from clinigate.reports.oscal_observations import observation_uuid, prose, said, word_uuid
from clinigate.reports.sealed import RecordFact

__all__ = ["findings_of", "risks_of"]

#: State of a clause to OSCAL's word for it, and OSCAL's reason. Nothing but what was shown or
#: attested is satisfied.
_STATUS: Mapping[State, tuple[str, str]] = MappingProxyType(
    {
        State.PASSED: ("satisfied", "pass"),
        State.ATTESTED: ("satisfied", "other"),
        State.FAILED: ("not-satisfied", "fail"),
        State.WAIVED: ("not-satisfied", "fail"),
        State.ERROR: ("not-satisfied", "other"),
        State.INCONCLUSIVE: ("not-satisfied", "other"),
        State.NOT_ASSESSED: ("not-satisfied", "other"),
    }
)


def findings_of(
    rows: Sequence[ClauseRow], catalogue: ControlCatalogue, *, results: Results, report: Report
) -> list[Plain]:
    """Return a finding for each clause, gaps included."""
    desk = _Desk(rows, catalogue, results, report)
    return [desk.finding(row) for row in rows]


def risks_of(results: Results, report: Report) -> list[Plain]:
    """Return a risk for each waiver that let something through the gate."""
    judged = {verdict.criterion for verdict in results.verdicts}
    return [_risk(results.run, waiver, judged) for waiver in _waivers(report)]


def _waivers(report: Report) -> Iterator[RecordFact]:
    yield from (each for each in report.records if each.kind == "waiver" and not each.refused)


def _risk_uuid(run: str, waiver: RecordFact) -> str:
    return uuid_of("risk", run, waiver.digest or waiver.about)


def _risk(run: str, waiver: RecordFact, judged: set[str]) -> Plain:
    risk: Plain = {
        "uuid": _risk_uuid(run, waiver),
        "title": prose(f"Accepted: {waiver.about}"),
        "description": prose(waiver.reason),
        "statement": prose(f"{waiver.about} is not shown, and the risk is accepted for a time."),
        "props": [
            prop("approver", said(waiver.signer)),
            prop("requester", said(waiver.requested_by)),
            prop("record", said(waiver.digest)),
        ],
        "status": "deviation-approved",
        "mitigating-factors": [
            {
                "uuid": uuid_of("measure", run, waiver.digest or waiver.about),
                "description": prose(waiver.measure),
            }
        ],
    }
    if waiver.expires_at:
        risk["deadline"] = waiver.expires_at
    if waiver.about in judged:
        risk["related-observations"] = [{"observation-uuid": observation_uuid(run, waiver.about)}]
    return risk


class _Desk:
    """Where the findings of one run are written."""

    def __init__(
        self,
        rows: Sequence[ClauseRow],
        catalogue: ControlCatalogue,
        results: Results,
        report: Report,
    ) -> None:
        every = report.clauses.rows if report.clauses else ()
        self._rows = {row.id: row for row in (*every, *rows)}
        self._catalogue, self._run = catalogue, results.run
        self._judged = {verdict.criterion for verdict in results.verdicts}
        self._waivers = tuple(_waivers(report))

    def finding(self, row: ClauseRow) -> Plain:
        """How one clause stands, and by what."""
        state, reason = _STATUS[row.state]
        seen = [
            observation_uuid(self._run, each)
            for each in self._criteria(row, set())
            if each in self._judged
        ]
        if row.state is State.ATTESTED:
            seen.append(word_uuid(self._run, row.id))
        finding: Plain = {
            "uuid": uuid_of("finding", self._run, row.id),
            "title": prose(f"{row.citation}: {row.title}"),
            "description": prose(row.why),
            "props": list(_props(row)),
            "target": {
                "type": "objective-id",
                "target-id": objective_id(self._catalogue.get(row.id)),
                "status": {"state": state, "reason": reason, "remarks": prose(str(row.state))},
            },
        }
        if seen:
            finding["related-observations"] = [
                {"observation-uuid": each} for each in dict.fromkeys(seen)
            ]
        risks = [_risk_uuid(self._run, waiver) for waiver in self._waivers if _is_of(waiver, row)]
        if risks:
            finding["related-risks"] = [{"risk-uuid": each} for each in dict.fromkeys(risks)]
        return finding

    def _criteria(self, row: ClauseRow, visited: set[str]) -> tuple[str, ...]:
        """The criteria that speak to a clause, and to those that show it, in turn."""
        visited.add(row.id)
        found = [*row.criteria]
        for other in row.shown_by:
            if other in self._rows and other not in visited:
                found += self._criteria(self._rows[other], visited)
        return tuple(dict.fromkeys(found))


def _props(row: ClauseRow) -> Iterator[Plain]:
    yield prop("state", said(str(row.state)))
    yield prop("shown-by", said(row.mode))
    if row.requirement:
        yield prop("requirement", said(row.requirement.lower()))
    if row.until:
        yield prop("until", said(row.until))


def _is_of(waiver: RecordFact, row: ClauseRow) -> bool:
    return row.state is State.WAIVED and waiver.about in (row.id, row.citation, *row.criteria)
