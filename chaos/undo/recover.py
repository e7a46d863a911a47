"""What a runner, a watchdog or a host left behind when all of them died."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clinigate.chaos.undo.ledger import Ledger, ledgers
from clinigate.chaos.undo.process import undo_in_fresh_process
from clinigate.errors import EvidenceError

__all__ = ["Recovery", "open_ledgers", "recover_all"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """One ledger that was open.

    Attributes:
        id, experiment: of the injection.
        injected: the fault was or may have been there.
        failure: why it is still open; None when it is closed now.
    """

    id: str
    experiment: str
    injected: bool
    failure: str | None


def open_ledgers(folder: Path) -> tuple[Ledger, ...]:
    """Ledgers with something left to undo; one that cannot be read counts."""
    return tuple(ledger for ledger in ledgers(folder) if not _closed(ledger))


def recover_all(folder: Path, *, reason: str) -> tuple[Recovery, ...]:
    """Undo every open ledger of a folder, the youngest first."""
    return tuple(_recover(ledger, reason) for ledger in reversed(open_ledgers(folder)))


def _recover(ledger: Ledger, reason: str) -> Recovery:
    failure = undo_in_fresh_process(ledger.path, by="recover", reason=reason)
    try:
        state = ledger.state()
    except EvidenceError as error:
        return Recovery(ledger.path.name, "", injected=True, failure=str(error))
    if state.closed:
        return Recovery(state.id, state.experiment, state.may_be_injected, None)
    why = state.failure or failure or "another process is undoing it; try again"
    return Recovery(state.id or ledger.path.name, state.experiment, state.may_be_injected, why)


def _closed(ledger: Ledger) -> bool:
    try:
        return ledger.state().closed
    except EvidenceError:
        return False
