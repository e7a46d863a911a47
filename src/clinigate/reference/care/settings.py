"""Settings of the service: texts by name."""

from __future__ import annotations

from clinigate.reference.care.base import Base

__all__ = ["Settings"]

_SCHEMA = ("CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",)
_SEEDS = {"name_of_practice": "Example practice", "language": "en", "reminders": "off"}


class Settings:
    """What is set."""

    def __init__(self, base: Base, *, quotes_itself: bool = False) -> None:
        """`quotes_itself` is a fault to calibrate with: a name becomes part of the query."""
        self._base = base
        self._quotes_itself = quotes_itself
        base.define(_SCHEMA)
        for name, value in _SEEDS.items():
            if self.get(name) is None:
                self.put(name, value)

    def get(self, name: str) -> str | None:
        """Return what is set; None where nothing is.

        Raises:
            EvidenceError: the database refuses the query.
        """
        if self._quotes_itself:
            row = self._base.row(f"SELECT value FROM settings WHERE name = '{name}'")  # noqa: S608
        else:
            row = self._base.row("SELECT value FROM settings WHERE name = ?", name)
        return None if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        """Set one."""
        with self._base.transaction():
            self._base.run("DELETE FROM settings WHERE name = ?", name)
            self._base.run("INSERT INTO settings VALUES (?, ?)", name, value)
