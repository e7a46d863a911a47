"""Writing so that a crash leaves either all of it or nothing, and never a half that looks whole."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clinigate.errors import EvidenceError

__all__ = ["append_bytes", "lock_file", "sync_directory", "write_atomic"]

_POLL_S = 0.05


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, replace: bool = True) -> None:
    """Write `data` to `path` whole or not at all, and onto the disk before returning.

    Args:
        path: where to; its directory exists.
        data: all of the file.
        mode: permissions, set before the first byte is written.
        replace: False refuses to overwrite.

    Raises:
        FileExistsError: `replace` is False and the file is there.
        EvidenceError: the disk refused (full, read-only, …); nothing is left behind.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        _write_new(scratch, data, mode)
        if replace:
            scratch.replace(path)
        else:
            path.hardlink_to(scratch)
        sync_directory(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        scratch.unlink(missing_ok=True)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_directory(path: Path) -> None:
    """Put a directory's entries onto the disk: a rename is not durable before that."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
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
        raise EvidenceError(f"{name}: cannot be written: {error.strerror}") from error
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
                    f"{path}: another process holds this lock since {wait_s:g} s ago or longer; "
                    "wait for it to end, then try again"
                ) from None
            sleep(_POLL_S)
        else:
            return
