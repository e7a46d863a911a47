"""The service in one process: its engine reads, its own files hold the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from clinigate.core.case import Turn
from clinigate.reference.crisis.trace import ESCALATED, Trace
from clinigate.reference.engine.reading import EmotionReading, ModelCard
from clinigate.reference.ports import Answer, Exchanged, Judged
from clinigate.reference.records.audit import AuditEvent
from clinigate.reference.records.consent import Consent
from clinigate.reference.records.store import Conversation
from clinigate.reference.service import Service

__all__ = ["LocalMind", "LocalRecords"]


class LocalMind:
    """Reads with the engine of a `Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def card(self) -> ModelCard:
        """The engine's card."""
        return self._service.engine.card

    async def chat(self, turns: Sequence[Turn]) -> Answer:
        """Answer a conversation."""
        return self._service.chat(tuple(turns))

    async def crisis(self, turns: Sequence[Turn]) -> Judged:
        """Say whether a conversation discloses a crisis."""
        return Judged(self._service.crisis(tuple(turns)))

    async def emotion(self, turns: Sequence[Turn]) -> EmotionReading:
        """Name the emotion of the last user message."""
        return self._service.emotion(tuple(turns))

    def delay_s(self) -> float:
        """Seconds to wait before the next answer."""
        return self._service.delay_s()


class LocalRecords:
    """The audit log and the store of a `Service`. There is no desk, so crises leave no traces."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def access(self, event: AuditEvent, *, urgent: bool = False) -> None:  # noqa: ARG002
        """Write one audit line, urgent or not; raises `EvidenceError` when that fails."""
        self._service.audit.append(event)

    async def exchange(self, exchanged: Exchanged) -> tuple[str, ...]:
        """Write the audit line, then the escalation's if there is one, then the conversation."""
        self._service.audit.append(exchanged.access)
        if exchanged.answer.assessment.crisis and self._service.defect.escalates:
            self._service.audit.append(replace(exchanged.access, action=ESCALATED))
        self._service.store.add(
            Conversation(
                exchanged.id,
                exchanged.read_at,
                exchanged.access.actor,
                exchanged.turns,
                exchanged.answer.text,
            )
        )
        return ()

    async def consent(self, patient: str, *, granted: bool, text: str, access: AuditEvent) -> None:
        """Write the audit line, then what was agreed to."""
        self._service.audit.append(access)
        store = self._service.store
        person = store.person(access.actor, patient)
        store.keep_consent(Consent(person, granted, text, self._service.clock()))

    async def consented(self, client: str, patient: str) -> bool:
        """Ask the store."""
        store = self._service.store
        return store.consented(store.person(client, patient))

    async def trace(self, _trace: str) -> Trace | None:
        """No traces without a desk."""
        return None

    async def traces(self, _limit: int) -> list[dict[str, Any]]:
        """No traces without a desk."""
        return []

    def ready(self) -> bool:
        """Whether the store answers."""
        return self._service.store.ready()

    def lost(self) -> tuple[str, ...]:
        """There is nothing to lose."""
        return ()
