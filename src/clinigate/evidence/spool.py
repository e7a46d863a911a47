"""What one process wrote during a run, line by line, and how the lines of all become one story.

A spool is a file of canonical JSON lines, `start` first and `finish` last::

    {"body":{…},"ts":"2026-08-21T10:00:00.000000Z","type":"observation"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import IntegrityError
from clinigate.evidence.files import read_bytes
from clinigate.evidence.times import parse_timestamp

__all__ = [
    "RunStatus",
    "Spool",
    "SpoolRecord",
    "merge",
    "overall",
    "parse_spool",
    "read_spool",
    "spool_line",
]


class RunStatus(StrEnum):
    """How a run, or one process's part of it, ended."""

    #: it went through.
    COMPLETE = "COMPLETE"
    #: it was stopped on purpose, and says so.
    ABORTED = "ABORTED"
    #: it never said that it ended.
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True)
class SpoolRecord:
    """One line: when, of what type (`start`, `observation`, `verdict`, `note`, `blob`, `finish`),
    and what it says; with the spool and line that hold it.
    """

    ts: str
    type: str
    body: Mapping[str, Any]
    spool: str
    line: int


@dataclass(frozen=True, slots=True)
class Spool:
    """One process's part of a run.

    Attributes:
        name: the file's name.
        records: its acknowledged records, in the order of writing.
        torn: bytes of a record that was never acknowledged, at the end of the file.
    """

    name: str
    records: tuple[SpoolRecord, ...]
    torn: bytes

    @property
    def status(self) -> RunStatus:
        """How it ended; without a `finish` it is INCOMPLETE, whatever else it holds."""
        if self.torn or not self.records or self.records[-1].type != "finish":
            return RunStatus.INCOMPLETE
        return RunStatus(self.records[-1].body["status"])


def spool_line(ts: str, kind: str, body: Mapping[str, Any]) -> bytes:
    """Return one record as the line that is written, newline included.

    Raises:
        TypeError, ValueError: the body is not plain JSON.
    """
    return canonical_bytes({"body": body, "ts": ts, "type": kind}) + b"\n"


def read_spool(path: Path) -> Spool:
    """Read a spool; a torn last line is kept apart.

    Raises:
        IntegrityError: a complete line that is no record, or stands where it cannot; file and line
            are named.
    """
    return parse_spool(read_bytes(path) or b"", path.name)


def parse_spool(data: bytes, name: str) -> Spool:
    """Read the bytes of a spool of that name; as `read_spool`."""
    *lines, torn = data.split(b"\n")
    records = tuple(_parse(line, name, number) for number, line in enumerate(lines, 1))
    for record in records:
        _check_place(record, last=record is records[-1])
    return Spool(name, records, torn)


def merge(spools: Iterable[Spool]) -> list[SpoolRecord]:
    """Return the records of all spools by time; within a spool the order of writing stays.

    Clocks of several machines may disagree, so that the order between spools is only as good as
    they are.
    """
    records = [record for spool in spools for record in _monotone(spool)]
    return [record for _, record in sorted(records, key=lambda pair: pair[0])]


def overall(statuses: Iterable[RunStatus]) -> RunStatus:
    """Return how the run as a whole ended: as its worst part; no part at all is INCOMPLETE."""
    seen = set(statuses)
    for status in (RunStatus.INCOMPLETE, RunStatus.ABORTED):
        if status in seen:
            return status
    return RunStatus.COMPLETE if seen else RunStatus.INCOMPLETE


def _monotone(spool: Spool) -> Iterable[tuple[tuple[str, str, int], SpoolRecord]]:
    """Sort keys that never go back within a spool, though its clock may have been set back."""
    latest = ""
    for record in spool.records:
        latest = max(latest, record.ts)
        yield (latest, record.spool, record.line), record


def _parse(line: bytes, name: str, number: int) -> SpoolRecord:
    where = f"spool/{name}: line {number}"
    try:
        value = parse_json(line)
        if not isinstance(value, dict) or set(value) != {"body", "ts", "type"}:
            raise ValueError("wanted an object with body, ts, type")
        if not isinstance(value["body"], dict) or not isinstance(value["type"], str):
            raise ValueError("body is not an object, or type not a text")
        parse_timestamp(value["ts"])
        if value["type"] == "finish":
            RunStatus(value["body"]["status"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise IntegrityError(f"{where}: not a record: {error}") from error
    return SpoolRecord(value["ts"], value["type"], value["body"], name, number)


def _check_place(record: SpoolRecord, *, last: bool) -> None:
    where = f"spool/{record.spool}: line {record.line}"
    if (record.line == 1) != (record.type == "start"):
        raise IntegrityError(f"{where}: {record.type!r} where only the first line is 'start'")
    if record.type == "finish" and not last:
        raise IntegrityError(f"{where}: records follow after 'finish'")
