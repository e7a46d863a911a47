"""What lies in archives: each member as if it lay there by itself."""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from clinigate.findings.tree import shown_name
from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.sources import DAMAGED, Counted, Opener, Readable, Source

__all__ = ["is_tar", "tar_parts", "zip_parts"]

_BLOCK = 512
#: Names and properties of a member are no longer; a header may claim any length.
_HEADER = 2**20
_REST = 64 * 1024
_ENCRYPTED = 0x1
#: Of more than a hundred thousand members, which are the most that are opened.
_DIRECTORY = 16 * 2**20
#: The end of a zip file, with the longest comment and what larger ones have before it.
_END = 22 + 2**16 + 128
#: Members that say something of the next one.
_HEADS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_OLD_SUM = re.compile(rb"[ 0-7]{6}[\0 ]{2}")


def zip_parts(source: Source, inside: Opener) -> Iterator[Part | Skipped]:
    """Yield the members of a zip file: archives, wheels, office documents."""
    try:
        file = source.whole()
        if _directory_size(file) > _DIRECTORY:
            raise TruncatedError("too many things lie in one file")
        archive = zipfile.ZipFile(file)
        members = archive.infolist()
    except TruncatedError as problem:
        yield Skipped(source.name, str(problem))
        return
    except DAMAGED:
        yield Skipped(source.name, "a damaged zip file")
        return
    yield from _comments(source, archive, members)
    for member in members:
        name = source.within(shown_name(member.filename))
        # A folder holds nothing, or somebody calls something a folder that is none.
        if member.is_dir() and not member.file_size and not member.compress_size:
            continue
        if member.flag_bits & _ENCRYPTED:
            yield Skipped(name, "encrypted")
            continue
        try:
            with archive.open(member) as stream:
                counted = Counted(cast(Readable, stream), source.budget, member.compress_size)
                yield from inside(source.inner(name, member.filename, counted))
        except (*DAMAGED, TruncatedError):
            yield Skipped(name, "a damaged member, or packed in a way that is not known")


def _directory_size(file: BinaryIO) -> int:
    """Bytes of a zip file's directory as its end says, which the library reads as a whole."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END))
    tail = file.read(_END)
    at = tail.rfind(b"PK\x05\x06")
    said = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if said == 0xFFFFFFFF:
        wide = tail.rfind(b"PK\x06\x06", 0, at)
        said = int.from_bytes(tail[wide + 40 : wide + 48], "little") if wide >= 0 else said
    return said


def _comments(
    source: Source, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]
) -> Iterator[Part]:
    said = [text for text in (archive.comment, *(each.comment for each in members)) if text]
    if said:
        yield Part(source.within("comments"), (text + b"\n" for text in said), media="text")


def is_tar(head: bytes) -> bool:
    """Whether a file is a tape archive: by its sign, or of the oldest kind by its sum."""
    if len(head) < _BLOCK or not (head[257:262] == b"ustar" or _OLD_SUM.match(head, 148)):
        return False
    try:
        tarfile.TarInfo.frombuf(head[:_BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


class _Careful(tarfile.TarInfo):
    """A member whose header must not fill the memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _HEADS and self.size > _HEADER:
            raise tarfile.HeaderError("a header of more than a megabyte")
        return cast(tarfile.TarInfo, super()._proc_member(archive))  # type: ignore[misc]


def tar_parts(source: Source, inside: Opener) -> Iterator[Part | Skipped]:
    """Yield the files of a tape archive, in its order."""
    stream = cast(IO[bytes], source.as_stream())
    try:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Careful, errorlevel=1) as archive:
            yield from _members(archive, source, inside)
            # What cannot be read is an end to the library.
            rest = archive.fileobj
            while rest is not None and (data := rest.read(_REST)):
                if data.strip(b"\0"):
                    yield Skipped(source.name, "an archive, behind whose end something follows")
                    return
    except (*DAMAGED, TruncatedError) as problem:
        reason = str(problem) if isinstance(problem, TruncatedError) else "it breaks off"
        yield Skipped(source.name, f"an archive, of which not all was read: {reason}")


def _members(archive: tarfile.TarFile, source: Source, inside: Opener) -> Iterator[Part | Skipped]:
    for member in archive:
        # What is of no known kind has bytes too (POSIX: it is read as a file).
        is_file = member.isreg() or member.type not in tarfile.SUPPORTED_TYPES
        file = archive.extractfile(member) if is_file else None
        if file is not None:
            name = source.within(shown_name(member.name))
            stream = cast(Readable, file)
            if member.issparse():
                # Its holes are nowhere: a block of header may stand for years of zeros.
                packed = sum(size for _, size in getattr(member, "sparse", None) or ())
                stream = Counted(stream, source.budget, packed)
            yield from inside(source.inner(name, member.name, stream))
        # A long archive must not be remembered.
        archive.members = []  # type: ignore[attr-defined]
