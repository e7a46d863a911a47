"""Files that a test wrote: exports, snapshots, cassettes, databases."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from clinigate.phi.watching import Watcher
from clinigate.pytest_plugins.phi_guard_frames import Where
from clinigate.pytest_plugins.phi_guard_looking import Leak

__all__ = ["Files", "below"]

#: Folders and endings of what Python and pytest write for themselves.
_NOT_THEIRS = frozenset(
    {"__pycache__", ".pytest_cache", ".hypothesis", ".clinigate", ".git", "dev", "proc"}
)
_ENDINGS = (".pyc", ".pyo", ".coverage")
#: Of one file at most so many bytes are looked at, and of one folder so many files.
_MOST_BYTES = 16 * 2**20
_MOST_FILES = 500
_HEAD = 4096
#: How archives begin that hold no zero among their first bytes.
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK", b"%PDF", b"\xff\xfe", b"\xfe\xff")


class Files:
    """Looks at files, at each byte once.

    Attributes:
        unread: how many were not looked at to their end.
    """

    def __init__(self, watcher: Watcher) -> None:
        self.unread = 0
        self._watcher = watcher
        #: By name: inode, size and time of what was looked at.
        self._seen: dict[str, tuple[int, int, int]] = {}

    def leak(self, files: Mapping[str, Where | None], accepted: frozenset[str]) -> Leak:
        """Return what stands in files that did not stand there before."""
        leak = Leak()
        for path, where in files.items():
            rules = [
                sight.rule
                for data in self._new(path)
                for sight in self._watcher.sights(data, accepted=accepted)
            ]
            if rules:
                leak.add(rules, where, self._watcher.look(Path(path).name).clean)
        return leak

    def _new(self, path: str) -> Iterator[bytes]:
        """Yield what is new in a file, in stretches that are searched by themselves.

        A path is text here: to make an object of it takes longer than to read a small file.
        """
        if path.endswith(_ENDINGS) or not _NOT_THEIRS.isdisjoint(path.split(os.sep)):  # noqa: PTH206
            return
        try:
            state = os.stat(path)  # noqa: PTH116
            if not stat.S_ISREG(state.st_mode):
                return
            now = (state.st_ino, state.st_size, state.st_mtime_ns)
            before = self._seen.get(path)
            self._seen[path] = now
            if before != now:
                grown = before is not None and before[0] == now[0] and before[1] < now[1]
                start = before[1] if before and grown else 0
                # Who only adds to a file adds whole lines: what stood there was looked at.
                yield from self._read(path, start)
        except FileNotFoundError:  # what is gone leaks nothing any more
            return
        except OSError:
            self.unread += 1

    def _read(self, path: str, start: int) -> Iterator[bytes]:
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(_HEAD)
            if b"\0" in head or head.startswith(_PACKED):
                yield from self._parts(Path(path))
                return
            if start or len(head) == _HEAD:
                file.seek(start)
                data = file.read(_MOST_BYTES)
                self.unread += len(data) == _MOST_BYTES and bool(file.read(1))
            else:  # most are small, and were read whole
                data = head
            yield data

    def _parts(self, path: Path) -> Iterator[bytes]:
        """Yield what stands in a file that is no text as it is: an archive, a database, a table."""
        from clinigate.phi.surfaces import Part, TruncatedError, open_path

        for part in open_path(path):
            if not isinstance(part, Part):
                self.unread += 1
                continue
            chunks, size = [], 0
            try:
                for chunk in part.chunks:
                    chunks.append(chunk)
                    size += len(chunk)
                    if size > _MOST_BYTES:
                        self.unread += 1
                        break
            except TruncatedError:
                self.unread += 1
            yield b"".join(chunks)


def below(folder: object) -> list[str]:
    """Return files below a folder of a test, at most so many; nothing where it has none."""
    found: list[str] = []
    left = [str(folder)] if isinstance(folder, Path) else []
    while left and len(found) < _MOST_FILES:
        # What cannot be listed, or is gone, has no files.
        with suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                if not _is_folder(entry):
                    found.append(entry.path)
                elif not entry.is_symlink():
                    left.append(entry.path)
    return found[:_MOST_FILES]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # whether it can be read is told where it is looked at
        return False
