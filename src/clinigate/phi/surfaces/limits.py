"""How much is taken out of what is packed: nothing that is sent may fill disk, memory or a day."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.phi.surfaces.part import TruncatedError

__all__ = ["Budget", "Limits"]

_MB = 2**20
#: What is no larger than this may grow as it likes.
_FREE = 64 * _MB
_LEAST = 1024 * _MB


@dataclass(frozen=True, slots=True)
class Limits:
    """What is opened of one file.

    Attributes:
        depth: how deep packed things may lie in packed things: `a.tar.gz` has two layers.
        unpacked: bytes that may come out of one file altogether.
        ratio: how many times its own size a packed stream may grow to. Deflate cannot exceed
            1,032, logs reach 10 to 50. The first 64 MB are free.
        members: how many things may lie in one file.
        held: bytes of what has to be in memory at once: an image, a database within an archive,
            a line of a table.
        chunk: bytes that are read at once.
    """

    depth: int = 6
    unpacked: int = 32 * 1024 * _MB
    ratio: int = 200
    members: int = 100_000
    held: int = 64 * _MB
    chunk: int = 4 * _MB


@dataclass(slots=True)
class Budget:
    """What one file has used of its limits.

    Attributes:
        size: of the file on disk; what comes out of it may be `ratio` times as much, or a gigabyte.
        told: whether it has been said that what follows is left.
    """

    limits: Limits
    size: int | None = None
    unpacked: int = 0
    members: int = 0
    told: bool = False

    @property
    def most(self) -> int:
        """Bytes that may come out of it."""
        if self.size is None:
            return self.limits.unpacked
        return min(self.limits.unpacked, max(_LEAST, self.size * self.limits.ratio))

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may come out of it."""
        return self.unpacked > self.most or self.members > self.limits.members

    def take(self, size: int, *, out: int, packed: int) -> None:
        """Count bytes that came out of something packed.

        Args:
            size: how many came now.
            out: how many came of this stream.
            packed: how many of its own were read for them.

        Raises:
            TruncatedError: there were too many of them.
        """
        self.unpacked += size
        if self.unpacked > self.most:
            raise TruncatedError(f"more than {self.most // _MB} MB are packed in it")
        if out > max(_FREE, packed * self.limits.ratio):
            raise TruncatedError(f"it grows to more than {self.limits.ratio} times its size")
