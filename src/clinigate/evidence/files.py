"""Writing so that a crash leaves either all of it or nothing, and never a half that looks whole."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clinigate.errors import EvidenceError

__all__ = [
    "append_bytes",
    "is_scratch",
    "lock_file",
    "naming",
    "read_bytes",
    "replacing",
    "sync_directory",
    "write_atomic",
]

_POLL_S = 0.05


@contextmanager
def naming(path: Path, doing: str) -> Iterator[None]:
    """Turn what the operating system refuses into an `EvidenceError` that names the file."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be {doing}: {error.strerror}") from error


def read_bytes(path: Path) -> bytes | None:
    """Return a file's content, None when there is no such file.

    Raises:
        EvidenceError: it is there and cannot be read.
    """
    with naming(path, "read"):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def write_atomic(
    path: Path,
    data: bytes,
    *,
    mode: int = 0o644,
    replace: bool = True,
    sync: bool = True,
    scratch_in: Path | None = None,
) -> None:
    """Write `data` to `path` whole or not at all.

    Args:
        path: where to; its directory exists.
        data: all of the file.
        mode: permissions, set before the first byte is written.
        replace: False refuses to overwrite.
        sync: return only when it is on the disk. Without, it survives the death of this process
            and not that of the machine.
        scratch_in: where the half-written file is meanwhile, on the same file system; beside it by
            default. In a sealed run's directory a killed writer's rest would be a foreign file.

    Raises:
        EvidenceError: the disk refused (full, read-only, …), or `replace` is False and the file is
            there; nothing is left behind.
    """
    scratch = _scratch(path, scratch_in)
    try:
        with naming(path, "written"):
            _write_new(scratch, data, mode, sync)
            if replace:
                scratch.replace(path)
            elif not _link(scratch, path):
                raise EvidenceError(f"{path}: exists already and is not overwritten")
            if sync:
                sync_directory(path.parent)
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a place to write a large file to; it takes `path`'s place when the block ends well.

    Raises:
        EvidenceError: the disk refused; nothing is left behind.
    """
    scratch = _scratch(path)
    try:
        with naming(path, "written"):
            yield scratch
            _sync(scratch)
            scratch.replace(path)
            sync_directory(path.parent)
    finally:
        scratch.unlink(missing_ok=True)


def is_scratch(name: str) -> bool:
    """Tell whether a file is what a killed writer left behind."""
    return re.fullmatch(r"\..+\.\d+-[0-9a-f]{8}\.tmp", name) is not None


def _scratch(path: Path, folder: Path | None = None) -> Path:
    return (folder or path.parent) / f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp"


def _link(scratch: Path, path: Path) -> bool:
    # A rename would replace; a link fails where something stands, in one step.
    try:
        path.hardlink_to(scratch)
    except FileExistsError:
        return False
    return True


def _write_new(path: Path, data: bytes, mode: int, sync: bool) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        if sync:
            os.fsync(fd)
    finally:
        os.close(fd)


def sync_directory(path: Path) -> None:
    """Put a directory's entries onto the disk: a rename is not durable before that."""
    _sync(path, os.O_DIRECTORY)


def _sync(path: Path, flags: int = 0) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def append_bytes(fd: int, data: bytes, name: str) -> None:
    """Append `data` by one write, or leave the file as it was.

    A buffered writer would keep the rest of a failed write and flush it later, into the middle of
    the next record.

    Raises:
        EvidenceError: the disk refused or took only a part; the part is cut off again.
    """
    end = os.fstat(fd).st_size
    try:
        written = os.write(fd, data)
    except OSError as error:
        os.ftruncate(fd, end)
        raise EvidenceError(f"{name}: cannot be written: {error.strerror}; free space") from error
    if written != len(data):
        os.ftruncate(fd, end)
        raise EvidenceError(f"{name}: the disk took {written} of {len(data)} bytes; free space")


@contextmanager
def lock_file(
    path: Path, *, wait_s: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the file's exclusive lock; the kernel frees it when the process dies.

    Raises:
        EvidenceError: another process held it for all of `wait_s` seconds.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait_for_lock(fd, path, wait_s, sleep)
        yield
    finally:
        os.close(fd)


def _wait_for_lock(fd: int, path: Path, wait_s: float, sleep: Callable[[float], None]) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise EvidenceError(
                    f"{path}: another process holds this lock, waited {wait_s:g} s for it; "
                    "try again when it has ended"
                ) from None
            sleep(_POLL_S)
        else:
            return
