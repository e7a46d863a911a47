"""Open a file as what it is: the parts of it that can be searched."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from clinigate.phi.surfaces.kinds import parts_of
from clinigate.phi.surfaces.limits import Budget, Limits
from clinigate.phi.surfaces.part import Part, Skipped
from clinigate.phi.surfaces.sources import Readable, Source

__all__ = ["open_path", "open_stream"]

_LOOPS = "a link that leads to itself"
_NO_FILE = "no file but a pipe, socket or device; it is not opened"


def open_path(path: Path, limits: Limits = Limits()) -> Iterator[Part | Skipped]:  # noqa: B008
    """Yield what of a file can be searched, and what cannot.

    Parts are read as they are asked for: take the chunks of one before the next part, or leave
    them. A table or log of many fields comes as several parts of one name, so that none needs a
    long memory. Nothing is raised for what the file is or holds: what cannot be read is Skipped,
    what ends too early raises TruncatedError from its chunks.
    """
    opened = _opened(path)
    if isinstance(opened, Skipped):
        yield opened
        return
    with opened:
        budget = Budget(limits, size=os.fstat(opened.fileno()).st_size)
        source = Source("", path.name, opened, budget, path=path)
        yield from parts_of(source)


def open_stream(
    stream: Readable,
    *,
    file_name: str = "",
    limits: Limits = Limits(),  # noqa: B008
) -> Iterator[Part | Skipped]:
    """Yield what of a stream can be searched: standard input, a socket, a body.

    Args:
        stream: read once, from where it stands; it stays open.
        file_name: what it would be called as a file, whose ending may say what it is.
        limits: as of `open_path`.
    """
    yield from parts_of(Source("", file_name, stream, Budget(limits)))


def _opened(path: Path) -> BinaryIO | Skipped:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return Skipped("", _folder(path))
        if not stat.S_ISREG(mode):
            return Skipped("", _NO_FILE)
        # What has become a pipe meanwhile must not keep anybody waiting.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    except OSError as problem:
        if problem.errno == errno.ELOOP:
            return Skipped("", _LOOPS)
        return Skipped("", f"cannot be read ({problem.strerror})")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return Skipped("", _NO_FILE)
    return os.fdopen(handle, "rb", buffering=0)


def _folder(path: Path) -> str:
    if path.is_symlink():
        return "a link out of what is scanned; scan what it leads to"
    return "a repository of its own; scan it by its path"
