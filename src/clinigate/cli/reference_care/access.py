"""`[hipaa.access]` for the embedded reference service, as a user would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["environment", "tables"]


def tables(_connection: Connection) -> dict[str, Any]:
    """Return what is added to `[hipaa]`."""
    return {}


def environment(_connection: Connection) -> dict[str, str]:
    """Return the variables that it names."""
    return {}
