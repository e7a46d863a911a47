"""What a signature was worth when it was made, and what it is worth now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustedKey

__all__ = ["Standing", "standing_of"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One signature, then and now.

    Attributes:
        name, role, keyid: whose key made it, as the trust file knows it.
        signed_at: the date of what was signed, RFC 3339 in UTC; a second signature under one record
            has none of its own. time_proven: whether somebody else vouches for it.
        then: why the key did not count at that time; None if it did.
        now: why the key would not count for something signed now; None if it would.
        refused: why the signature does not count today; None if it does. A key that was replaced
            since goes on to vouch for what it signed; one that was revoked does so only where
            somebody else proves that it signed before.
    """

    name: str
    role: str
    keyid: str
    signed_at: str
    time_proven: bool
    then: str | None
    now: str | None
    refused: str | None

    @property
    def sentence(self) -> str:
        """All of it for a reader."""
        vouched = "proven" if self.time_proven else "by their own clock"
        then = "the key counted then" if self.then is None else f"then: {self.then}"
        now = "and counts now" if self.now is None else f"now: {self.now}"
        worth = "" if self.refused is None else f"; the signature does not count: {self.refused}"
        who = f"{self.name} ({self.role}, key {self.keyid[:16]})"
        return f"{who}, dated {self.signed_at} {vouched}: {then}, {now}{worth}"


def standing_of(
    key: TrustedKey, signed: datetime, *, now: datetime, proven: datetime | None = None
) -> Standing:
    """Return what a signature of `key` made at `signed` was worth then, and is now.

    `proven`: not later than this it was there, by somebody else's word.
    """
    return Standing(
        name=key.name,
        role=key.role,
        keyid=key.keyid,
        signed_at=timestamp(signed),
        time_proven=proven is not None,
        # Taken as true, the time of the signature tells what the key was at that time.
        then=key.why_not(signed, proven=signed),
        now=key.why_not(now),
        refused=key.why_not(signed, proven=proven),
    )
