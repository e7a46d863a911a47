"""What a client is told when the service starts, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CARE_DSN_VARIABLE",
    "PER_HOUR_VARIABLE",
    "PER_MINUTE_VARIABLE",
    "STORE_KEY_VARIABLE",
    "Credentials",
    "key_of",
]

STORE_KEY_VARIABLE = "CLINIGATE_REFERENCE_STORE_KEY"
"""Holds the key of the store, as 64 hex digits; without it, each start makes one for itself."""

CARE_DSN_VARIABLE = "CLINIGATE_REFERENCE_CARE_DSN"
"""Holds the address of a PostgreSQL server for the records of care; without it, a file does."""

PER_MINUTE_VARIABLE = "CLINIGATE_REFERENCE_PARTNER_PER_MINUTE"
"""Holds how many requests the program `partner` may send in a minute; 100 without it."""

PER_HOUR_VARIABLE = "CLINIGATE_REFERENCE_BATCH_PER_HOUR"
"""Holds how many requests the program `batch` may send in an hour; 1,000 without it."""

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one client needs to ask for a token; its `repr` keeps the secret.

    Of its limits 0 means none.
    """

    client_id: str
    client_secret: str
    requests_per_minute: int
    requests_per_hour: int = 0

    def __repr__(self) -> str:
        return f"Credentials({self.client_id!r}, client_secret=***)"


def key_of(text: str) -> bytes:
    """Return the key that a variable holds.

    Raises:
        ValueError: it is none; the message does not repeat it.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(f"must hold {2 * _KEY_BYTES} hex digits")
    return key
