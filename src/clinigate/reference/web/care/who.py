"""Who asks for records of care."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Who"]


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks.

    Attributes:
        id: as the audit log names them. role: `service` for a program.
        facility: where they work; None is everywhere. scopes: what they may do.
        patient: whose record is theirs. token: what they came with.
    """

    id: str
    role: str
    facility: str | None
    scopes: frozenset[str]
    patient: str | None = None
    token: str = field(default="", repr=False)
