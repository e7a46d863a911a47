"""Who did what with a chart, as rows of the database that nobody changes or removes.

21 CFR 11.10(e): record changes shall not obscure previously recorded information. Triggers refuse
UPDATE, DELETE, a row put over another one, and on PostgreSQL TRUNCATE, whoever asks for them.
"""

from __future__ import annotations

from clinigate.reference import lapses
from clinigate.reference.care.base import Base
from clinigate.reference.defect import Defect
from clinigate.reference.records.audit import AuditEvent

__all__ = ["AuditTable"]

_TABLE = (
    "CREATE TABLE IF NOT EXISTS audit (seq BIGINT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, "
    "actor TEXT NOT NULL, action TEXT NOT NULL, outcome TEXT NOT NULL, request TEXT NOT NULL, "
    "patient TEXT NOT NULL)"
)
_REFUSED = "BEGIN SELECT RAISE(ABORT, 'audit rows stay as they are'); END"
_SQLITE = (
    f"CREATE TRIGGER IF NOT EXISTS audit_update BEFORE UPDATE ON audit {_REFUSED}",
    f"CREATE TRIGGER IF NOT EXISTS audit_delete BEFORE DELETE ON audit {_REFUSED}",
    # INSERT OR REPLACE removes the row that is there without asking the trigger above.
    (
        "CREATE TRIGGER IF NOT EXISTS audit_insert BEFORE INSERT ON audit "  # noqa: S608
        f"WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) {_REFUSED}"
    ),
)
_STAYS = "EXECUTE FUNCTION audit_stays()"
_POSTGRES = (
    (
        "CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE EXCEPTION 'audit rows stay as they are'; END $$"
    ),
    (
        "CREATE OR REPLACE TRIGGER audit_change BEFORE UPDATE OR DELETE ON audit "
        f"FOR EACH ROW {_STAYS}"
    ),
    (
        "CREATE OR REPLACE TRIGGER audit_truncate BEFORE TRUNCATE ON audit "
        f"FOR EACH STATEMENT {_STAYS}"
    ),
)


class AuditTable:
    """The rows. Opened with the defect of editable rows, it refuses nothing."""

    def __init__(self, base: Base, fault: Defect) -> None:
        self._base = base
        base.define((_TABLE,))
        if fault is not lapses.records.EDITABLE_AUDIT:
            base.define(_POSTGRES if base.is_postgres else _SQLITE)

    def append(self, event: AuditEvent, *, at: float) -> None:
        """Add one row; `at` in seconds since the epoch.

        Raises:
            EvidenceError: it cannot be written.
        """
        with self._base.transaction():
            row = self._base.row("SELECT COALESCE(MAX(seq), 0) + 1 FROM audit")
            assert row is not None
            self._base.run(
                "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
                int(row[0]), at, event.actor, event.action, event.outcome, event.request,
                event.patient,
            )  # fmt: skip
