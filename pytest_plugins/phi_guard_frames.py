"""Which line of the code under test is at work: the nearest outside of tests and libraries."""

from __future__ import annotations

import os
import sys
from enum import Enum, auto
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple

__all__ = ["Frames", "Where"]


class _Kind(Enum):
    OWN = auto()
    TEST = auto()
    LIBRARY = auto()
    #: pytest's own: whoever called it is no part of the test.
    RUNNER = auto()


#: By these names an enumeration is not asked anew for each thing that is said.
_OWN, _TEST, _RUNNER = _Kind.OWN, _Kind.TEST, _Kind.RUNNER


class Where(NamedTuple):
    """A line of code; one is made for each thing that is said, which a tuple does quickest.

    Attributes:
        file: as the interpreter knows it.
        line: from 1.
        of_test: whether it is a test's own, because no code under test was at work.
    """

    file: str
    line: int
    of_test: bool

    def shown(self, root: Path) -> str:
        """Return it as a reader finds it, relative to a folder where it stands below."""
        path = Path(self.file)
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        return f"{name}:{self.line}" + (" (the test itself)" if self.of_test else "")


#: So many callers are looked at.
_DEEPEST = 200


class Frames:
    """Tells code under test, tests and libraries apart, by file; each file once."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def nearest(self, frame: FrameType | None) -> Where | None:
        """Return the nearest line of the code under test, else of a test; None of neither."""
        test: FrameType | None = None
        kinds = self._kinds
        for _ in range(_DEEPEST):
            if frame is None:
                break
            file = frame.f_code.co_filename
            kind = kinds.get(file) or self._judged(file)
            if kind is _OWN:
                return Where(file, frame.f_lineno, of_test=False)
            if kind is _RUNNER:
                break
            if kind is _TEST and test is None:
                test = frame
            frame = frame.f_back
        return None if test is None else Where(test.f_code.co_filename, test.f_lineno, of_test=True)

    def deepest(self, trace: TracebackType | None) -> Where | None:
        """Return the last line of the code under test that an error came through, as `nearest`."""
        own: Where | None = None
        test: Where | None = None
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            kind = self._kinds.get(file) or self._judged(file)
            if kind is _OWN:
                own = Where(file, trace.tb_lineno, of_test=False)
            elif kind is _TEST:
                test = Where(file, trace.tb_lineno, of_test=True)
            trace = trace.tb_next
        return own or test

    def line_of(self, file: str, line: int) -> Where | None:
        """Return a line that somebody else has named; None where it is a library's."""
        kind = self._kinds.get(file) or self._judged(file)
        if kind in (_OWN, _TEST):
            return Where(file, line, of_test=kind is _TEST)
        return None

    def _judged(self, file: str) -> _Kind:
        kind = self._kinds[file] = _kind_of(file)
        return kind


def _kind_of(file: str) -> _Kind:
    parts = Path(file).parts
    if "_pytest" in parts or "pluggy" in parts:
        return _Kind.RUNNER
    installed = "site-packages" in parts or "dist-packages" in parts
    if file.startswith(("<", _OURS)) or installed or file.startswith(_LIBRARY):
        return _Kind.LIBRARY
    name = parts[-1]
    if name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py":
        return _Kind.TEST
    return _Kind.OWN


#: The standard library, and what of it is built for this machine.
_PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_LIBRARY = tuple(
    map(str, {Path(os.__file__).parent, Path(sys.base_exec_prefix, sys.platlibdir, _PYTHON)})
)
#: The guard's own modules stand between whoever speaks and who listens.
_OURS = str(Path(__file__).with_name("phi_guard"))
