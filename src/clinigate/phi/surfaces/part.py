"""What every surface is turned into: stretches of bytes with a way back to where they stood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Part", "Skipped", "TruncatedError", "as_it_is"]


def as_it_is(line: int) -> tuple[int | None, str | None]:
    """A line of the part is a line of the file."""
    return line, None


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of bytes that is searched by itself: a file, a member, a table.

    Attributes:
        name: "" for the file itself, else what stands in it, as a reader would write it:
            `notes/a.txt` of an archive, `patients` of a database. The finding's place is then
            `file!/name`.
        chunks: its bytes in order, of any sizes, read as they are asked for; text as UTF-8 where
            its encoding is known to be another. An iterator may raise `TruncatedError` at its end.
        place: from a line of the bytes (from 1) to line or row in the source and, where there is
            one, the field: `(12, "ssn")`. Tables are rendered one cell a line, as
            `column: value`, so that the column's name is context for its value alone.
        media: what it is, for the counts: `text`, `binary`, `csv`, `hl7`, `sqlite`, …
        literal: whether it is searched for canaries alone: in packed columns, pixels and pages of a
            database, expressions would strike by chance, and what they say is a part of its own.
    """

    name: str
    chunks: Iterator[bytes]
    place: Callable[[int], tuple[int | None, str | None]] = as_it_is
    media: str = "text"
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """What could not be looked at, and why; it makes a scan incomplete.

    Attributes:
        name: as `Part.name`.
        reason: in a few words, without anything of the content.
    """

    name: str
    reason: str


class TruncatedError(Exception):
    """Raised by chunks that end before their source does: `str()` says why."""
