"""A bundle's files into a directory of runs: all of it or nothing, and only what was verified.

::

    runs/.import-<run>-<random>.tmp/   while it is copied and verified; no run's name looks like it
    runs/<run-id>/                     one rename later
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.files import is_scratch, naming, sync_directory
from clinigate.evidence.names import OUTSIDE, in_sealed_set

__all__ = ["left_out", "remove_leftovers", "unpacked"]

_SCRATCH = re.compile(r"\.(?:import|pruned)-.+\.tmp")
_LARGEST_RECORD = 1 << 20
_RECORD = re.compile(r"records/[^/]+\.json")


@contextmanager
def unpacked(bundle: Bundle, runs: Path) -> Iterator[Path]:
    """Give a copy of a bundle, on the disk, under a name that no run has; gone when the block ends.

    Whoever is content with the copy renames it to the run's own name within the block.

    Args:
        bundle: read, not believed. What can be made again from it (`exports/`) stays behind.
        runs: the directory of runs.

    Raises:
        IntegrityError: a file cannot be read, or a name is none that a bundle has.
        EvidenceError: the disk refuses.
    """
    place = runs / f".import-{bundle.run}-{os.urandom(4).hex()}.tmp"
    with naming(place, "created"):
        runs.mkdir(parents=True, exist_ok=True)
        place.mkdir(mode=0o700)
    try:
        folders = {place}
        for name in bundle.names:
            if _stays_behind(bundle, name):
                continue
            path = place / name
            with naming(path, "written"):
                path.parent.mkdir(parents=True, exist_ok=True)
                _copy(bundle, name, path)
            folders.update(parent for parent in path.parents if parent.is_relative_to(place))
        for folder in sorted(folders, reverse=True):
            sync_directory(folder)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def left_out(bundle: Bundle) -> int:
    """Return how many files of a bundle stay behind when it is unpacked."""
    return sum(_stays_behind(bundle, name) for name in bundle.names)


def remove_leftovers(runs: Path) -> None:
    """Remove what killed imports, prunes and witnesses left, under their scratch names.

    Raises:
        EvidenceError: the disk refuses.
    """
    with naming(runs, "tidied"):
        for path in runs.iterdir() if runs.is_dir() else ():
            if _SCRATCH.fullmatch(path.name):
                shutil.rmtree(path)
            elif is_scratch(path.name):
                path.unlink()


def _stays_behind(bundle: Bundle, name: str) -> bool:
    """Reports that travelled along are made again, rather than believed.

    Raises:
        IntegrityError: a name in the folder of records that no record has, or a size.
    """
    records, exports = OUTSIDE
    if name.startswith(records) and not _RECORD.fullmatch(name):
        raise IntegrityError(f"{name!r}: is no record of a person, and nothing else lies there")
    if name.startswith(records) and bundle.size(name) > _LARGEST_RECORD:
        raise IntegrityError(f"{name!r}: {bundle.size(name)} bytes, and no record is so large")
    return name.startswith(exports) and not in_sealed_set(name)


def _copy(bundle: Bundle, name: str, path: Path) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with os.fdopen(fd, "wb") as stream:
        for chunk in bundle.source.chunks(name):
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
