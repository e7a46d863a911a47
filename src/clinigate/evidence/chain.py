"""The ledger's arithmetic: lines in, records, leaf hashes and the next line out. No file, no clock.

One record is one line of canonical JSON and one leaf of the Merkle tree::

    {"body":{…},"prev":"<leaf hash of the line before>","run":"…","seq":7,"ts":"…","type":"…"}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import IntegrityError
from clinigate.evidence.checkpoint import Checkpoint
from clinigate.evidence.merkle import leaf_hash, root
from clinigate.evidence.times import parse_timestamp

__all__ = ["Chain", "LedgerRecord"]

_FIELDS = {"body", "prev", "run", "seq", "ts", "type"}
_FIRST = "0" * 64
#: What a checkpoint may carry as a name: no space, no plus sign, nothing that breaks a line.
_ORIGIN = re.compile(r"[!-*,-~]+")


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """One line of the ledger.

    Attributes:
        seq: its place, from 0.
        ts: when it was written, by the writer's own clock.
        run: the run that it speaks of; None where it speaks of the ledger itself.
        type: `ledger-created`, `tail-repaired`, `signer-changed` and `request-answered` speak of
            the ledger or the whole system; `run-started`, `run-resumed`, `run-finished`,
            `run-sealed`, `record-added`, `bundle-exported`, `bundle-imported`, `run-pruned` of a
            run.
        body: what it says.
        line: its bytes, without the newline.
    """

    seq: int
    ts: str
    run: str | None
    type: str
    body: Mapping[str, Any]
    line: bytes


#: What may name a run: no slash, no dot at its beginning, nothing that a terminal acts on.
_RUN = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}")


class Chain:
    """All records read so far, each checked to follow the one before it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.records: list[LedgerRecord] = []
        self.leaves: list[bytes] = []

    @property
    def origin(self) -> str | None:
        """The log's own name, from its first record; None while it is empty."""
        return str(self.records[0].body["origin"]) if self.records else None

    def root(self, size: int | None = None) -> bytes:
        """Return the Merkle root over the first `size` records; over all when None."""
        return root(self.leaves if size is None else self.leaves[:size])

    def next_line(self, ts: str, kind: str, run: str | None, body: Mapping[str, Any]) -> bytes:
        """Return the line, without its newline, that may follow."""
        prev = self.leaves[-1].hex() if self.leaves else _FIRST
        return canonical_bytes(
            {
                "body": dict(body),
                "prev": prev,
                "run": run,
                "seq": len(self.leaves),
                "ts": ts,
                "type": kind,
            }
        )

    def extend(self, data: bytes) -> int:
        """Take in the complete lines of `data`; return how many bytes they are.

        What follows the last newline is left alone: it is a record that was never acknowledged.

        Raises:
            IntegrityError: a line does not follow the one before it; the line is named.
        """
        *lines, torn = data.split(b"\n")
        for line in lines:
            self._take(line)
        return len(data) - len(torn)

    def check(self, checkpoint: Checkpoint) -> None:
        """Check that this chain extends what a checkpoint saw; signatures are the caller's part.

        Raises:
            IntegrityError: another log, fewer records than it saw, or other ones.
        """
        if self.records and checkpoint.origin != self.origin:
            raise IntegrityError(
                f"{self.name}: this is log {self.origin}, the checkpoint is of {checkpoint.origin}"
            )
        if len(self.leaves) < checkpoint.size:
            raise IntegrityError(
                f"{self.name}: holds {len(self.leaves)} records, the checkpoint saw "
                f"{checkpoint.size}: records were cut off; restore the file from its backup"
            )
        if self.root(checkpoint.size) != checkpoint.root:
            raise IntegrityError(
                f"{self.name}: the first {checkpoint.size} records are not those that the "
                "checkpoint saw: history was rewritten; restore the file from its backup"
            )

    def _take(self, line: bytes) -> None:
        where = f"{self.name}: line {len(self.records) + 1}"
        try:
            record = _parse(line)
        except (ValueError, TypeError, RecursionError) as error:
            raise IntegrityError(f"{where}: not a ledger record: {error}") from error
        expected = self.next_line(record.ts, record.type, record.run, record.body)
        if expected != line:
            raise IntegrityError(f"{where}: does not follow the record before it; it was edited")
        if not self.records and not _is_origin(record.body.get("origin")):
            raise IntegrityError(f"{where}: the first record does not name the log")
        self.records.append(record)
        self.leaves.append(leaf_hash(line))


def _is_origin(value: object) -> bool:
    # It is signed as the first line of each head: a name with a line break in it would make the
    # signer state a head of some other log.
    return isinstance(value, str) and _ORIGIN.fullmatch(value) is not None


def _parse(line: bytes) -> LedgerRecord:
    value = parse_json(line)
    if not isinstance(value, dict) or set(value) != _FIELDS:
        raise ValueError(f"wanted an object with {', '.join(sorted(_FIELDS))}")
    if not isinstance(value["body"], dict) or not isinstance(value["type"], str):
        raise ValueError("body is not an object, or type not a text")
    if not isinstance(value["run"], str | None):
        raise ValueError("run is not a text")
    # Where a run lies follows from its name: one with a slash in it would lead out of the runs.
    if value["run"] is not None and not _RUN.fullmatch(value["run"]):
        raise ValueError("run is no name of a run")
    parse_timestamp(value["ts"])
    return LedgerRecord(value["seq"], value["ts"], value["run"], value["type"], value["body"], line)
