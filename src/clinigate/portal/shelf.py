"""The runs of one evidence root: those that the ledger knows, and those that lie on disk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import ClinigateError, EvidenceError
from clinigate.evidence.history import RunHistory, histories
from clinigate.evidence.ledger import LedgerView, read_ledger
from clinigate.evidence.names import RUN_ID
from clinigate.evidence.runs import RunStore
from clinigate.portal.rows import Standing

__all__ = ["Shelf", "Snapshot"]

#: The files of which the log consists.
_LOG = ("records.ndjson", "checkpoint")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The ledger as it was read once, and the runs.

    Attributes:
        view: the log; None where it cannot be believed. problem: why.
        standings: every run, the latest first.
    """

    view: LedgerView | None
    problem: str
    standings: tuple[Standing, ...]

    def get(self, run: str) -> Standing | None:
        """Return what is known of one run."""
        return next((each for each in self.standings if each.run == run), None)


class Shelf:
    """Reads an evidence root (`.clinigate`), and never writes to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._store = RunStore(root)
        self._lock = threading.Lock()
        self._read: tuple[object, LedgerView | None, dict[str, RunHistory], str] | None = None

    def snapshot(self) -> Snapshot:
        """Return all runs as they are now; a broken ledger is told, and nothing is raised."""
        view, history, problem = self._ledger()
        there = set(self._on_disk())
        runs = sorted(there | history.keys(), reverse=True)
        standings = [Standing(run, history.get(run), on_disk=run in there) for run in runs]
        return Snapshot(view, problem, tuple(standings))

    def directory(self, run: str) -> Path | None:
        """Return a run's folder; None for what is no run, and for a link."""
        path = self.root / "runs" / run
        if not RUN_ID.fullmatch(run) or path.is_symlink() or not path.is_dir():
            return None
        return path

    def _on_disk(self) -> Sequence[str]:
        try:
            return [run for run in self._store.runs() if self.directory(run) is not None]
        except OSError as error:
            raise EvidenceError(f"{self.root}: cannot be read: {error.strerror}") from error

    def _ledger(self) -> tuple[LedgerView | None, dict[str, RunHistory], str]:
        """The log, read again only when its files have changed."""
        folder = self._store.ledger_directory
        key = tuple(_state(folder / name) for name in _LOG)
        with self._lock:
            if self._read is None or self._read[0] != key:
                self._read = (key, *_read(folder))
            return self._read[1:]


def _read(folder: Path) -> tuple[LedgerView | None, dict[str, RunHistory], str]:
    if not folder.is_dir():
        return None, {}, f"{folder.name}: there is no ledger here, so that no run ever began"
    try:
        view = read_ledger(folder)
    except ClinigateError as error:
        return None, {}, str(error)
    return view, {each.run: each for each in histories(view.chain.records)}, ""


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns
