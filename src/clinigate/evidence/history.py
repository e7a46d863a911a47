"""What became of every run that ever began, by the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from clinigate.evidence.chain import LedgerRecord
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.spool import RunStatus

__all__ = ["RunHistory", "histories", "read_history"]


@dataclass(frozen=True, slots=True)
class RunHistory:
    """What the ledger knows of one run.

    Attributes:
        run: its id.
        started_at: when it began; of a run that was brought from elsewhere, when it was sealed.
        status: how it ended; INCOMPLETE while, or because, it never said so.
        sealed_at: when it was sealed, None before.
        statement: SHA-256 of the sealed statement's payload.
        resumed: how often somebody took it over.
        records: how many records of people were added to it.
        exported_to: where copies of it went, in order.
        imported_at: when it was brought from elsewhere, None for a run that began here.
        pruned_at: when its evidence was removed from this disk; the ledger stays.
    """

    run: str
    started_at: str
    status: RunStatus = RunStatus.INCOMPLETE
    sealed_at: str | None = None
    statement: str | None = None
    resumed: int = 0
    records: int = 0
    exported_to: tuple[str, ...] = ()
    imported_at: str | None = None
    pruned_at: str | None = None


def read_history(ledger_directory: Path) -> list[RunHistory]:
    """Return every run, oldest first: finished, failed and abandoned ones.

    Raises:
        IntegrityError: the ledger was edited or cut.
    """
    return histories(read_ledger(ledger_directory).chain.records)


def histories(records: Iterable[LedgerRecord]) -> list[RunHistory]:
    """Return what became of each run that some records speak of, in the order of their begin."""
    known: dict[str, RunHistory] = {}
    for record in records:
        run = record.run
        if run is None:
            continue
        if run not in known and record.type == "run-started":
            known[run] = RunHistory(run, record.ts)
        if run not in known and record.type == "bundle-imported":
            known[run] = RunHistory(run, str(record.body["sealedAt"]))
        if run in known:
            known[run] = _after(known[run], record)
    return list(known.values())


def _after(before: RunHistory, record: LedgerRecord) -> RunHistory:
    body = record.body
    match record.type:
        case "run-resumed":
            return replace(before, resumed=before.resumed + 1)
        case "run-finished":
            return replace(before, status=RunStatus(body["status"]))
        case "run-sealed":
            return _sealed(before, record, record.ts)
        case "bundle-imported":
            sealed = _sealed(before, record, str(body["sealedAt"]))
            return replace(sealed, imported_at=record.ts, pruned_at=None)
        case "record-added":
            return replace(before, records=before.records + 1)
        case "bundle-exported":
            return replace(before, exported_to=(*before.exported_to, str(body["to"])))
        case "run-pruned":
            return replace(before, pruned_at=record.ts)
        case _:
            return before


def _sealed(before: RunHistory, record: LedgerRecord, at: str) -> RunHistory:
    status, statement = RunStatus(record.body["status"]), record.body["statement"]
    return replace(before, status=status, sealed_at=at, statement=statement)
