"""The rows of an audit log, and those that one request has left."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clinigate.config.hipaa import AuditTable
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.programs import run_program
from clinigate.targets.service import Answer

__all__ = ["Rows", "moment_of"]

_PAUSE_S = 0.05
_COMMAND_S = 60.0
_CUT = (
    "[hipaa.audit] file: {} was rotated while it was read, and rows are gone; rotate it at another "
    "time, or let [hipaa.audit] command print all rows"
)

Row = Mapping[str, Any]


class Rows:
    """Reads an audit log from where it was looked at last."""

    def __init__(self, premises: Premises) -> None:
        """Begin at the end of the log.

        Raises:
            ConfigError: the log is missing or cannot be read.
        """
        self._premises = premises
        self._table: AuditTable = premises.table.audit
        self._offset = 0
        self._inode: int | None = None
        self.new()

    def new(self) -> list[Row]:
        """Return the rows since the last look.

        Raises:
            ConfigError: as at the beginning, or a row is no JSON object.
        """
        lines = self._lines()
        try:
            rows = [json.loads(line) for line in lines if line.strip()]
        except ValueError:
            rows = [None]
        if not all(isinstance(row, dict) for row in rows):
            raise ConfigError("[hipaa.audit]: a row is no JSON object; rows are JSON lines")
        return rows

    def of(self, answer: Answer) -> list[Row]:
        """Return the rows that a request has left, waiting a moment for the first.

        Where rows and answers carry an id of the request, those of other requests do not count.
        """
        until = time.monotonic() + self._premises.table.patience_s
        found: list[Row] = []
        while True:
            found += [row for row in self.new() if self._is_of(row, answer)]
            if found or time.monotonic() > until:
                return found
            time.sleep(_PAUSE_S)

    def _is_of(self, row: Row, answer: Answer) -> bool:
        if self._table.request is None:
            return True
        request = answer.headers.get(self._table.request_header)
        if request is None:
            raise TargetError(
                f"[hipaa.audit] request is given, and no answer has the header "
                f"{self._table.request_header}; mend request_header"
            )
        return bool(row.get(self._table.request) == request)

    def _lines(self) -> list[bytes]:
        if self._table.command:
            lines = _printed(self._premises, self._table.command).splitlines()
            lines, self._offset = lines[self._offset :], len(lines)
            return lines
        assert self._table.file is not None
        path = self._premises.path(self._table.file)
        try:
            return self._from_file(path)
        except OSError as error:
            raise ConfigError(f"[hipaa.audit] file: {path.name}: {error.strerror}") from None

    def _from_file(self, path: Path) -> list[bytes]:
        """Return the new lines; where the file was rotated, first those that the old one got."""
        number = path.stat().st_ino if path.exists() else None
        lines: list[bytes] = []
        if self._inode is not None and number != self._inode:
            lines = self._whole_lines(self._renamed(path))
            if number is None:
                return lines
            self._offset = 0
        self._inode = number
        return lines + self._whole_lines(path)

    def _renamed(self, path: Path) -> Path:
        """Return the file that was read until now, by whatever name it has."""
        for each in path.parent.iterdir():
            if each.is_file() and each.stat().st_ino == self._inode:
                return each
        raise ConfigError(_CUT.format(path.name))

    def _whole_lines(self, path: Path) -> list[bytes]:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < self._offset:
                raise ConfigError(_CUT.format(path.name))
            file.seek(self._offset)
            content = file.read()
        # A line that is being written belongs to the next look.
        whole = content.rfind(b"\n") + 1
        self._offset += whole
        return content[:whole].splitlines()


def moment_of(value: Any) -> datetime | None:
    """Return when a row says it was written, from ISO 8601 or seconds since the epoch."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(0, UTC) + timedelta(seconds=value)
    except (ValueError, OverflowError):
        pass
    return None


def _printed(premises: Premises, command: list[str]) -> bytes:
    field = "[hipaa.audit] command"
    done = run_program(
        command, field, cwd=premises.base_dir, environ=premises.environ, longest_s=_COMMAND_S
    )
    if done is None:
        raise ConfigError(f"{field}: {command[0]} does not end in {_COMMAND_S:g} s")
    if done.returncode != 0:
        raise ConfigError(f"{field}: {command[0]} ended with {done.returncode}")
    return done.stdout
