"""What is written down together: audit lines, a conversation, events of a trace."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from typing import Any

from clinigate.reference.crisis.trace import EventName, TraceEvent
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.records.consent import Consent
from clinigate.reference.records.sealing import SealedRow

__all__ = ["Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit of the records; all of it is written, or nothing.

    Attributes:
        id: names it in an outbox. at: seconds since the epoch, for its audit lines.
    """

    id: str
    at: float
    audits: tuple[AuditEvent, ...] = ()
    row: SealedRow | None = None
    events: tuple[TraceEvent, ...] = ()
    consent: Consent | None = None

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON; words of a conversation are in it as ciphertext alone."""
        return {
            "id": self.id,
            "at": self.at,
            "audits": [asdict(event) for event in self.audits],
            "row": None if self.row is None else _row_to_plain(self.row),
            "events": [{"trace": event.trace, **event.shown()} for event in self.events],
            "consent": None if self.consent is None else asdict(self.consent),
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Entry:
        """Read what `to_plain` wrote.

        Raises:
            ValueError, KeyError, TypeError: it did not write this.
        """
        row, consent = data["row"], data.get("consent")
        return cls(
            data["id"],
            data["at"],
            tuple(AuditEvent(**event) for event in data["audits"]),
            None if row is None else _row_from_plain(row),
            tuple(
                TraceEvent(e["trace"], EventName(e["event"]), e["at"], e["replica"], e["detail"])
                for e in data["events"]
            ),
            None if consent is None else Consent(**consent),
        )


def _row_to_plain(row: SealedRow) -> dict[str, Any]:
    sealed = {name: base64.b64encode(getattr(row, name)).decode() for name in _SEALED}
    return {"id": row.id, "created_at": row.created_at, "client": row.client, **sealed}


def _row_from_plain(data: dict[str, Any]) -> SealedRow:
    sealed = {name: base64.b64decode(data[name], validate=True) for name in _SEALED}
    return SealedRow(data["id"], data["created_at"], data["client"], **sealed)


_SEALED = ("messages", "reply")
