"""What people signed, as a report shows it."""

from __future__ import annotations

from collections.abc import Iterable

from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.records import Approval, Attestation, Decision, SignOff
from clinigate.reports.sealed import RecordFact

__all__ = ["record_facts"]


def record_facts(records: Iterable[VerifiedRecord]) -> tuple[RecordFact, ...]:
    """Return verified attestations, approvals and sign-offs for `EvidenceFacts.records`.

    Waivers are left out: whether one counts is the gate's to say. Those that do come with its
    decision, those that do not stand among its gaps.
    """
    return tuple(_fact(each) for each in records if each.record.kind != "waiver")


def _fact(verified: VerifiedRecord) -> RecordFact:
    record = verified.record
    about, meaning, ends = f"{record.subject.kind} {record.subject.digest}", "", record.expires
    signed_here, components = "", ""
    match record.terms:
        case (
            Attestation(control=control, fresh_until=fresh_until)
            | Decision(control=control, fresh_until=fresh_until)
        ):
            about, ends = control, fresh_until
        case Approval(environment=environment):
            about = environment
        case SignOff(meaning=stated, signed_local=local, components=known_by):
            meaning = str(stated)
            signed_here, components = local or "", ", ".join(known_by)
        case _:
            pass
    return RecordFact(
        kind=str(record.kind),
        about=about,
        signer="; ".join(f"{signer.name}, {signer.role}" for signer in record.signers),
        reason=record.reason,
        signed_at=record.issued,
        expires_at=ends or "",
        meaning=meaning,
        keyid=", ".join(signer.keyid for signer in record.signers),
        digest=verified.digest,
        signed_here=signed_here,
        components=components,
    )
