"""Faults of storage: full, or read-only.

`storage.full` fills the storage where it is a small file system of its own (a test volume); where
it is not, this machine's disk must not be filled, and the writers are kept from writing: their
limit of a file's size (RLIMIT_FSIZE, `prlimit(2)`) becomes 0. Each write to a file then fails with
EFBIG in place of ENOSPC, whatever the file; sockets and pipes go on. That needs no root, only the
writers' own user, and writers that live through SIGXFSZ, as Python does. A process that starts
meanwhile is not limited. Who writes is what the storage names as `writers` in the topology, else
the processes that carry the labels of the parameter `writers`, else all.

`storage.read-only` mounts a file system of its own read-only, which needs root, and which the
kernel refuses while a file there is open for writing.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from clinigate.chaos.drivers.base import (
    Driver,
    NotAvailableError,
    UndoStep,
    Victim,
    VictimGoneError,
    fault,
)
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.chaos.drivers.local_topology import ProcessEntry, StorageEntry
from clinigate.chaos.faults.parameters import labels_of, refuse_unknown
from clinigate.chaos.faults.procfs import exactly, survives
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
        steps: list[UndoStep] = []
        for part in system.parts(victims, StorageEntry, fault.type):
            volume = _test_volume(part.path)
            if volume is None:
                steps.extend(_limit_step(writer) for writer in _writers(system, part, fault))
            else:
                filler: dict[str, Json] = {"filler": str(volume / _FILLER)}
                steps.append(
                    UndoStep(f"{_MODULE}:empty", f"{_MODULE}:is_empty", filler, f"empty {volume}")
                )
        return tuple(steps)

    def inject(self, driver: Driver, fault: FaultSpec, victims: tuple[Victim, ...]) -> None:
        """Fill, or limit, and return when it is in effect."""
        system = system_of(driver)
        for part in system.parts(victims, StorageEntry, fault.type):
            volume = _test_volume(part.path)
            if volume is not None:
                _fill(volume / _FILLER)
                continue
            for writer in _writers(system, part, fault):
                _set_limit(writer.pid, writer.start_ticks, 0)


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
    """Give exactly the named process its limit back; one that is gone needs none."""
    pid, ticks, limit = _limited(args)
    try:
        _set_limit(pid, ticks, limit)
    except VictimGoneError:
        return


def is_unlimited(args: Mapping[str, Json]) -> bool:
    """Whether exactly the named process has its limit back, or is gone."""
    pid, ticks, limit = _limited(args)
    with exactly(pid, ticks) as held:
        return held is None or resource.prlimit(pid, resource.RLIMIT_FSIZE)[0] == limit


def make_writable(args: Mapping[str, Json]) -> None:
    """Mount the volume writable; one that is gone needs nothing."""
    volume = Path(str(args["volume"]))
    if os.path.ismount(volume):
        _remount(volume, "rw")


def is_writable(args: Mapping[str, Json]) -> bool:
    """Whether the volume is mounted writable, or gone."""
    volume = Path(str(args["volume"]))
    return not os.path.ismount(volume) or not os.statvfs(volume).f_flag & os.ST_RDONLY


def _writers(system: LocalSystem, part: StorageEntry, fault: FaultSpec) -> list[ProcessEntry]:
    """Processes that write to a storage."""
    labels = labels_of(fault, "writers")
    found = [
        process
        for process in system.topology().processes
        if (process.name in part.writers if part.writers else labels <= process.labels.items())
    ]
    missing = sorted(set(part.writers) - {process.name for process in found})
    if missing or not found:
        raise TargetError(
            f"storage {part.name}: no such writer among the processes: "
            f"{', '.join(missing) or dict(labels) or 'there is none'}"
        )
    return found


def _limit_step(writer: ProcessEntry) -> UndoStep:
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
    args: dict[str, Json] = {"pid": writer.pid, "start_ticks": writer.start_ticks, "limit": soft}
    title = f"let files of {writer.name} grow again"
    return UndoStep(f"{_MODULE}:unlimit", f"{_MODULE}:is_unlimited", args, title)


def _limited(args: Mapping[str, Json]) -> tuple[int, int, int]:
    pid, ticks, limit = args["pid"], args["start_ticks"], args["limit"]
    assert isinstance(pid, int)
    assert isinstance(ticks, int)
    assert isinstance(limit, int)
    return pid, ticks, limit


def _set_limit(pid: int, ticks: int, soft: int) -> None:
    with exactly(pid, ticks) as held:
        if held is None:
            raise VictimGoneError(f"process {pid} ended before it could be hit")
        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
        except PermissionError:
            raise _not_ours(str(pid)) from None


def _not_ours(name: str) -> NotAvailableError:
    return NotAvailableError(
        f"process {name} belongs to another user, and its limits can be set by that user or root"
    )


def _volume(path: Path) -> Path | None:
    """The file system's own folder that holds `path`; None where that is the machine's root."""
    for folder in (path, *path.parents):
        if os.path.ismount(folder):
            return None if folder == Path("/") else folder
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
