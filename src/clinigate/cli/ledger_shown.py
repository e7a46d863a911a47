"""The log of all runs as a table, and as plain JSON."""

from __future__ import annotations

from typing import Any

from clinigate.core.codec import to_plain
from clinigate.evidence.chain import LedgerRecord
from clinigate.evidence.history import RunHistory, histories
from clinigate.evidence.ledger import LedgerView
from clinigate.evidence.spool import RunStatus

__all__ = ["log_plain", "log_text"]

_SECONDS = 19


def log_text(view: LedgerView) -> str:
    """Return one line for each run, with what happened to it, and one for each other record."""
    chain = view.chain
    if not chain.records:
        return "the log is empty: no run began yet"
    lines = [f"{chain.origin}: {len(chain.leaves)} records, {_head(view)}"]
    for each in histories(chain.records):
        lines.append(f"{each.run}  {each.started_at[:_SECONDS]}Z  {_state(each)}")
        lines += [f"    {event}" for event in _events(each)]
    others = [record for record in chain.records if record.run is None]
    lines += ["", "about the log itself:", *(_other(record) for record in others)]
    return "\n".join(lines)


def log_plain(view: LedgerView) -> dict[str, Any]:
    """Return runs and records as plain JSON."""
    chain = view.chain
    return {
        "origin": chain.origin,
        "size": len(chain.leaves),
        "root": chain.root().hex(),
        "signedSize": None if view.checkpoint is None else view.checkpoint.size,
        "tornBytes": len(view.torn),
        "runs": [
            {**to_plain(each), "unfinished": _unfinished(each)} for each in histories(chain.records)
        ],
        "records": [
            {
                "seq": record.seq,
                "ts": record.ts,
                "run": record.run,
                "type": record.type,
                "body": dict(record.body),
                "leaf": leaf.hex(),
            }
            for record, leaf in zip(chain.records, chain.leaves, strict=True)
        ],
    }


def _head(view: LedgerView) -> str:
    if view.checkpoint is None:
        return "no signed head"
    behind = len(view.chain.leaves) - view.checkpoint.size
    return f"signed head of {view.checkpoint.size}" + (f", {behind} after it" if behind else "")


def _unfinished(each: RunHistory) -> bool:
    return each.status is RunStatus.INCOMPLETE and each.sealed_at is None


def _state(each: RunHistory) -> str:
    if _unfinished(each):
        return "STARTED AND NEVER FINISHED"
    if each.sealed_at is None:
        return f"{each.status}, never sealed"
    return f"{each.status}, sealed {each.sealed_at[:_SECONDS]}Z"


def _events(each: RunHistory) -> list[str]:
    found = []
    if each.resumed:
        found.append(f"taken over {each.resumed} time(s)")
    if each.imported_at is not None:
        found.append(f"brought from elsewhere {each.imported_at[:_SECONDS]}Z")
    if each.records:
        found.append(f"{each.records} record(s) of people added")
    found += [f"copied to {place}" for place in each.exported_to]
    if each.pruned_at is not None:
        found.append(f"removed from this disk {each.pruned_at[:_SECONDS]}Z, its retention over")
    return found


def _other(record: LedgerRecord) -> str:
    return f"    {record.seq}  {record.ts[:_SECONDS]}Z  {record.type}"
