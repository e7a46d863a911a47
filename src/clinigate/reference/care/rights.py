"""What patients said of the use of their records: each saying a row, sealed.

All of it goes when its patient goes, whichever way that is: the database sees to it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from clinigate.reference.care.base import Base
from clinigate.reference.care.care import Care
from clinigate.reference.records.sealing import Sealer

__all__ = ["NOBODY", "Rights", "Saying", "rights_of"]

NOBODY = ""
"""Whose the sayings are that are no patient's, as those of a review board."""

_NAME = "rights"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS rights (id TEXT PRIMARY KEY, patient TEXT NOT NULL, "
    "kind TEXT NOT NULL, sealed BYTEA NOT NULL, at DOUBLE PRECISION NOT NULL, "
    "ended_at DOUBLE PRECISION)"
)
_COLUMNS = "id, patient, kind, sealed, at, ended_at"
_SQLITE_GOES = (
    (
        "CREATE TRIGGER IF NOT EXISTS rights_go AFTER DELETE ON patients "
        "BEGIN DELETE FROM rights WHERE patient = OLD.id; END"
    ),
)
_POSTGRES_GOES = (
    (
        "CREATE OR REPLACE FUNCTION rights_go() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN DELETE FROM rights WHERE patient = OLD.id; RETURN OLD; END $$"
    ),
    "DROP TRIGGER IF EXISTS rights_go ON patients",
    "CREATE TRIGGER rights_go AFTER DELETE ON patients FOR EACH ROW EXECUTE FUNCTION rights_go()",
)


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing that was said.

    Attributes:
        kind: `consent`, `authorization`, `restriction`, `objection`, `directive` (a FHIR Consent),
            `datum` or `approval` (of research).
        content: what it says. at, ended_at: when it was said, and when it was taken back, if it
            was, in seconds since the epoch.
    """

    id: str
    patient: str
    kind: str
    content: Mapping[str, Any]
    at: float
    ended_at: float | None = None

    def is_over(self, now: float) -> bool:
        """Whether its time has run out; one without `expires_at` has no end."""
        expires = self.content.get("expires_at")
        return expires is not None and now >= expires


class Rights:
    """All that was said."""

    def __init__(self, base: Base, sealer: Sealer, *, clock: Callable[[], float]) -> None:
        """Make the table where it is not there yet.

        Raises:
            EvidenceError: the database refuses it.
        """
        self._base, self._sealer, self._clock = base, sealer, clock
        base.define((_TABLE, *(_POSTGRES_GOES if base.is_postgres else _SQLITE_GOES)))

    def add(self, patient: str, kind: str, content: Mapping[str, Any]) -> Saying:
        """Keep what was said now."""
        made = Saying(f"s-{secrets.token_hex(8)}", patient, kind, dict(content), self._clock())
        self._base.run(
            "INSERT INTO rights VALUES (?, ?, ?, ?, ?, ?)",
            made.id, patient, kind, self._seal(made.id, content), made.at, None,
        )  # fmt: skip
        return made

    def of(self, patient: str, kind: str) -> list[Saying]:
        """Return what a patient said, oldest first, what was taken back too.

        Raises:
            IntegrityError: one was altered.
        """
        rows = self._base.rows(
            f"SELECT {_COLUMNS} FROM rights WHERE patient = ? AND kind = ? ORDER BY at, id",  # noqa: S608
            patient, kind,
        )  # fmt: skip
        return [self._saying(row) for row in rows]

    def get(self, saying: str, kind: str) -> Saying | None:
        """Return one, whosever it is; raises as `of`."""
        row = self._base.row(
            f"SELECT {_COLUMNS} FROM rights WHERE id = ? AND kind = ?",  # noqa: S608
            saying, kind,
        )  # fmt: skip
        return None if row is None else self._saying(row)

    def change(self, saying: Saying, content: Mapping[str, Any]) -> Saying:
        """Let it say something else."""
        sealed = self._seal(saying.id, content)
        self._base.run("UPDATE rights SET sealed = ? WHERE id = ?", sealed, saying.id)
        return replace(saying, content=dict(content))

    def end(self, saying: str) -> None:
        """Take it back; it stays on record. Taking it back twice is harmless."""
        self._base.run(
            "UPDATE rights SET ended_at = ? WHERE id = ? AND ended_at IS NULL",
            self._clock(), saying,
        )  # fmt: skip

    def _saying(self, row: tuple[Any, ...]) -> Saying:
        saying, patient, kind, sealed, at, ended_at = row
        clear = self._sealer.open_field(bytes(sealed), saying, "saying")
        return Saying(saying, patient, kind, json.loads(clear), at, ended_at)

    def _seal(self, saying: str, content: Mapping[str, Any]) -> bytes:
        return self._sealer.seal_field(json.dumps(dict(content)).encode(), saying, "saying")


def rights_of(care: Care) -> Rights:
    """Return what was said, of one start; raises as `Rights`."""
    found = care.state.get(_NAME)
    if not isinstance(found, Rights):
        found = Rights(care.base, care.sealer, clock=care.clock)
        care.state[_NAME] = found
    return found
