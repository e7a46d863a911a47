"""What is packed is looked at as if it lay there; what cannot be unpacked is told."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces import Limits, Part, TruncatedError, archives, open_stream

_TEXT = b"first line\nsecond, of Jane Doe\n"


def _zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def _tar(*members: tuple[str, bytes], kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_text_is_text(opened: Any, pack: Callable[[bytes], bytes]) -> None:
    for data in (_TEXT, _TEXT * 5_000):
        seen = opened("text.log.packed", pack(data))
        assert seen.text() == data.removesuffix(b"\n")
        assert not seen.missed


def test_members_of_gzip_follow_each_other_and_padding_is_none(opened: Any) -> None:
    data = gzip.compress(b"one\n") + gzip.compress(b"two\n") + b"\0" * 100_000
    seen = opened("rotated.log.gz", data)
    assert (seen.text(), seen.missed) == (b"one\ntwo", [])


def test_the_ending_within_says_what_it_is(opened: Any) -> None:
    seen = opened("table.csv.gz", gzip.compress(b"id,ssn\n1,none\n"))
    assert (2, "ssn: none") in seen.cells()


def test_archives_in_archives(opened: Any) -> None:
    inner = gzip.compress(_tar(("logs/app.log", _TEXT), ("t.csv", b"id,ssn\n1,none\n")))
    seen = opened("all.zip", _zip(**{"backup.tar.gz": inner, "notes/a.txt": b"note\n"}))
    assert seen.text("backup.tar.gz!/logs/app.log") == _TEXT.removesuffix(b"\n")
    assert (2, "ssn: none") in seen.cells("backup.tar.gz!/t.csv")
    assert seen.text("notes/a.txt") == b"note"
    assert not seen.missed


def test_too_many_layers_are_told(opened: Any) -> None:
    data = _TEXT
    for _ in range(8):
        data = gzip.compress(data)
    seen = opened("deep.gz", data)
    assert seen.missed == [("", "packed in too many layers")]


@pytest.mark.parametrize("size", [3 * 2**20, 70 * 2**20])
def test_what_grows_too_far_is_read_so_far(opened: Any, size: int) -> None:
    bomb = gzip.compress(b"0" * 2**20 * 2) * (size // 2**21 + 1)
    seen = opened("bomb.gz", bomb, Limits(ratio=100))
    if size < 64 * 2**20:
        assert not seen.missed
    else:
        assert seen.missed == [("", "it grows to more than 100 times its size")]
    bombs = _zip(a=b"1" * 2**20, b=b"2" * 2**21)
    seen = opened("bomb.zip", bombs, Limits(unpacked=2**20))
    assert seen.text("a") == b"1" * 2**20
    assert seen.missed == [("b", "more than 1 MB are packed in it")]


def test_too_many_members_are_told_once(opened: Any) -> None:
    many = _tar(*((f"{number}.txt", b"x") for number in range(20)))
    seen = opened("many.tar", many, Limits(members=10))
    assert len(seen.lines) == 9
    assert len(seen.missed) == 1
    assert "too much" in seen.missed[0][1]


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tapes_of_every_kind(opened: Any, kind: int) -> None:
    name = "folder/" + "long name " * 9 + ".txt"
    seen = opened("archive", _tar((name, _TEXT), kind=kind))
    assert seen.text(name) == _TEXT.removesuffix(b"\n")


def test_what_follows_the_end_of_a_tape_is_told(opened: Any) -> None:
    two = _tar(("a.txt", b"a\n")) + _tar(("b.txt", b"b\n"))
    seen = opened("two.tar", two)
    assert seen.text("a.txt") == b"a"
    assert seen.missed == [("", "an archive, behind whose end something follows")]


def test_a_header_of_any_length_does_not_fill_the_memory(opened: Any) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 40 * 2**20
    head = info.tobuf(tarfile.USTAR_FORMAT)
    seen = opened("huge.tar", head + b"\0" * 4096)
    assert len(seen.missed) == 1


def test_links_and_devices_in_archives_are_not_followed(opened: Any) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("escape")
            info.type, info.linkname = kind, "/etc/hostname"
            archive.addfile(info)
    assert not opened("links.tar", out.getvalue()).lines


def test_holes_of_a_sparse_member_are_no_bytes_to_wait_for() -> None:
    info = tarfile.TarInfo("holes")
    info.size = 512
    info.pax_headers = {
        "GNU.sparse.map": "0,512",
        "GNU.sparse.size": str(2**50),
        "GNU.sparse.numblocks": "1",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"seen".ljust(512)))
    size, missed = 0, []
    for part in open_stream(io.BytesIO(out.getvalue())):
        assert isinstance(part, Part)
        try:
            for chunk in part.chunks:
                size += len(chunk)
                assert size < 80 * 2**20
        except TruncatedError as problem:
            missed.append(str(problem))
    assert missed == ["it grows to more than 200 times its size"]


def test_a_member_of_an_unknown_kind_is_a_file(opened: Any) -> None:
    info = tarfile.TarInfo("odd")
    info.type, info.size = b"Q", len(_TEXT)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(info, io.BytesIO(_TEXT))
    assert opened("odd.tar", out.getvalue()).text("odd") == _TEXT.removesuffix(b"\n")


def test_comments_and_folders_with_bytes_are_looked_at(opened: Any) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("empty/", b"")
        archive.writestr("folder/", _TEXT)
        archive.comment = b"of Jane Doe"
    seen = opened("said.zip", out.getvalue())
    assert seen.text("folder/") == _TEXT.removesuffix(b"\n")
    assert seen.text("comments") == b"of Jane Doe"
    assert "empty/" not in seen.lines


def test_a_directory_of_any_length_does_not_fill_the_memory(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = _zip(a=_TEXT)
    many = _zip(**{f"{number}.txt": b"x" for number in range(40)})
    wide = few[: few.rindex(b"PK\x05\x06") + 12] + b"\xff" * 4 + few[-6:]
    monkeypatch.setattr(archives, "_DIRECTORY", 500)
    assert not opened("few.zip", few).missed
    for data in (many, wide):
        assert opened("many.zip", data).missed == [("", "too many things lie in one file")]


def test_an_encrypted_member_is_told(opened: Any) -> None:
    data = bytearray(_zip(a=b"secret"))
    # The flag of encryption, in the member's head and in the directory.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert opened("locked.zip", bytes(data)).missed == [("a", "encrypted")]


@pytest.mark.parametrize(
    "head",
    [
        b"\x02\x21\x4c\x18",
        b"-----BEGIN PGP MESSAGE",
        b"!<arch>\ndebian-binary",
        b"REDIS0011",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07\0",
        b"Salted__",
        b"\x04\x22\x4d\x18",
    ],
)
def test_what_cannot_be_opened_is_no_clean_file(opened: Any, head: bytes) -> None:
    seen = opened("closed", head + b"\x93" * 600)
    assert len(seen.missed) == 1
    assert not seen.lines or head[:1] in (b"!", b"R")


@pytest.mark.parametrize(
    "packed", [zlib.compress(_TEXT), lzma.compress(_TEXT, format=lzma.FORMAT_ALONE)]
)
def test_older_ways_of_packing_are_unpacked(opened: Any, packed: bytes) -> None:
    assert opened("old.packed", packed).text() == _TEXT.removesuffix(b"\n")
    assert opened("old.packed", packed[:-9]).missed
    assert opened("plain.txt", b"x^2 + 1\n").text() == b"x^2 + 1"


_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def test_zstd_is_read_by_a_library(opened: Any) -> None:
    zstd = pytest.importorskip("backports.zstd")
    packed = b"\x50\x2a\x4d\x18\x02\0\0\0ab" + zstd.compress(b"one\n") + zstd.compress(b"two\n")
    seen = opened("rotated.log.zst", packed)
    assert (seen.text(), seen.missed) == (b"one\ntwo", [])
    assert opened("torn.log.zst", packed[:-5]).missed
    assert opened("broken.zst", _ZSTD_MAGIC + b"\x93" * 600).missed
    bomb = zstd.compress(b"0" * 70 * 2**20)
    assert opened("bomb.zst", bomb).missed == [("", "it grows to more than 200 times its size")]


@pytest.mark.parametrize("head", [_ZSTD_MAGIC, b"\x5f\x2a\x4d\x18"])
def test_without_the_library_zstd_is_told(
    opened: Any, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    seen = opened("closed.zst", head + b"\x93" * 600)
    assert "pip install backports.zstd" in seen.missed[0][1]
    assert not seen.lines


_NOISE = random.Random(7).randbytes(3000).hex().encode()
_PACKED = {
    "gz": gzip.compress(_NOISE),
    "bz2": bz2.compress(_NOISE),
    "xz": lzma.compress(_NOISE),
    "tgz": gzip.compress(_tar(("a.txt", _NOISE), ("b.txt", _TEXT))),
    "tar": _tar(("a.txt", _NOISE), ("b.txt", _TEXT)),
    "zip": _zip(a=_NOISE, b=_TEXT),
}


@settings(max_examples=30)
@given(kind=st.sampled_from(sorted(_PACKED)), share=st.floats(0.05, 0.98))
def test_what_breaks_off_is_never_complete(read_parts: Any, kind: str, share: float) -> None:
    whole = _PACKED[kind]
    # A tape's first block is needed to know it, and its last ones are zeros.
    end = int(len(whole) * share) if kind != "tar" else 512 + int(7000 * share)
    seen = read_parts(open_stream(io.BytesIO(whole[:end]), file_name=f"x.{kind}"))
    text = seen.everything()
    assert seen.missed or (
        _NOISE in text and (_TEXT.strip() in text or kind in ("gz", "bz2", "xz"))
    )


@settings(max_examples=30)
@given(kind=st.sampled_from(sorted(_PACKED)), at=st.floats(0, 1), byte=st.integers(1, 255))
def test_damage_never_raises(read_parts: Any, kind: str, at: float, byte: int) -> None:
    data = bytearray(_PACKED[kind])
    data[min(int(at * len(data)), len(data) - 1)] ^= byte
    seen = read_parts(open_stream(io.BytesIO(bytes(data)), file_name=f"x.{kind}"))
    assert seen.missed or seen.everything()
