"""Follow a file that grows, through its rotations: by renaming, and by copying and truncating."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Follower", "Grown"]

_CHUNK = 256 * 1024
#: The end of what was read, by which a file is known again after it was cut and written anew.
_TAIL = 64
#: So many reads in a row without a byte, and a file that was renamed counts as ended.
_QUIET = 30
#: What rotation appends to a name: `.1`, `-20260131`, `.2026-01-31_12`; packed ones were plain.
_ROTATED = re.compile(r"[._-]\d[\dT:._-]*")

#: A file that is open with us, and one that rotation has put away: numbers are used again.
_Open = tuple[int, int]
_Away = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Grown:
    """What a file has gained.

    Attributes:
        generation: the how-manieth file of that name, from 0.
        data: bytes that follow on those before of the same generation.
    """

    generation: int
    data: bytes


class Follower:
    """Reads what a path gains; each call reads what is there and returns.

    A file that is renamed away is read on beside the new one, since whoever writes it may not
    have noticed yet. Where a file was cut short, what it had gained since the last read is looked
    for in its copies (`app.log.1`); where there is none, that is a gap. A rotated file that was
    never seen growing, as after two rotations since the last read, is read as a whole.

    Attributes:
        gaps: what may have been missed, in words.
        ended: generations of which nothing more will come; whoever reads them takes them out.
    """

    def __init__(self, path: Path, *, from_start: bool = True) -> None:
        """Take the path, which need not exist yet, and whether what is there already counts."""
        self.path = path
        self.gaps: list[str] = []
        self.ended: list[int] = []
        self._skip_first = not from_start
        self._next = 0
        self._present: _File | None = None
        self._renamed: list[_File] = []
        self._known = {away for away, _ in self.rotated()}

    def read(self) -> Iterator[Grown]:
        """Yield what the path has gained since the last call."""
        for old in list(self._renamed):
            yield from self._gained(old)
            if old.quiet >= _QUIET:
                self._end(old)
        if self._present is not None:
            yield from self._gained(self._present)
            if self._present.is_elsewhere(self.path):
                self._renamed.append(self._present)
                self._present = None
        if self._present is None and (file := self._open()) is not None:
            self._present = file
            yield from self._gained(file)
        self._skip_first = False
        yield from self._unseen()

    def close(self) -> None:
        """Let go of all files."""
        for file in (*self._renamed, self._present):
            if file is not None:
                file.close()
        self._renamed, self._present = [], None

    def begin(self) -> int:
        """Return the number of a new generation."""
        self._next += 1
        return self._next - 1

    def rotated(self) -> list[tuple[_Away, Path]]:
        """Return what stands beside the path and is called as rotation calls it, newest first."""
        found: list[tuple[_Away, Path]] = []
        with suppress(OSError):
            for each in self.path.parent.iterdir():
                suffix = each.name.removeprefix(self.path.name)
                if suffix != each.name and _ROTATED.fullmatch(suffix) and each.is_file():
                    with suppress(FileNotFoundError):  # rotation goes on while we look
                        found.append((_away(each), each))
        return sorted(found, key=lambda there: there[0][3], reverse=True)

    def known(self, copy: _Away) -> None:
        """Say that what stands in a rotated file has been read."""
        self._known.add(copy)

    def reading(self, path: Path, *, start: int = 0) -> Iterator[bytes]:
        """Yield what stands in a rotated file; where it cannot be read, that is a gap."""
        try:
            with path.open("rb") as file:
                file.seek(start)
                while data := file.read(_CHUNK):
                    yield data
        except OSError as problem:
            self._gap(f"{path.name} cannot be read ({problem.strerror})")

    def _gained(self, file: _File) -> Iterator[Grown]:
        try:
            yield from file.read(self)
        except OSError as problem:
            # A disk or server that is gone for now; what follows may be read again.
            self._gap(f"could not be read for a time ({problem.strerror})")

    def _unseen(self) -> Iterator[Grown]:
        """What stands in rotated files that came out of nowhere."""
        ours = {file.identity for file in (*self._renamed, self._present) if file is not None}
        there = self.rotated()
        for away, path in reversed(there):
            if away not in self._known and away[:2] not in ours:
                generation = self.begin()
                yield from (Grown(generation, data) for data in self.reading(path))
                self.ended.append(generation)
        self._known = {away for away, _ in there}

    def _end(self, file: _File) -> None:
        self._renamed.remove(file)
        file.close()
        self.ended.append(file.generation)

    def _open(self) -> _File | None:
        try:
            # A pipe in place of a log must not hold us up.
            fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as problem:
            self._gap(f"cannot be read ({problem.strerror})")
            return None
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            self._gap("is no file")
            return None
        return _File(fd, self.begin(), at=os.fstat(fd).st_size if self._skip_first else 0)

    def _gap(self, reason: str) -> None:
        if reason not in self.gaps:
            self.gaps.append(reason)


class _File:
    """One file, open, and how far it was read."""

    def __init__(self, fd: int, generation: int, *, at: int) -> None:
        self.generation = generation
        self.quiet = 0
        self._fd = fd
        self._at = at
        self._tail = os.pread(fd, min(at, _TAIL), at - min(at, _TAIL))
        self.identity = _identity(os.fstat(fd))

    def read(self, follower: Follower) -> Iterator[Grown]:
        """Yield what was gained; after a cut first what stands in a copy."""
        if self._was_cut():
            yield from self._rest_in_a_copy(follower)
            follower.ended.append(self.generation)
            self.generation, self._at, self._tail = follower.begin(), 0, b""
        self.quiet += 1
        while data := os.pread(self._fd, _CHUNK, self._at):
            self.quiet = 0
            self._at += len(data)
            self._tail = (self._tail + data)[-_TAIL:]
            yield Grown(self.generation, data)

    def is_elsewhere(self, path: Path) -> bool:
        """Whether another file has the path now. A path without any may have one soon."""
        try:
            there = path.stat()
        except OSError:
            return False
        return _identity(there) != self.identity

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _was_cut(self) -> bool:
        return os.pread(self._fd, len(self._tail), self._at - len(self._tail)) != self._tail

    def _rest_in_a_copy(self, follower: Follower) -> Iterator[Grown]:
        for away, copy in follower.rotated():
            rest = follower.reading(copy, start=self._at - len(self._tail))
            first = next(rest, b"")
            if first.startswith(self._tail):
                follower.known(away)
                yield Grown(self.generation, first[len(self._tail) :])
                yield from (Grown(self.generation, data) for data in rest)
                return
        follower.gaps.append(
            f"was cut short at byte {self._at}, and no copy of it is there: what was written "
            "since the last look was not seen"
        )


def _identity(status: os.stat_result) -> _Open:
    return status.st_dev, status.st_ino


def _away(path: Path) -> _Away:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
