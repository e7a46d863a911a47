"""How much a scan has seen: shown even where it found nothing, so that a silent no-op shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from clinigate.phi.looking import Looked

__all__ = ["Counts", "counted"]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was looked at, and what was not.

    Attributes:
        files: of which something was read.
        bytes: that were searched, unpacked.
        parts: files, members and tables.
        skipped: files and parts that could not be looked at.
        truncated: parts that were looked at up to a limit.
        media: what the parts are, and how many of each.
    """

    files: int = 0
    bytes: int = 0
    parts: int = 0
    skipped: int = 0
    truncated: int = 0
    media: Counter[str] = field(default_factory=Counter)

    @property
    def complete(self) -> bool:
        """Whether everything was looked at."""
        return not self.skipped and not self.truncated

    def __str__(self) -> str:
        return (
            f"{self.files:,} files, {self.bytes:,} bytes, {self.parts:,} parts searched; "
            f"{self.skipped:,} skipped, {self.truncated:,} truncated"
        )


def counted(all_looked: Iterable[Looked]) -> Counts:
    """Return the counts of some files together."""
    files = size = skipped = truncated = 0
    media: Counter[str] = Counter()
    for looked in all_looked:
        files += looked.read
        size += looked.size
        skipped += len(looked.skipped)
        truncated += len(looked.truncated)
        media.update(looked.media)
    return Counts(files, size, media.total(), skipped, truncated, media)
