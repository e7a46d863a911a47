"""What became of every run that ever began, by the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.spool import RunStatus

__all__ = ["RunHistory", "read_history"]


@dataclass(frozen=True, slots=True)
class RunHistory:
    """What the ledger knows of one run.

    Attributes:
        run: its id.
        started_at: when it began.
        status: how it ended; INCOMPLETE while, or because, it never said so.
        sealed_at: when it was sealed, None before.
        statement: SHA-256 of the sealed statement's file.
    """

    run: str
    started_at: str
    status: RunStatus = RunStatus.INCOMPLETE
    sealed_at: str | None = None
    statement: str | None = None


def read_history(ledger_directory: Path) -> list[RunHistory]:
    """Return every run, oldest first: finished, failed and abandoned ones.

    Raises:
        IntegrityError: the ledger was edited or cut.
    """
    known: dict[str, RunHistory] = {}
    for record in read_ledger(ledger_directory).chain.records:
        run, body = record.run, record.body
        if run is None:
            continue
        if record.type == "run-started":
            known[run] = RunHistory(run, record.ts)
        elif run in known and record.type == "run-finished":
            known[run] = replace(known[run], status=RunStatus(body["status"]))
        elif run in known and record.type == "run-sealed":
            known[run] = replace(
                known[run],
                status=RunStatus(body["status"]),
                sealed_at=record.ts,
                statement=body["statement"],
            )
    return list(known.values())
