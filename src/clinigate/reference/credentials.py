"""What a client is told when the service starts, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Credentials"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one client needs to ask for a token; its `repr` keeps the secret."""

    client_id: str
    client_secret: str
    requests_per_minute: int

    def __repr__(self) -> str:
        return f"Credentials({self.client_id!r}, client_secret=***)"
