"""Backups of the records of care: every table, packed, and sealed as a whole.

45 CFR 164.308(a)(7)(ii)(A): retrievable exact copies. Those of the schedule and those that were
asked for lie in folders of their own. `python -m clinigate.reference.care.restore` opens one.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clinigate.errors import IntegrityError
from clinigate.reference import lapses
from clinigate.reference.care.base import Base
from clinigate.reference.care.patients import Patients
from clinigate.reference.care.sealing import RecordSealer
from clinigate.reference.defect import Defect

__all__ = ["ASKED", "EVERY_S", "FOLDER", "SCHEDULED", "Backups", "opened_backup"]

FOLDER, SCHEDULED, ASKED = "care-backups", "scheduled", "asked"
EVERY_S = 3600.0
"""How often the schedule makes one, while the service is used."""
_ENDING = ".backup"
_STALE_S = 3 * 86_400.0
_KEPT = 3


class Backups:
    """The backups of one start."""

    def __init__(
        self,
        folder: Path,
        base: Base,
        patients: Patients,
        *,
        fault: Defect,
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._base = base
        self._patients = patients
        self._fault = fault
        self._clock = clock
        self._last = 0.0
        for kind in (SCHEDULED, ASKED):
            (folder / kind).mkdir(mode=0o700, parents=True, exist_ok=True)

    def make(self, kind: str) -> dict[str, Any]:
        """Make one, and tell its name and how many rows each table has."""
        tables = self._dump()
        name = f"{int(self._clock() * 1000):015d}{_ENDING}"
        data = gzip.compress(json.dumps(tables).encode())
        if self._fault is not lapses.records.PLAIN_BACKUP:
            data = self._patients.sealer.seal(data, "care", "backup")
        path = self._folder / kind / name
        draft = path.with_suffix(".new")
        draft.write_bytes(data)
        draft.replace(path)
        for old in sorted(path.parent.glob(f"*{_ENDING}"))[:-_KEPT]:
            old.unlink()
        return {"name": name, "tables": {each["table"]: len(each["rows"]) for each in tables}}

    def on_schedule(self) -> None:
        """Make the one that is due, if one is."""
        if self._fault is lapses.records.STALE_BACKUP:
            return
        if self._clock() - self._last >= EVERY_S:
            self._last = self._clock()
            self.make(SCHEDULED)

    def begin(self) -> None:
        """Make the first of the schedule: once every table is defined, so that it holds all."""
        if self._fault is not lapses.records.STALE_BACKUP:
            self.on_schedule()
            return
        made = self._folder / SCHEDULED / self.make(SCHEDULED)["name"]
        then = self._clock() - _STALE_S
        os.utime(made, (then, then))

    def _dump(self) -> list[dict[str, Any]]:
        with self._base.transaction():
            tables: list[dict[str, Any]] = [
                {"table": name, "columns": columns, "rows": self._rows(name, columns)}
                for name, columns in self._base.tables().items()
            ]
        if self._fault is lapses.records.PLAIN_BACKUP:
            tables[0]["charts"] = [dict(each.fields) for each in self._patients.all()]
        return tables

    def _rows(self, table: str, columns: list[tuple[str, str]]) -> list[list[Any]]:
        names = ", ".join(f'"{name}"' for name, _ in columns)
        rows = self._base.rows(f'SELECT {names} FROM "{table}"')  # noqa: S608 - our own names
        return [[_to_json(value) for value in row] for row in rows]


def opened_backup(path: Path, sealer: RecordSealer) -> list[dict[str, Any]]:
    """Return the tables of a backup: `table`, `columns` (name and type) and `rows`.

    Raises:
        IntegrityError: it is none, was altered, or the key is another.
    """
    data = path.read_bytes()
    try:
        packed = data if data[:2] == b"\x1f\x8b" else sealer.open(data, "care", "backup")
        tables: list[dict[str, Any]] = json.loads(gzip.decompress(packed))
    except (OSError, EOFError, ValueError) as error:
        raise IntegrityError(f"backup {path.name}: it cannot be read") from error
    for each in tables:
        each["rows"] = [[_from_json(value) for value in row] for row in each["rows"]]
    return tables


def _to_json(value: Any) -> Any:
    is_bytes = isinstance(value, bytes | memoryview)
    return {"b64": base64.b64encode(bytes(value)).decode()} if is_bytes else value


def _from_json(value: Any) -> Any:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value
