"""A gate decision as a report shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from clinigate.reports.model import CriterionRow, GateClause, GateRow, GateView, Tone
from clinigate.reports.rows import ruler_of
from clinigate.reports.sealed import RecordFact

if TYPE_CHECKING:  # the terminal's table must not load policies and envelopes
    from clinigate.gate.decision import Decision
    from clinigate.gate.entries import AppliedWaiver, ControlEntry, CriterionEntry

__all__ = ["gate_view", "unsaid"]

_WORDS: Mapping[str, str] = {
    "opened": "OPEN",
    "shut": "SHUT",
    "unfinished": "UNFINISHED",
    "integrity": "INTEGRITY BROKEN",
}
_TONES: Mapping[str, Tone] = {
    "satisfied": Tone.GOOD,
    "waived": Tone.OPEN,
    "reported": Tone.NEUTRAL,
    "shuts": Tone.BAD,
}


def gate_view(decision: Decision, units: Mapping[str, str] = MappingProxyType({})) -> GateView:
    """Return what a report shows of a decision.

    Args:
        decision: the gate's.
        units: of the metrics that the report's own run measured.
    """
    return GateView(
        opens=decision.opens,
        word=_WORDS[decision.outcome],
        certifies=decision.certifies,
        environment=decision.environment,
        policy=decision.policy,
        policy_digest=decision.policy_digest,
        evaluated_at=decision.evaluated_at,
        bundles=decision.bundles,
        rows=tuple(_row(entry, units) for entry in decision.criteria),
        clauses=tuple(_clause(entry) for entry in decision.controls),
        reasons=decision.reasons,
        gaps=decision.gaps,
        waivers=tuple(_waivers(decision)),
    )


def _row(entry: CriterionEntry, units: Mapping[str, str]) -> GateRow:
    return GateRow(
        criterion=entry.criterion.id,
        title=entry.criterion.title or entry.criterion.id,
        status=entry.verdict.status,
        limit=ruler_of(entry.verdict, units.get(entry.verdict.metric)).limit_text(),
        reason=entry.verdict.reason,
        demand=str(entry.demand) if entry.named else "not named",
        effect=str(entry.effect),
        tone=_TONES[entry.effect],
        note=entry.note,
    )


def _clause(entry: ControlEntry) -> GateClause:
    return GateClause(
        citation=entry.control.citation,
        title=entry.control.title,
        status=entry.status,
        effect=str(entry.effect),
        tone=_TONES[entry.effect],
        reason=entry.reason,
        served_by=entry.served_by,
    )


def _waivers(decision: Decision) -> Iterator[RecordFact]:
    """Each waiver once; a clause may stand by the one of its criterion."""
    listed = set()
    of_criteria = ((entry.criterion.id, entry.waiver) for entry in decision.criteria)
    of_clauses = ((entry.control.id, entry.waiver) for entry in decision.controls)
    for about, waiver in (*of_criteria, *of_clauses):
        if waiver is not None and waiver.record not in listed:
            listed.add(waiver.record)
            yield _waiver(about, waiver)


def _waiver(about: str, waiver: AppliedWaiver) -> RecordFact:
    return RecordFact(
        kind="waiver",
        about=about,
        signer=waiver.approver,
        reason=waiver.reason,
        expires_at=waiver.until,
        requested_by=waiver.requester,
        measure=waiver.compensating_measure,
        digest=waiver.record,
        owner=waiver.owner or "",
    )


def unsaid(sentences: Sequence[str], rows: Iterable[CriterionRow]) -> tuple[str, ...]:
    """Leave out the sentences of a decision that only repeat a criterion's row."""
    said = {f"{row.criterion} is {row.status}: {row.reason}" for row in rows}
    return tuple(sentence for sentence in sentences if sentence not in said)
