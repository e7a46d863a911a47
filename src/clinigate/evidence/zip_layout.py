"""Does every byte of a zip belong to a member that its directory names?

Readers of zip files disagree on what stands before the first member, between two members and after
the end record: one finds a second archive there, another skips it. Here nothing may stand there.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

from clinigate.errors import IntegrityError

__all__ = ["check_layout"]

_LOCAL = struct.Struct("<4s22x2H")
_END = struct.Struct("<4s16xH")
_HAS_DESCRIPTOR = 0x08
#: A data descriptor: checksum and two sizes of 4 or 8 bytes, after a signature or not.
_DESCRIPTORS = (12, 16, 20, 24)


def check_layout(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an archive with bytes that belong to nothing, or to two members.

    Raises:
        IntegrityError: the first such place is named.
        BadZipFile, OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        end = 0
        before = "the archive's beginning"
        descriptor = False
        for info in sorted(archive.infolist(), key=lambda each: each.header_offset):
            _check_gap(path, info.header_offset - end, before, descriptor=descriptor)
            end = _end_of(stream, info)
            before, descriptor = repr(info.filename), bool(info.flag_bits & _HAS_DESCRIPTOR)
        _check_gap(path, archive.start_dir - end, before, descriptor=descriptor)
        _check_end(path, stream)


def _end_of(stream: BinaryIO, info: zipfile.ZipInfo) -> int:
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise zipfile.BadZipFile(f"{info.filename!r} begins after the end")
    signature, name, extra = _LOCAL.unpack(header)
    if signature != b"PK\x03\x04":
        raise zipfile.BadZipFile(f"{info.filename!r} does not begin where the directory says")
    return int(info.header_offset + _LOCAL.size + name + extra + info.compress_size)


def _check_gap(path: Path, gap: int, before: str, *, descriptor: bool) -> None:
    if gap == 0 or (descriptor and gap in _DESCRIPTORS):
        return
    what = f"{gap} bytes that belong to no file" if gap > 0 else "two files that share bytes"
    raise IntegrityError(f"{path.name}: not a sound zip: {what}, after {before}")


def _check_end(path: Path, stream: BinaryIO) -> None:
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END.size))
    tail = stream.read()
    if len(tail) != _END.size or _END.unpack(tail) != (b"PK\x05\x06", 0):
        raise IntegrityError(
            f"{path.name}: not a sound zip: data after its end, or a comment; a bundle has none"
        )
