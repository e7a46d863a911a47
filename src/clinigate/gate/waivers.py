"""Which records count for this decision, and what they may let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinigate.controls import Requirement, load_catalogue
from clinigate.core.criterion import Criterion
from clinigate.core.measurement import Scope
from clinigate.core.results import Subject
from clinigate.core.verdict import Status
from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.witness import WITNESS_ROLE
from clinigate.gate.entries import AppliedWaiver
from clinigate.gate.policy import MACHINE, Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.record_terms import folded
from clinigate.gate.records import (
    Approval,
    Attestation,
    Decision,
    Record,
    RecordSubject,
    SignOff,
    SubjectKind,
    Waiver,
)

__all__ = ["NEVER_WAIVED", "RecordBook", "open_book", "title_of", "why_not_waivable"]

#: Metrics of which nobody may accept the risk: in the scope of the catalogue whatever the verdict,
#: in any scope once a violation is proven.
NEVER_WAIVED = frozenset({"safety.compliance", "crisis.false_negative_rate"})


@dataclass(frozen=True, slots=True)
class RecordBook:
    """The records that count now, for what was evaluated, signed by those who may.

    Attributes:
        waivers, attestations, decisions: these, the longest-lived last.
        refused: why others do not count, in sentences.
    """

    waivers: tuple[VerifiedRecord, ...]
    attestations: tuple[VerifiedRecord, ...]
    refused: tuple[str, ...]
    decisions: tuple[VerifiedRecord, ...] = ()

    def waiver_of(
        self, *, criterion: str | None = None, control: str | None = None
    ) -> AppliedWaiver | None:
        """Return the longest-lived waiver of a criterion or of a control."""
        for verified in reversed(self.waivers):
            terms, record = verified.record.terms, verified.record
            if not isinstance(terms, Waiver) or record.expires is None:
                continue
            if (terms.criterion, terms.control) == (criterion, control):
                return AppliedWaiver(
                    record=verified.digest,
                    until=record.expires,
                    requester=terms.requester,
                    approver=terms.approver,
                    reason=record.reason,
                    compensating_measure=terms.compensating_measure,
                    owner=terms.owner,
                )
        return None

    def attestation_of(self, control: str) -> Record | None:
        """Return the attestation of a control that stays fresh for longest."""
        for verified in reversed(self.attestations):
            terms = verified.record.terms
            if isinstance(terms, Attestation) and terms.control == control:
                return verified.record
        return None

    def decision_of(self, control: str) -> Decision | None:
        """Return the documented decision not to implement an Addressable clause."""
        for verified in reversed(self.decisions):
            terms = verified.record.terms
            if isinstance(terms, Decision) and terms.control == control:
                return terms
        return None


def open_book(
    policy: Policy,
    records: Sequence[VerifiedRecord],
    *,
    subject: Subject | None,
    statements: Sequence[str],
    now: datetime,
) -> RecordBook:
    """Sort out which records count.

    Approvals are for people to read; sign-offs are looked at by `gate.sign_offs`.

    Args:
        policy: names the roles that may accept a risk or attest.
        records: verified ones.
        subject: what was evaluated; None when no bundle can be believed.
        statements: digests of the bundles' statements.
        now: the time of the decision.
    """
    speakable = (
        set()
        if subject is None
        else {RecordSubject.of_build(subject), RecordSubject.of_system(subject)}
    )
    speakable |= {RecordSubject.of_run(digest) for digest in statements}
    waivers, attestations, decisions, refused = [], [], [], []
    for verified in records:
        record = verified.record
        if not isinstance(record.terms, Waiver | Attestation | Decision):
            continue
        why_not = _why_not(policy, record, speakable, now) or _why_not_build(record, subject)
        if why_not is not None:
            refused.append(f"the {title_of(record)} does not count: {why_not}")
        elif isinstance(record.terms, Waiver):
            waivers.append(verified)
        elif isinstance(record.terms, Decision):
            decisions.append(verified)
        else:
            attestations.append(verified)
    return RecordBook(
        tuple(sorted(waivers, key=lambda each: each.record.expires or "")),
        tuple(sorted(attestations, key=lambda each: _fresh_until(each.record))),
        tuple(refused),
        tuple(sorted(decisions, key=lambda each: _fresh_until(each.record))),
    )


def why_not_waivable(criterion: Criterion, status: Status) -> str | None:
    """Say why no waiver lets this verdict through, or None if one may.

    A check that broke is mended, not waived. Nobody accepts the risk of a zero-tolerance criterion
    or of missed crises. For wordings that the system has not seen, too little data may be accepted
    for a time, a proven miss rate may not.
    """
    if status is Status.ERROR:
        return "the check broke; mend it and run it again"
    beyond = status is Status.FAIL or criterion.scope is Scope.CATALOGUE
    if criterion.zero_tolerance or (criterion.metric in NEVER_WAIVED and beyond):
        return "nobody may accept the risk of this criterion"
    return None


def _why_not(
    policy: Policy, record: Record, speakable: set[RecordSubject], now: datetime
) -> str | None:
    if record.subject not in speakable:
        return f"it speaks of another {record.subject.kind} than the one evaluated"
    signers = record.signers
    if isinstance(record.terms, Waiver):
        approver = record.terms.approver
        signers = tuple(each for each in signers if each.name == approver)
    if not any(signer.role in policy.record_roles for signer in signers):
        roles = ", ".join(policy.record_roles) or "nobody"
        return f"who signed it may not; in {policy.environment} that is for: {roles}"
    return (
        _why_not_accepted(policy, record) or _why_not_decidable(record) or record.why_not_now(now)
    )


def _why_not_accepted(policy: Policy, record: Record) -> str | None:
    """Who asked and who accepts must be two people, by their keys, and not for too long."""
    waiver = record.terms
    if not isinstance(waiver, Waiver):
        return None
    for signer in record.signers:
        if signer.role in (MACHINE, WITNESS_ROLE):
            return f"a {signer.role}'s key signed it; people ask for a waiver and accept it"
    if folded(waiver.requester) not in {folded(each.name) for each in record.signers}:
        return (
            f"{waiver.requester}, who asked, has not signed it, so that nothing shows that "
            "approver and requester are two people; use `clinigate waive request`"
        )
    if record.expires is None:
        return "it never expires"
    lasts = parse_timestamp(record.expires) - parse_timestamp(record.issued)
    if lasts > timedelta(days=policy.max_waiver_days):
        return f"it lasts longer than the {policy.max_waiver_days} days of {policy.environment}"
    return None


def _why_not_decidable(record: Record) -> str | None:
    """Nobody decides against a Required clause. 45 CFR 164.306(d)(2) and (3)."""
    terms = record.terms
    if not isinstance(terms, Decision):
        return None
    known = load_catalogue()
    is_known = terms.control in known
    if is_known and known.get(terms.control).requirement is Requirement.ADDRESSABLE:
        return None
    return f"{terms.control} is not Addressable; only a waiver accepts its risk"


def _why_not_build(record: Record, subject: Subject | None) -> str | None:
    """What is accepted for one build is not accepted for the next, which must look different."""
    if record.subject.kind is not SubjectKind.BUILD or subject is None or subject.names_a_build:
        return None
    return (
        "it speaks of a build, and the subject has neither version nor digests that tell one "
        "build from the next; name them under [subject], or let it speak of the run"
    )


def title_of(record: Record) -> str:
    """Return what a record is, about what and by whom, for a reader."""
    match record.terms:
        case Waiver():
            return f"waiver of {record.terms.covers} by {record.terms.approver}"
        case Attestation():
            return f"attestation of {record.terms.control} by {record.signers[0].name}"
        case Decision():
            return f"decision on {record.terms.control} by {record.signers[0].name}"
        case SignOff():
            return f"sign-off ({record.terms.meaning}) by {record.terms.printed_name}"
        case Approval():
            return f"approval for {record.terms.environment} by {record.signers[0].name}"


def _fresh_until(record: Record) -> str:
    terms = record.terms
    fresh = terms.fresh_until if isinstance(terms, Attestation | Decision) else ""
    return min(fresh, record.expires or fresh)
