"""What something is, by its first bytes and its name, and what takes it apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from clinigate.phi.surfaces import dicom, images, packed, parquet, sqlite
from clinigate.phi.surfaces.archives import is_tar, tar_parts, zip_parts
from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.sources import Source
from clinigate.phi.surfaces.text import encoding_of
from clinigate.phi.surfaces.writing import text_parts

__all__ = ["parts_of"]

_Parts = Iterator[Part | Skipped]

_MAIL_LINE = rb"[!-9;-~]{1,76}:[^\r\n]{0,2000}\r?\n(?:[ \t][^\r\n]{0,2000}\r?\n){0,40}"
_MAIL_BEGINS = re.compile(rb"(?:From [^\r\n]{1,400}\r?\n)?(?:" + _MAIL_LINE + rb"){2}")
_MAIL_SAYING = re.compile(
    rb"(?im)^(?:MIME-Version|Content-Transfer-Encoding|Message-ID|Received|Return-Path):"
)

_STREAMS: dict[bytes, Callable[[], packed.Inflating]] = {
    b"\x1f\x8b\x08": packed.gzip,
    b"\xfd7zXZ\0": packed.xz,
}
#: Signs of these that no text begins with, though no zero may be among what follows them.
_NO_TEXT = (b"%PDF-", b"!<arch>\n", b"REDIS0")
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_NO_ZSTD = "packed by zstd, which needs a library: pip install backports.zstd"
#: What is packed or locked in a way that the standard library does not open.
_CLOSED = {
    b"\x28\xb5\x2f\xfd": _NO_ZSTD,
    # Frames that are to be passed over, with which parallel packers begin.
    **{bytes([0x50 + number]) + b"\x2a\x4d\x18": _NO_ZSTD for number in range(16)},
    b"\x04\x22\x4d\x18": "packed by lz4; unpack it first",
    b"\x02\x21\x4c\x18": "packed by lz4; unpack it first",
    b"\xff\x06\0\0sNaPpY": "packed by snappy; unpack it first",
    b"\x89LZO\0\r\n\x1a\n": "packed by lzop; unpack it first",
    b"MSCF": "packed as a cabinet; unpack it first",
    b"hsqs": "a squashed file system; unpack it first",
    b"\xed\xab\xee\xdb": "an RPM package; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "packed by 7z; unpack it first",
    b"Rar!\x1a\x07": "packed by rar; unpack it first",
    b"LZIP": "packed by lzip; unpack it first",
    b"\x1f\x9d": "packed by compress; unpack it first",
    b"age-encryption.org/": "encrypted",
    b"Salted__": "encrypted",
    b"LUKS\xba\xbe": "encrypted",
    b"-----BEGIN PGP MESSAGE": "encrypted",
}
#: What keeps its text packed or in another form, which nobody here reads, but for what stands
#: there as it is.
_HALF = {
    b"%PDF-": "a PDF file keeps its text packed; extract it first",
    b"PGDMP": "a dump in PostgreSQL's own form; write it as plain text",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office file; save it in the new form",
    b"Obj\x01": "an Avro file may pack its records; write it as JSON lines",
    b"ORC": "an ORC file packs its columns; write it as parquet",
    b"ARROW1": "an Arrow file may pack its columns; write it as parquet",
    b"!<arch>\n": "an archive of ar, as Debian's packages are, may hold packed ones; unpack it",
    b"!BDN": "an Outlook store; export its messages",
    b"\x78\x9f\x3e\x22": "mail as Outlook packs it (winmail.dat); save what is attached",
    b"REDIS0": "a dump of Redis may pack its values; write it as JSON lines",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file may pack its data; write it as a table",
}


def parts_of(source: Source) -> _Parts:
    """Yield the parts of a source, and of what is packed in it."""
    budget = source.budget
    budget.members += 1
    if budget.is_spent:
        # One is told; a million would be a flood.
        if not budget.told:
            yield Skipped(source.name, "and what follows: too much lies in one file")
        budget.told = True
        return
    try:
        head = source.head()
    except TruncatedError as problem:
        yield Skipped(source.name, str(problem))
        return
    opener = _opener(head)
    if opener in _LAYERS and source.depth >= budget.limits.depth:
        yield Skipped(source.name, "packed in too many layers")
        return
    yield from opener(source)


def _opener(head: bytes) -> Callable[[Source], _Parts]:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip
    if _stream_of(head) is not None:
        return _unpacked
    if is_tar(head):
        return _tar
    if any(head.startswith(sign) for sign in _CLOSED):
        return _closed
    if _is_mail(head):
        return _mail
    return next((parts for fits, parts in _FILES if fits(head)), _plain)


def _zip(source: Source) -> _Parts:
    return zip_parts(source, parts_of)


def _tar(source: Source) -> _Parts:
    return tar_parts(source, parts_of)


def _mail(source: Source) -> _Parts:
    # The standard library's reader of mail takes long to load.
    from clinigate.phi.surfaces.mail import mail_parts

    return mail_parts(source, parts_of)


def _closed(source: Source) -> _Parts:
    head = source.head()
    yield from (Skipped(source.name, why) for sign, why in _CLOSED.items() if head.startswith(sign))


def _plain(source: Source) -> _Parts:
    head = source.head()
    encoding, mark = encoding_of(head)
    half = next((why for sign, why in _HALF.items() if head.startswith(sign)), None)
    if half is not None and (not encoding or head.startswith(_NO_TEXT)):
        yield Skipped(source.name, half)
        yield Part(source.name, source.chunks(), media="binary")
    elif encoding:
        yield from text_parts(source, encoding, mark)
    else:
        yield Part(source.name, source.chunks(), media="binary")


def _stream_of(head: bytes) -> Callable[[], packed.Inflating] | None:
    if _BZIP2.match(head):
        return packed.bzip2
    if _ZSTD.match(head) and packed.has_zstd():
        return packed.zstd
    if packed.is_deflated(head):
        return packed.deflated
    if packed.is_old_lzma(head):
        return packed.xz
    return next((begin for magic, begin in _STREAMS.items() if head.startswith(magic)), None)


def _unpacked(source: Source) -> _Parts:
    begin = _stream_of(source.head())
    if begin is not None:
        stream = packed.Unpacked(source.as_stream(), begin, source.budget)
        yield from parts_of(source.inner(source.name, _without_ending(source.file_name), stream))


_LAYERS = (_zip, _tar, _unpacked, _mail)
_FILES: tuple[tuple[Callable[[bytes], bool], Callable[[Source], _Parts]], ...] = (
    (lambda head: head.startswith(sqlite.SIGN), sqlite.sqlite_parts),
    (lambda head: head.startswith(parquet.SIGNS), parquet.parquet_parts),
    (dicom.is_dicom, dicom.dicom_parts),
    (images.is_image, images.image_parts),
)


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if ending.lower() in ("tgz", "tbz2", "txz", "tzst"):
        return stem + ".tar"
    return stem if dot and ending.lower() in ("gz", "bz2", "xz", "lzma", "zst", "zz") else name


def _is_mail(head: bytes) -> bool:
    """Whether a file begins with the headers of a message, alone or in a mailbox."""
    if not _MAIL_BEGINS.match(head):
        return False
    lines = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return _MAIL_SAYING.search(lines) is not None
