"""Reads everything that a file gives, as a scan would, and remembers where it stood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clinigate.phi.surfaces import Limits, Part, Skipped, TruncatedError, open_path

_USUAL = Limits()


@dataclass
class Seen:
    """What came of a file: lines by part, each with its place, and what was not seen."""

    lines: dict[str, list[tuple[bytes, int | None, str | None]]] = field(default_factory=dict)
    literal: dict[str, bytes] = field(default_factory=dict)
    media: set[str] = field(default_factory=set)
    missed: list[tuple[str, str]] = field(default_factory=list)

    def cells(self, name: str = "") -> set[tuple[int | None, str]]:
        """Row and `field: value` of everything that stands behind a field."""
        return {
            (row, line.decode("utf-8", "surrogateescape"))
            for line, row, said in self.lines.get(name, [])
            if said is not None
        }

    def text(self, name: str = "") -> bytes:
        """The lines that stand as they are."""
        return b"\n".join(line for line, _, said in self.lines.get(name, []) if said is None)

    def everything(self) -> bytes:
        lines = (line for each in self.lines.values() for line, _, _ in each)
        return b"\n".join([*lines, *self.literal.values()])


def read(parts: Iterable[Part | Skipped]) -> Seen:
    """Read all parts to their ends."""
    seen = Seen()
    for part in parts:
        if isinstance(part, Skipped):
            seen.missed.append((part.name, part.reason))
            continue
        data = b"".join(_chunks(part, seen))
        if part.literal:
            seen.literal[part.name] = data
            continue
        seen.media.add(part.media)
        lines = seen.lines.setdefault(part.name, [])
        for number, line in enumerate(data.removesuffix(b"\n").split(b"\n"), start=1):
            lines.append((line, *part.place(number)))
    return seen


def _chunks(part: Part, seen: Seen) -> Iterator[bytes]:
    try:
        yield from part.chunks
    except TruncatedError as problem:
        seen.missed.append((part.name, str(problem)))


class Opener:
    """Writes a file and reads what can be searched of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str, data: bytes | None = None, limits: Limits = _USUAL) -> Seen:
        path = self.folder / name
        if data is not None:
            path.write_bytes(data)
        return read(open_path(path, limits))


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opener:
    """Open a file by its name, which says what it is; with data, write it first."""
    return Opener(tmp_path_factory.mktemp("surfaces"))


@pytest.fixture(scope="session")
def read_parts() -> object:
    return read
