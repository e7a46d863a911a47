"""A bundle's files, opened so that no link on the way leads out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.sources import check_names

__all__ = ["chunks", "is_text", "opened"]

#: What a browser may show, as plain text and nothing else.
_TEXT_SUFFIXES = (".json", ".ndjson", ".txt", ".md", ".csv", ".xml", ".sarif", ".tlog-proof")
_CHUNK = 1 << 18
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_text(name: str) -> bool:
    """Tell whether a file is shown as text; anything else is handed over to be saved."""
    return name.endswith(_TEXT_SUFFIXES)


@contextmanager
def opened(folder: Path, name: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open a file below a folder, part by part, and give it with its size in bytes.

    Raises:
        IntegrityError: a name that leads elsewhere.
        EvidenceError: there is no such plain file, or a link stands in the way.
    """
    check_names([name])
    *parents, last = name.split("/")
    fds: list[int] = []
    try:
        try:
            fds.append(os.open(folder, _FOLDER))
            for part in parents:
                fds.append(os.open(part, _FOLDER, dir_fd=fds[-1]))
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            fd = os.open(last, flags, dir_fd=fds[-1])
        except OSError as error:
            raise EvidenceError(f"{name}: no such file in this run") from error
    finally:
        for each in fds:
            os.close(each)
    with os.fdopen(fd, "rb") as stream:
        info = os.fstat(stream.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise IntegrityError(f"{name}: no plain file")
        yield stream, info.st_size


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a file piece by piece: evidence may be larger than the memory."""
    while piece := stream.read(_CHUNK):
        yield piece
