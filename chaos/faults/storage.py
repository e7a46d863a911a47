"""Faults of storage: full, or read-only.

`storage.full` fills the storage where it is a small file system of its own (a test volume); where
it is not, this machine's disk must not be filled, and the writers are kept from writing: their
limit of a file's size (RLIMIT_FSIZE, `prlimit(2)`) becomes 0. Each write to a file then fails with
EFBIG in place of ENOSPC, whatever the file; sockets and pipes go on. That needs no root, only the
writers' own user, and writers that live through SIGXFSZ, as Python does. What a limited writer
starts meanwhile inherits the limit; children that it had before, and what others start, have none.
The undo gives the limit back to the writers, to all that descends from them, and to those that the
topology names by then. Who writes is what the storage names as `writers` in the topology, else the
processes that carry the labels of the parameter `writers`, else all; one that was replaced since
the plan was made is not hit.

`storage.read-only` mounts a file system of its own read-only, which needs root, and which the
kernel refuses while a file there is open for writing.
"""

from __future__ import annotations

import math
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import cast

from clinigate.chaos.drivers.base import (
    Driver,
    NotAvailableError,
    UndoStep,
    Victim,
    VictimGoneError,
    fault,
)
from clinigate.chaos.drivers.local_topology import (
    ProcessEntry,
    StorageEntry,
    Topology,
    read_topology,
)
from clinigate.chaos.faults.parameters import labels_of, refuse_unknown
from clinigate.chaos.faults.procfs import exactly, heirs, survives
from clinigate.chaos.faults.system import system_of
from clinigate.chaos.model import FaultSpec, Json
from clinigate.errors import TargetError

__all__ = [
    "Full",
    "ReadOnly",
    "empty",
    "is_empty",
    "is_unlimited",
    "is_writable",
    "make_writable",
    "unlimit",
]

_FILLER = ".clinigate-chaos-filler"
#: A volume that is larger than this is no test volume, and is not filled.
_LARGEST_VOLUME = 256 << 20
#: Small volumes that the machine itself lives on.
_MACHINES_OWN = ("/boot", "/boot/efi", "/dev/shm", "/run", "/run/lock", "/tmp")  # noqa: S108 - named to be left alone
_ROUNDS = 10

Labels = AbstractSet[tuple[str, str]]
_MODULE = "clinigate.chaos.faults.storage"


@fault("storage.full", drivers=("local",))
class Full:
    """Nothing more can be written."""

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> tuple[UndoStep, ...]:
        """Remove the filler, or give the writers their limit back."""
        refuse_unknown(fault, ("writers",))
        system = system_of(driver)
        topology = system.topology()
        steps: list[UndoStep] = []
        for part in system.parts(victims, StorageEntry, fault.type):
            volume = _test_volume(part.path)
            if volume is None:
                steps.append(_limit_step(topology, part, labels_of(fault, "writers")))
            else:
                filler: dict[str, Json] = {"filler": str(volume / _FILLER)}
                steps.append(
                    UndoStep(f"{_MODULE}:empty", f"{_MODULE}:is_empty", filler, f"empty {volume}")
                )
        return tuple(steps)

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Fill, or limit, and return when it is in effect."""
        system = system_of(driver)
        # Read before the parts are held against the plan: those that are the same as planned
        # afterwards were so here.
        topology = system.topology()
        for part in system.parts(victims, StorageEntry, fault.type):
            volume = _test_volume(part.path)
            if volume is not None:
                _fill(volume / _FILLER)
                continue
            for writer in _writers(topology, part, labels_of(fault, "writers")):
                if not _set_limit(writer.pid, writer.start_ticks, 0):
                    raise VictimGoneError(f"process {writer.name} ended before it could be hit")


@fault("storage.read-only", drivers=("local",))
class ReadOnly:
    """The file system is mounted read-only, as the kernel does after an error of the disk."""

    def undo_steps(
        self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]
    ) -> tuple[UndoStep, ...]:
        """Mount it writable again."""
        refuse_unknown(fault, ())
        return tuple(
            UndoStep(
                f"{_MODULE}:make_writable",
                f"{_MODULE}:is_writable",
                {"volume": str(_own_volume(part))},
                f"mount {_own_volume(part)} writable",
            )
            for part in system_of(driver).parts(victims, StorageEntry, fault.type)
        )

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Mount it read-only."""
        for part in system_of(driver).parts(victims, StorageEntry, fault.type):
            _remount(_own_volume(part), "ro")


def empty(args: Mapping[str, Json]) -> None:
    """Remove the filler, where there is one."""
    Path(str(args["filler"])).unlink(missing_ok=True)


def is_empty(args: Mapping[str, Json]) -> bool:
    """Whether the filler is gone."""
    return not Path(str(args["filler"])).exists()


def unlimit(args: Mapping[str, Json]) -> None:
    """Give writers, and whatever inherited from them, their limit back; who is gone needs none."""
    for _ in range(_ROUNDS):
        # One that was about to start a process may have handed its limit on.
        left = _limited(args)
        for pid, ticks, limit in left:
            _set_limit(pid, ticks, limit)
        if not left:
            return


def is_unlimited(args: Mapping[str, Json]) -> bool:
    """Whether no writer, nor what inherited from one, is limited any more."""
    return not _limited(args)


def make_writable(args: Mapping[str, Json]) -> None:
    """Mount the volume writable; one that is gone needs nothing."""
    volume = Path(str(args["volume"]))
    if os.path.ismount(volume):
        _remount(volume, "rw")


def is_writable(args: Mapping[str, Json]) -> bool:
    """Whether the volume is mounted writable, or gone."""
    volume = Path(str(args["volume"]))
    return not os.path.ismount(volume) or not os.statvfs(volume).f_flag & os.ST_RDONLY


def _writers(topology: Topology, part: StorageEntry, labels: Labels) -> list[ProcessEntry]:
    """Processes that write to a storage."""
    found = [
        process
        for process in topology.processes
        if (process.name in part.writers if part.writers else labels <= process.labels.items())
    ]
    missing = sorted(set(part.writers) - {process.name for process in found})
    if missing or not found:
        raise TargetError(
            f"storage {part.name}: no such writer among the processes: "
            f"{', '.join(missing) or dict(labels) or 'there is none'}"
        )
    return found


def _limit_step(topology: Topology, part: StorageEntry, labels: Labels) -> UndoStep:
    writers = _writers(topology, part, labels)
    limits: list[Json] = [_limit_of(writer) for writer in writers]
    args: dict[str, Json] = {
        "topology": str(topology.source),
        "storage": part.name,
        "labels": dict(labels),
        "writers": limits,
    }
    title = f"let files of {', '.join(writer.name for writer in writers)} grow again"
    return UndoStep(f"{_MODULE}:unlimit", f"{_MODULE}:is_unlimited", args, title)


def _limit_of(writer: ProcessEntry) -> dict[str, Json]:
    with exactly(writer.pid, writer.start_ticks) as held:
        if held is None:
            raise VictimGoneError(f"process {writer.name} ended before it could be hit")
        try:
            soft, _ = resource.prlimit(writer.pid, resource.RLIMIT_FSIZE)
        except PermissionError:
            raise _not_ours(writer.name) from None
        if not survives(writer.pid, signal.SIGXFSZ):
            raise NotAvailableError(
                f"a file size limit would kill process {writer.name}, which takes SIGXFSZ as it "
                "comes; put its storage on a small file system of its own"
            )
    return {"pid": writer.pid, "start_ticks": writer.start_ticks, "limit": soft}


def _limited(args: Mapping[str, Json]) -> list[tuple[int, int, int]]:
    """Pid, start ticks and due limit of whoever is still limited."""
    due: dict[tuple[int, int], int] = {}
    for told in cast(list[dict[str, int]], args["writers"]):
        due[told["pid"], told["start_ticks"]] = told["limit"]
    usual = max(due.values(), key=lambda limit: math.inf if limit < 0 else limit)
    roots = {*due, *_current(args)}
    for pid, ticks in (*roots, *heirs(roots)):
        due.setdefault((pid, ticks), usual)
    return [(pid, ticks, limit) for (pid, ticks), limit in due.items() if _is_limited(pid, ticks)]


def _current(args: Mapping[str, Json]) -> set[tuple[int, int]]:
    """Who the topology says writes there now; nobody where the system or the storage is gone."""
    source = Path(str(args["topology"]))
    if not source.exists():
        return set()
    topology = read_topology(source)
    part = next((each for each in topology.storage if each.name == args["storage"]), None)
    if part is None:
        return set()
    labels = cast(dict[str, str], args["labels"]).items()
    try:
        writers = _writers(topology, part, labels)
    except TargetError:
        return set()
    return {(writer.pid, writer.start_ticks) for writer in writers}


def _is_limited(pid: int, ticks: int) -> bool:
    """Whether exactly this process has the limit that the fault sets, and may have more."""
    with exactly(pid, ticks) as held:
        if held is None:
            return False
        try:
            soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        except ProcessLookupError:
            return False
        except PermissionError:
            raise _not_ours(str(pid)) from None
    return soft == 0 != hard


def _set_limit(pid: int, ticks: int, soft: int) -> bool:
    """Set the limit of exactly this process; False when it is gone."""
    with exactly(pid, ticks) as held:
        if held is None:
            return False
        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            most = soft if hard < 0 or 0 <= soft <= hard else hard
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))
        except ProcessLookupError:
            return False
        except PermissionError:
            raise _not_ours(str(pid)) from None
    return True


def _not_ours(name: str) -> NotAvailableError:
    return NotAvailableError(
        f"process {name} belongs to another user, and its limits can be set by that user or root"
    )


def _volume(path: Path) -> Path | None:
    """The file system's own folder that holds `path`; None where that is the machine's."""
    for folder in (path, *path.parents):
        if os.path.ismount(folder):
            return None if folder == Path("/") or str(folder) in _MACHINES_OWN else folder
    return None


def _test_volume(path: Path) -> Path | None:
    """The folder of a small file system of its own that we may write to; None otherwise."""
    volume = _volume(path)
    if volume is None or not os.access(volume, os.W_OK):
        return None
    size = os.statvfs(volume)
    return volume if size.f_blocks * size.f_frsize <= _LARGEST_VOLUME else None


def _own_volume(part: StorageEntry) -> Path:
    volume = _test_volume(part.path)
    if os.geteuid() != 0:
        raise NotAvailableError("mounting storage read-only needs root")
    if volume is None:
        raise NotAvailableError(
            f"storage {part.name} lies on no small file system of its own, "
            "and the machine's own is not made read-only"
        )
    return volume


def _fill(filler: Path) -> None:
    size = os.statvfs(filler.parent)
    piece = size.f_bavail * size.f_frsize
    with filler.open("wb", buffering=0) as file:
        while piece:
            # Metadata takes its part, so that the last free bytes are found by halves.
            try:
                end = file.seek(0, os.SEEK_END)
                os.posix_fallocate(file.fileno(), end, piece)
            except OSError:
                piece //= 2


def _remount(volume: Path, mode: str) -> None:
    mount = shutil.which("mount")
    if mount is None:
        raise NotAvailableError("mounting storage read-only needs the program mount")
    done = subprocess.run(  # noqa: S603 - no shell
        [mount, "-o", f"remount,{mode}", str(volume)], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    said = done.stderr.strip()
    if "busy" in said:
        raise NotAvailableError(
            f"{volume} cannot become read-only while a file there is open for writing"
        )
    raise TargetError(f"{volume} could not be mounted {mode}: {said}")
