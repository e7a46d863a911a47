"""The write-ahead ledger of one injection: how it is undone is on the disk before it happens.

One JSON object a line, forced onto the disk one by one:

1. `planned`: the undo steps. Nothing has happened yet.
2. `injecting`: from here on the fault may be there; `injected`: it is in effect.
3. `undoing`: from here on nothing may be injected any more; `step`, for each step of it.
4. `undone`: every step is verified, the ledger is closed. Or `undo-failed`: it stays open.

Who injects and who undoes hold the ledger's lock meanwhile, so that one of the two is first. A line
that cannot be read counts as a fault that may be there.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinigate.chaos.undo.place import this_place
from clinigate.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clinigate.chaos.drivers.base import UndoStep

__all__ = ["Ledger", "LedgerState", "Step", "ledgers", "process_start_ticks", "state_of"]

SCHEMA = "clinigate.undo/1"
_SUFFIX = ".undo.ndjson"
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Step:
    """One undo step as the ledger holds it; see `UndoStep`."""

    action: str
    verify: str
    args: Mapping[str, Any]
    title: str


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What a ledger says by now.

    Attributes:
        id, experiment, driver: of the injection.
        steps: in the order of the injection; undone in reverse.
        within_s: the experiment's limit for a verified undo.
        may_be_injected: the fault is there, may be, or was.
        injected_ns: CLOCK_MONOTONIC when it was in effect; None before, or in an earlier boot.
        injector: process id and start ticks of who injects.
        barred: an undo began, nothing may be injected any more.
        closed: nothing is left to undo.
        undone_ns, undone_by: when (CLOCK_MONOTONIC) and by whom it was closed.
        undo_reason: why the undo that closed it, or tried to last, began.
        failure: what the last failed undo said; None once closed.
    """

    id: str = ""
    experiment: str = ""
    driver: str = ""
    steps: tuple[Step, ...] = ()
    within_s: float = 60.0
    may_be_injected: bool = False
    injected_ns: int | None = None
    injector: tuple[int, int] | None = None
    barred: bool = False
    closed: bool = False
    undone_ns: int | None = None
    undone_by: str = ""
    undo_reason: str = ""
    failure: str | None = None
    events: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


class Ledger:
    """The file of one injection."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def plan(
        cls,
        folder: Path,
        injection: str,
        *,
        experiment: str,
        driver: str,
        steps: Iterable[UndoStep],
        within_s: float,
    ) -> Ledger:
        """Write a new ledger, on the disk when this returns.

        Raises:
            EvidenceError: the disk refuses; then nothing may be injected.
        """
        ledger = cls(folder / f"{injection}{_SUFFIX}")
        plain = [
            {"action": s.action, "verify": s.verify, "args": dict(s.args), "title": s.title}
            for s in steps
        ]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(ledger.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            os.close(fd)
        except OSError as error:
            raise EvidenceError(f"{ledger.path}: cannot be created: {error.strerror}") from error
        ledger.append(
            "planned",
            schema=SCHEMA,
            id=injection,
            experiment=experiment,
            driver=driver,
            steps=plain,
            within_s=within_s,
            **this_place(),
        )
        _sync_folder(folder)
        return ledger

    def append(self, event: str, **fields: Any) -> None:
        """Write one line, on the disk when this returns.

        Raises:
            EvidenceError: the disk refuses.
        """
        line = json.dumps(
            {
                "event": event,
                "mono_ns": time.monotonic_ns(),
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                **fields,
            },
            allow_nan=False,
        )
        try:
            with self.path.open("ab") as file:
                torn = file.tell() > 0 and not self._ends_whole()
                file.write(("\n" if torn else "").encode() + line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise EvidenceError(f"{self.path}: cannot be written: {error.strerror}") from error

    def state(self) -> LedgerState:
        """Read it.

        Raises:
            EvidenceError: it cannot be read at all.
        """
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise EvidenceError(f"{self.path}: cannot be read: {error.strerror}") from error
        return state_of(data)

    @contextmanager
    def held(self, wait_s: float) -> Iterator[None]:
        """Hold the ledger alone; the kernel lets go when the process dies.

        Raises:
            TimeoutError: somebody else held it all the time.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        try:
            _lock(fd, self.path, time.monotonic() + wait_s)
            yield
        finally:
            os.close(fd)

    def _ends_whole(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def ledgers(folder: Path) -> tuple[Ledger, ...]:
    """All ledgers of a folder, by name; none where there is no such folder."""
    return tuple(Ledger(path) for path in sorted(folder.glob(f"*{_SUFFIX}")))


def process_start_ticks(pid: int) -> int | None:
    """When a process started (field 22 of /proc/PID/stat), None if there is none or it is dead.

    Together with the id it names one process: ids come again, start times with them do not.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


def state_of(data: bytes) -> LedgerState:
    """What the bytes of a ledger say."""
    found: dict[str, Any] = {}
    events: list[Mapping[str, Any]] = []
    for number, line in enumerate(data.splitlines()):
        try:
            event = json.loads(line)
            found |= _EFFECTS[event["event"]](event)
        except (ValueError, KeyError, TypeError, IndexError):
            # Nothing follows a plan that was torn, so that alone it means no fault at all.
            found["may_be_injected"] = number > 0 or data.endswith(b"\n")
            continue
        events.append(event)
    return LedgerState(**found, events=tuple(events))


def _planned(event: Mapping[str, Any]) -> dict[str, Any]:
    steps = tuple(Step(s["action"], s["verify"], s["args"], s["title"]) for s in event["steps"])
    named = {key: event[key] for key in ("id", "experiment", "driver", "within_s")}
    return {**named, "steps": steps}


def _undone(event: Mapping[str, Any]) -> dict[str, Any]:
    when = {"undone_ns": event["mono_ns"], "undone_by": event["by"]}
    return {**when, "closed": True, "failure": None}


_EFFECTS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "planned": _planned,
    "injecting": lambda e: {
        "may_be_injected": True,
        "injector": (e["pid"], e["start_ticks"]),
    },
    "injected": lambda e: {"injected_ns": e["mono_ns"]},
    "inject-failed": lambda _: {},
    "undoing": lambda e: {"barred": True, "undo_reason": e["reason"]},
    "step": lambda _: {},
    "undone": _undone,
    # Written by the watchdog where the file was gone: what was lost may have been an injection.
    "restored": lambda _: {"may_be_injected": True},
    "undo-failed": lambda e: {"failure": e["detail"]},
}


def _lock(fd: int, path: Path, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{path}: another process holds this ledger") from None
            time.sleep(_POLL_S)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
