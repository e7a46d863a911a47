"""How the evidence of a required clause came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from clinigate.controls import Control, Mode
from clinigate.core.verdict import Status, worst
from clinigate.evidence.times import parse_timestamp
from clinigate.gate.entries import ControlEntry, CriterionEntry, Effect
from clinigate.gate.policy import Demand
from clinigate.gate.records import Attestation
from clinigate.gate.waivers import RecordBook

__all__ = ["control_entry"]


def control_entry(
    control: Control,
    entries: Sequence[CriterionEntry],
    book: RecordBook,
    *,
    age: timedelta,
    now: datetime,
) -> ControlEntry:
    """Decide one required clause.

    An *auto* clause takes criteria that speak to it, an *attest* clause a fresh attestation, a
    *hybrid* one both. An Addressable clause that nothing shows may rest on the documented decision
    not to implement it. A waiver may stand in for evidence that is missing or stale, and the clause
    then reads "non-compliant, risk accepted". Neither outweighs a criterion that shuts the gate.

    Args:
        control: the clause.
        entries: every criterion at the gate.
        book: the records that count.
        age: of the oldest evidence.
        now: the time of the decision.
    """
    shown = _by_attestation(control, book, now)
    if control.mode is not Mode.ATTEST:
        tried = _by_criteria(control, entries, age)
        shown = tried if control.mode is Mode.AUTO else _both(tried, shown)
    waiver = book.waiver_of(control=control.id)
    blocked = any(entry.effect is Effect.SHUTS for entry in entries if _serves(entry, control))
    decision = book.decision_of(control.id)
    if shown.effect is Effect.SHUTS and not blocked and decision is not None:
        reason = f"not implemented, by decision until {decision.fresh_until}: {decision.measure}"
        until = decision.fresh_until
        return replace(shown, effect=Effect.SATISFIED, reason=reason, attested_until=until)
    if shown.effect is Effect.SHUTS and not blocked and waiver is not None:
        reason = f"non-compliant, risk accepted until {waiver.until}: {shown.reason}"
        return replace(shown, effect=Effect.WAIVED, reason=reason, waiver=waiver)
    return shown


def _by_criteria(
    control: Control, entries: Sequence[CriterionEntry], age: timedelta
) -> ControlEntry:
    serving = [entry for entry in entries if _serves(entry, control)]
    ids = tuple(entry.criterion.id for entry in serving)
    if not serving:
        reason = "no required criterion speaks to it"
        return ControlEntry(control, Status.NOT_ASSESSED, Effect.SHUTS, reason)
    status = worst(entry.verdict.status for entry in serving)
    shutting = [entry.criterion.id for entry in serving if entry.effect is Effect.SHUTS]
    waived = [entry for entry in serving if entry.effect is Effect.WAIVED]
    if shutting:
        reason = f"not shown by {', '.join(shutting)}"
        return ControlEntry(control, status, Effect.SHUTS, reason, ids)
    if control.fresh_days is not None and age > timedelta(days=control.fresh_days):
        reason = f"the evidence is older than {control.fresh_days} days"
        return ControlEntry(control, Status.INCONCLUSIVE, Effect.SHUTS, reason, ids)
    if waived:
        until = min(entry.waiver.until for entry in waived if entry.waiver is not None)
        reason = f"non-compliant, risk accepted until {until}"
        return ControlEntry(control, status, Effect.WAIVED, reason, ids, waiver=waived[0].waiver)
    reason = f"{len(serving)} required criteria passed"
    return ControlEntry(control, status, Effect.SATISFIED, reason, ids)


def _serves(entry: CriterionEntry, control: Control) -> bool:
    """Whether a criterion counts for the clause: what a policy only reports shows nothing."""
    counts = entry.demand is Demand.REQUIRED or entry.effect in (Effect.SHUTS, Effect.WAIVED)
    return counts and control.id in entry.criterion.controls


def _by_attestation(control: Control, book: RecordBook, now: datetime) -> ControlEntry:
    record = book.attestation_of(control.id)
    if record is None or not isinstance(record.terms, Attestation):
        reason = "no attestation of it counts"
        return ControlEntry(control, Status.NOT_ASSESSED, Effect.SHUTS, reason)
    if control.fresh_days is not None:
        end = parse_timestamp(record.issued) + timedelta(days=control.fresh_days)
        if now >= end:
            reason = f"its attestation is older than {control.fresh_days} days"
            return ControlEntry(control, Status.INCONCLUSIVE, Effect.SHUTS, reason)
    until = record.terms.fresh_until
    return ControlEntry(
        control,
        Status.PASS,
        Effect.SATISFIED,
        f"attested until {until}",
        attested_until=until,
    )


def _both(tried: ControlEntry, attested: ControlEntry) -> ControlEntry:
    """A hybrid clause stands no better than the worse half of its evidence."""
    order = (Effect.SHUTS, Effect.WAIVED, Effect.REPORTED, Effect.SATISFIED)
    effect = min((tried.effect, attested.effect), key=order.index)
    return replace(
        tried,
        status=worst((tried.status, attested.status)),
        effect=effect,
        reason=f"{tried.reason}; {attested.reason}",
        attested_until=attested.attested_until,
    )
