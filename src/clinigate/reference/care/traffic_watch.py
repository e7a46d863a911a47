"""Who reads far too much, or is refused far too often, is told of. 45 CFR 164.308(a)(1)(ii)(D)."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from clinigate.reference.care.base import Base

__all__ = ["Alert", "Watch"]

_WINDOW_S = 60.0
_CHARTS, _DENIALS = 20, 10
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, kind TEXT NOT NULL, "
        "actor TEXT NOT NULL, at DOUBLE PRECISION NOT NULL)"
    ),
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; it names nobody but who it is about. `at`: seconds since the epoch."""

    id: str
    kind: str
    actor: str
    at: float


class Watch:
    """Counts what each person does within a minute, and tells of what is too much."""

    def __init__(self, base: Base, *, clock: Callable[[], float]) -> None:
        self._base = base
        self._clock = clock
        self._charts: dict[str, deque[tuple[float, str]]] = {}
        self._denials: dict[str, deque[tuple[float, str]]] = {}
        base.define(_SCHEMA)

    def read(self, actor: str, patient: str) -> None:
        """Somebody was served a patient's record."""
        lately = self._within(self._charts, actor, patient)
        if len({each for _, each in lately}) >= _CHARTS:
            lately.clear()
            self._tell("many_charts", actor)

    def denied(self, actor: str) -> None:
        """Somebody was refused."""
        lately = self._within(self._denials, actor, "")
        if len(lately) >= _DENIALS:
            lately.clear()
            self._tell("many_refusals", actor)

    def alerts(self) -> list[Alert]:
        """Return every alert, the oldest first."""
        rows = self._base.rows("SELECT id, kind, actor, at FROM alerts ORDER BY at, id")
        return [Alert(*row) for row in rows]

    def _within(
        self, kept: dict[str, deque[tuple[float, str]]], actor: str, what: str
    ) -> deque[tuple[float, str]]:
        now = self._clock()
        lately = kept.setdefault(actor, deque())
        while lately and now - lately[0][0] > _WINDOW_S:
            lately.popleft()
        lately.append((now, what))
        return lately

    def _tell(self, kind: str, actor: str) -> None:
        name = f"a-{secrets.token_hex(8)}"
        self._base.run("INSERT INTO alerts VALUES (?, ?, ?, ?)", name, kind, actor, self._clock())
