"""What each record of people was worth when it was signed, and is worth now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinigate.evidence.standing import Standing, standing_of
from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.gate.waivers import title_of
from clinigate.pipeline.people import FoundRecord, People

__all__ = ["RecordStanding", "standings_of"]


@dataclass(frozen=True, slots=True)
class RecordStanding:
    """One record, then and now.

    Attributes:
        place: its file. run: as `FoundRecord` has it.
        title: kind and what it is about, for a reader; empty where it cannot be believed.
        signers: what each signature was worth then, and is now.
        then: why it was not what its signers said; None if it was.
        now: why it does not count now; None if it does.
        broken: as `FoundRecord` has it.
    """

    place: str
    run: str | None
    title: str
    signers: tuple[Standing, ...]
    then: str | None
    now: str | None
    broken: bool


def standings_of(
    people: People, trust: TrustStore | None, now: datetime
) -> tuple[RecordStanding, ...]:
    """Return what each record was worth when it was signed, and is now."""
    return tuple(_standing_of(each, trust, now) for each in people.found)


def _standing_of(found: FoundRecord, trust: TrustStore | None, now: datetime) -> RecordStanding:
    if found.verified is None or trust is None:
        why = found.why_not
        return RecordStanding(found.place, found.run, "", (), why, why, found.broken)
    record = found.verified.record
    known = (trust.get(signer.keyid) for signer in record.signers)
    issued = parse_timestamp(record.issued)
    signers = tuple(standing_of(key, issued, now=now) for key in known if key is not None)
    return RecordStanding(
        found.place, found.run, title_of(record), signers, None, record.why_not_now(now), False
    )
