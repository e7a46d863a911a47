"""What was said while a phase of a test ran, by which stream, and from which line."""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from clinigate.pytest_plugins.phi_guard_frames import Frames, Where

__all__ = ["STREAMS", "Hearing", "Said"]

#: What is listened to, in the order of reports.
STREAMS = (
    "stdout",
    "stderr",
    "log",
    "warning",
    "property",
    "error",
    "http out",
    "http in",
    "database",
    "file",
)
#: Of one stream so many characters of a phase are kept with their lines.
MOST = 8 * 2**20
#: What pytest itself captures: the rest is looked at without its lines.
_CAPTURED = ("stdout", "stderr")
#: What a path leaves out where it is written as it is listed.
_UNTIDY = re.compile(r"//|/\.(?:/|$)|/$")


class Said(NamedTuple):
    """One thing that was said, and the nearest line of the code under test."""

    text: str
    where: Where | None


class Hearing:
    """Gathers what the seams hear; from any thread.

    Attributes:
        files: what was opened for writing, and from where first.
        cut: in how many phases a stream said more than is kept and nobody else captures.
    """

    def __init__(self, streams: Collection[str] = STREAMS) -> None:
        self.frames = Frames()
        self.files: dict[str, Where | None] = {}
        self.cut = 0
        self._streams = frozenset(streams)
        self._said: dict[str, list[Said]] = defaultdict(list)
        self._sizes: dict[str, int] = defaultdict(int)
        self._over: set[str] = set()

    def wants(self, stream: str) -> bool:
        """Tell whether a stream is listened to."""
        return stream in self._streams

    def hear(self, stream: str, text: str, *, depth: int = 1) -> None:
        """Take what is said by the caller, or by who is so many calls above."""
        if stream not in self._streams:
            return
        if self._sizes[stream] > MOST:
            self.cut += stream not in _CAPTURED and stream not in self._over
            self._over.add(stream)
            return
        self._sizes[stream] += len(text)
        said = self._said[stream]
        if said and text.isspace():  # the end of a line, by `print`; no value ends in it
            where = said[-1].where
        else:
            where = self.frames.nearest(sys._getframe(depth))
        said.append(Said(text, where))

    def wrote(self, path: str | bytes, *, depth: int = 1) -> None:
        """Take the name of a file that is opened for writing."""
        if "file" not in self._streams:
            return
        name = os.fsdecode(path)
        if not os.path.isabs(name) or _UNTIDY.search(name):  # noqa: PTH117
            name = str(Path.cwd() / name)
        if name not in self.files:
            self.files[name] = self.frames.nearest(sys._getframe(depth))

    @property
    def silent(self) -> bool:
        """Tell whether nothing was said since `taken` was called."""
        return not self._said

    def taken(self) -> dict[str, list[Said]]:
        """Return what was said since the last call, by stream."""
        if not self._said:
            return {}
        said, self._said = self._said, defaultdict(list)
        self._sizes.clear()
        self._over.clear()
        return said

    def taken_files(self) -> dict[str, Where | None]:
        """Return what was opened for writing since the last call."""
        if not self.files:
            return {}
        files, self.files = self.files, {}
        return files
