"""A timeline as lines of a file, written as they happen; what a killed process saw can be read.

    ["clinigate.timeline/1", {"zero": 5012.25}]
    ["sample", scheduled, started, ended, ok, outcome, target]
    ["mark", name, at]
    ["span", name, start, end]

Times are seconds since zero, and zero is one of CLOCK_MONOTONIC, which all processes of a host
share.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.core.exhibit import Mark, Span
from clinigate.errors import EvidenceError

__all__ = ["Line", "Sample", "TimelineFile", "read_lines", "read_samples", "read_zero"]

_SCHEMA = "clinigate.timeline/1"


@dataclass(frozen=True, slots=True)
class Sample:
    """One request and what came of it.

    Attributes:
        scheduled_s, started_s, ended_s: when it was due, sent, and answered or given up.
        ok: whether the answer was good.
        outcome: `ok`, `timeout`, `http-503`, …: a word, never a text that was answered.
        target: who answered, where that is known.
    """

    scheduled_s: float
    started_s: float
    ended_s: float
    ok: bool
    outcome: str
    target: str = ""

    @property
    def latency_s(self) -> float:
        """From when the request was due: a stalled service also delays those who come next."""
        return self.ended_s - self.scheduled_s

    @property
    def lag_s(self) -> float:
        """How late the request was sent, which is the prober's own fault."""
        return self.started_s - self.scheduled_s


Line = Sample | Mark | Span


class TimelineFile:
    """Appends lines, each with one write of its own, so that processes may share the file.

    Attributes:
        problem: why a line could not be written; after it none is, and the file stays readable.
    """

    def __init__(self, path: Path, *, zero: float | None = None) -> None:
        """Begin a new file at `zero`, or without one append to a file that is there.

        Raises:
            EvidenceError: the file exists though it should be new, or cannot be written.
        """
        self.problem: str | None = None
        self._fd: int | None = None
        new = 0 if zero is None else os.O_CREAT | os.O_EXCL
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | new, 0o600)
        except OSError as error:
            raise EvidenceError(
                f"{path}: the timeline cannot be written ({error.strerror}); "
                "wanted a new file in a folder that exists"
            ) from error
        if zero is not None:
            self._append([_SCHEMA, {"zero": zero}])

    def write(self, line: Line) -> None:
        """Append one line."""
        match line:
            case Sample():
                times = (line.scheduled_s, line.started_s, line.ended_s)
                self._append(["sample", *times, line.ok, line.outcome, line.target])
            case Mark():
                self._append(["mark", line.name, line.at])
            case Span():
                self._append(["span", line.name, line.start, line.end])

    def close(self) -> None:
        """Write no more."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _append(self, fields: list[Any]) -> None:
        if self._fd is None:
            return
        data = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
        try:
            if os.write(self._fd, data) < len(data):
                self.problem = "no space left"
        except OSError as error:
            self.problem = error.strerror or type(error).__name__
        if self.problem is not None:
            self.close()


def read_zero(path: Path) -> float:
    """Return where the timeline at `path` begins on the host's clock.

    Raises:
        EvidenceError: the file cannot be read, or is no timeline.
    """
    head = next(_fields(path), None)
    zero: Any = head[1].get("zero") if head is not None and head[0] == _SCHEMA else None
    if not _is_number(zero):
        raise EvidenceError(f"{path}: no timeline; wanted {_SCHEMA} with its zero in line 1")
    return float(zero)


def read_lines(path: Path) -> Iterator[Line]:
    """Yield what was written at `path`, one by one; a last line that was torn is left out.

    Raises:
        EvidenceError: as `read_zero`, or a line other than the last is malformed.
    """
    read_zero(path)
    for name, *values in _fields(path):
        if name == "sample":
            yield Sample(*values)
        elif name == "mark":
            yield Mark(*values)
        elif name == "span":
            yield Span(*values)


def read_samples(path: Path) -> Iterator[Sample]:
    """Yield only the samples written at `path`, one by one.

    Raises:
        EvidenceError: as `read_lines`.
    """
    return (line for line in read_lines(path) if isinstance(line, Sample))


_FIELDS = {_SCHEMA: "h", "sample": "nnnbtt", "mark": "tn", "span": "tnn"}


def _fields(path: Path) -> Iterator[list[Any]]:
    try:
        with path.open("rb") as file:
            for number, data in enumerate(file, start=1):
                if data.endswith(b"\n"):
                    yield _checked(path, number, data)
    except OSError as error:
        raise EvidenceError(f"{path}: the timeline cannot be read ({error.strerror})") from error


def _checked(path: Path, number: int, data: bytes) -> list[Any]:
    try:
        line: list[Any] = json.loads(data)
        if all(_fits(kind, v) for kind, v in zip(_FIELDS[line[0]], line[1:], strict=True)):
            return line
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise EvidenceError(
        f"{path}, line {number}: no line of a timeline; wanted a {_SCHEMA} file as it was written"
    )


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "n":
            return _is_number(value)
        case "b":
            return isinstance(value, bool)
        case "t":
            return isinstance(value, str)
        case _:
            return isinstance(value, dict)


def _is_number(value: Any) -> bool:
    whole = isinstance(value, (float, int)) and not isinstance(value, bool)
    return whole and math.isfinite(value)
