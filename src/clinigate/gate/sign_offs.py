"""Whose signatures under a run a policy asks for, and whether they are there.

Each demanded sign-off needs a person of its own: two signatures of one person, by however many
keys or spellings of the name, are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.witness import WITNESS_ROLE
from clinigate.gate.bundles import GateInput
from clinigate.gate.entries import Gravity, Reason
from clinigate.gate.policy import MACHINE, Policy, SignOffDemand
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.record_terms import SignOff, folded
from clinigate.gate.records import Record, RecordSubject

__all__ = ["gaps_of_sign_offs", "reasons_of_sign_offs", "unmet"]

#: Clocks of signer and sealer may disagree by this much.
_CLOCK_SKEW = timedelta(minutes=5)


def reasons_of_sign_offs(
    policy: Policy, bundles: Sequence[GateInput], records: Sequence[VerifiedRecord], now: datetime
) -> Iterator[Reason]:
    """Yield a reason for each demanded sign-off that a bundle lacks."""
    if not policy.sign_offs:
        return
    for bundle in bundles:
        if bundle.statement_digest is None or bundle.problems:
            continue  # shut already, by its own reason
        held = [each for each in _of(bundle, records) if _why_not(each, bundle, now) is None]
        for demand in unmet(policy.sign_offs, held):
            yield Reason(
                Gravity.REFUSED,
                f"bundle {bundle.name!r} lacks a sign-off: {demand.meaning} by the role "
                f"{demand.role}, of somebody who gave no other that counts here; "
                f"`clinigate sign --meaning {demand.meaning}` gives one",
            )


def gaps_of_sign_offs(
    bundles: Sequence[GateInput], records: Sequence[VerifiedRecord], now: datetime
) -> Iterator[str]:
    """Yield why sign-offs of these bundles do not count."""
    for bundle in bundles:
        for record in _of(bundle, records):
            why = _why_not(record, bundle, now)
            if why is not None:
                yield f"the sign-off by {record.signers[0].name} does not count: {why}"


def unmet(demands: Sequence[SignOffDemand], held: Sequence[Record]) -> list[SignOffDemand]:
    """Return the demands that are left over when each person meets at most one of them."""
    said: dict[str, set[SignOffDemand]] = {}
    for record in held:
        if isinstance(record.terms, SignOff):
            person = said.setdefault(folded(record.terms.printed_name), set())
            person.add(SignOffDemand(record.terms.meaning, record.signers[0].role))
    meets: dict[str, int] = {}

    def met(index: int, asked: set[str]) -> bool:
        """Whether somebody meets the demand, others being moved to what else they can meet."""
        for person, can in said.items():
            if demands[index] in can and person not in asked:
                asked.add(person)
                if person not in meets or met(meets[person], asked):
                    meets[person] = index
                    return True
        return False

    return [demand for index, demand in enumerate(demands) if not met(index, set())]


def _of(bundle: GateInput, records: Sequence[VerifiedRecord]) -> Iterator[Record]:
    if bundle.statement_digest is None:
        return
    subject = RecordSubject.of_run(bundle.statement_digest)
    for verified in records:
        if verified.record.subject == subject and isinstance(verified.record.terms, SignOff):
            yield verified.record


def _why_not(record: Record, bundle: GateInput, now: datetime) -> str | None:
    if record.signers[0].role in (MACHINE, WITNESS_ROLE):
        return f"a {record.signers[0].role}'s key signed it; a person has to"
    if bundle.sealed_at is not None:
        sealed = parse_timestamp(bundle.sealed_at)
        if sealed - parse_timestamp(record.issued) > _CLOCK_SKEW:
            return f"it is dated {record.issued}, before the run was sealed; check the clock"
    return record.why_not_now(now)
