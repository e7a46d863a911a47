"""A bundle as one zip: the same bundle gives the same bytes, and no file is held in memory."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from clinigate.evidence.files import replacing
from clinigate.evidence.sources import ALL_MAY_SHRINK, MAY_SHRINK, Limits, Source

__all__ = ["write_zip"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6
#: In a large bundle a file below this size is packed whatever it shrinks to: its entry in the
#: archive alone is a 200th of it.
_SMALL = 1 << 14


def write_zip(
    source: Source, destination: Path, *, takes: Callable[[str], bool] = lambda _: True
) -> Path:
    """Write the files of a bundle into one zip, whole or not at all.

    Args:
        source: its files.
        destination: where to; its folder exists.
        takes: which names go in.

    Raises:
        EvidenceError: the disk refuses.
        IntegrityError: a file cannot be read.
    """
    names = list(filter(takes, source.names))
    large = sum(map(source.size, names)) > ALL_MAY_SHRINK
    with replacing(destination) as scratch, zipfile.ZipFile(scratch, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o100644 << 16
            info.file_size = source.size(name)
            info.compress_type = _way(source, name, info.file_size, large=large)
            with archive.open(info, "w") as member:
                for chunk in source.chunks(name):
                    member.write(chunk)
    return destination


def _way(source: Source, name: str, size: int, *, large: bool) -> int:
    """Deflated, unless it would shrink so much that readers must take it for a bomb."""
    if size <= (_SMALL if large else MAY_SHRINK):
        return zipfile.ZIP_DEFLATED
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    packed = sum(len(packer.compress(chunk)) for chunk in source.chunks(name))
    packed += len(packer.flush())
    return zipfile.ZIP_DEFLATED if size <= Limits().ratio * packed else zipfile.ZIP_STORED
