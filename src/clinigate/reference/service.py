"""The service's parts, put together; nothing here knows HTTP."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from clinigate.core.case import Turn
from clinigate.errors import EvidenceError
from clinigate.reference.defects import CLEAN, Defect, defect_named
from clinigate.reference.engine.models import fitted
from clinigate.reference.engine.reading import Assessment, EmotionReading, Engine
from clinigate.reference.engine.replies import compose
from clinigate.reference.ports import Answer
from clinigate.reference.records.audit import AuditLog
from clinigate.reference.records.store import Store

__all__ = ["AUDIT_FILE", "STORE_FILE", "Answer", "Clock", "Service", "answer_of", "open_service"]

AUDIT_FILE = "audit.jsonl"
STORE_FILE = "conversations.db"

Clock = Callable[[], float]
"""Seconds since the epoch."""


@dataclass(slots=True)
class Service:
    """An engine, the records that it keeps, and the defect that it was started with, if any."""

    engine: Engine
    defect: Defect
    audit: AuditLog
    store: Store
    data_dir: Path
    clock: Clock
    resources: ExitStack
    _requests: int = field(default=0, init=False)
    _assessed: int = field(default=0, init=False)

    def crisis(self, turns: tuple[Turn, ...]) -> Assessment:
        """Say whether a conversation discloses a crisis."""
        self._assessed += 1
        found = self.defect.detect(self.engine.assess(turns), turns)
        return self.defect.drift(self._assessed, found)

    def emotion(self, turns: tuple[Turn, ...]) -> EmotionReading:
        """Name the emotion of the last user message."""
        return self.defect.emotion(self.engine.emotion(turns))

    def chat(self, turns: tuple[Turn, ...]) -> Answer:
        """Answer a conversation."""
        read, emotion = self.engine.assess(turns), self.engine.emotion(turns)
        return answer_of(self.defect, read, emotion, turns)

    def delay_s(self) -> float:
        """Seconds to wait before the next answer; 0 unless the defect is slowness."""
        self._requests += 1
        return self.defect.delay_s(self._requests)

    def close(self) -> None:
        """Close the records. Calling it twice is harmless."""
        self.resources.close()


def answer_of(
    defect: Defect, read: Assessment, emotion: EmotionReading, turns: Sequence[Turn]
) -> Answer:
    """Return what is said to a conversation that was read, as the defect would have it."""
    assessment = defect.detect_in_chat(read, turns)
    return Answer(defect.reply(compose(assessment, emotion.emotion), assessment), assessment)


def open_service(
    *, model: str, defect: str | None, data_dir: Path | None, key: bytes, clock: Clock
) -> Service:
    """Fit the engine and open the records; `asgi_app` says what the arguments mean.

    Raises:
        UsageError: an unknown model or defect.
        EvidenceError: the data directory cannot be used.
    """
    fault = CLEAN if defect is None else defect_named(defect)
    engine = fitted(model)
    with ExitStack() as resources:
        if data_dir is None:
            temporary = tempfile.TemporaryDirectory(prefix="clinigate-reference-")
            data_dir = Path(resources.enter_context(temporary))
        _make_private(data_dir)
        audit = AuditLog(data_dir / AUDIT_FILE, clock=clock)
        resources.callback(audit.close)
        store = Store(data_dir / STORE_FILE, key=key, keeping=fault.records)
        resources.callback(store.close)
        return Service(engine, fault, audit, store, data_dir, clock, resources.pop_all())


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EvidenceError(
            f"data directory {folder}: {error.strerror}; choose another one"
        ) from error
