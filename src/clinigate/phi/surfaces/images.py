"""What pictures say beside their pixels: camera, place, author, comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.quiet import quiet
from clinigate.phi.surfaces.sources import Source
from clinigate.phi.surfaces.woven import Item, one, shown, woven

__all__ = ["image_parts", "is_image"]

_SIGNS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"BM",
)
_GPS, _EXIF, _INTEROP = 0x8825, 0x8769, 0xA005
_IPTC = 0x0404
_LONGEST = 2**20


def is_image(head: bytes) -> bool:
    """Whether a file is a picture of a kind that carries texts."""
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[:2] == b"BM":
        return head[6:10] == b"\0\0\0\0" and b"\0" in head[:32]
    return head.startswith(_SIGNS)


def image_parts(source: Source) -> Iterator[Part | Skipped]:
    """Yield a picture's EXIF, XMP and texts, and the file itself for canaries.

    Pixels are not looked at: whether a face can be seen is for a person to say. Without pillow the
    file's bytes are searched, in which EXIF and XMP stand as they are.
    """
    try:
        from PIL import Image
    except ImportError:
        yield Part(source.name, source.again(), media="image")
        return
    try:
        with quiet("PIL"), Image.open(source.whole()) as picture:
            said = list(_said(picture))
    except TruncatedError as problem:
        yield Skipped(source.name, str(problem))
        yield Part(source.name, source.again(), media="image", literal=True)
        return
    except Exception:  # noqa: BLE001 - another library's parser on what may be anything
        # Nothing of it is known, so all of it is searched.
        yield Part(source.name, source.again(), media="image")
        return
    items: list[Item] = [one(number, *each) for number, each in enumerate(said, start=1)]
    yield from woven(source.name, "image", iter(items))
    yield Part(source.name, source.again(), media="image", literal=True)


def _said(picture: Any) -> Iterator[tuple[str, str, str]]:
    """Field, value and the field as findings show it."""
    from PIL import ExifTags

    exif = picture.getexif()
    tags = [
        ("exif", exif, ExifTags.TAGS),
        ("exif", exif.get_ifd(_EXIF), ExifTags.TAGS),
        ("gps", exif.get_ifd(_GPS), ExifTags.GPSTAGS),
    ]
    for kind, values, names in tags:
        for tag, value in values.items():
            name = f"{kind}.{names.get(tag, tag)}"
            if tag not in (_GPS, _EXIF, _INTEROP) and (text := _text(value)):
                yield name, text, name
    for place in _places(exif.get_ifd(_GPS)):
        yield "gps_coordinates", place, "gps"
    for name, text in _captions(picture.info.get("photoshop")):
        yield name, text, name
    for key, value in picture.info.items():
        if str(key) not in ("exif", "icc_profile", "photoshop") and (text := _text(value)):
            yield str(key), text, shown(str(key))


def _captions(blocks: Any) -> Iterator[tuple[str, str]]:
    """What IPTC says (IIM 4.2), as Photoshop keeps it: by-lines, captions, places."""
    data = blocks.get(_IPTC, b"") if isinstance(blocks, Mapping) else b""
    at = 0
    while data[at : at + 1] == b"\x1c" and at + 5 <= len(data):
        record, number, end = data[at + 1], data[at + 2], at + 5 + _two(data, at + 3)
        if text := data[at + 5 : end].replace(b"\0", b"").decode("utf-8", "replace"):
            yield f"iptc_{record}_{number}", text
        at = end


def _two(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")


def _places(gps: Mapping[int, Any]) -> Iterator[str]:
    """Latitude and longitude in degrees: 2 and 4 are degrees, minutes, seconds, 1 and 3 signs."""
    try:
        numbers = [
            sum(float(part) / 60**power for power, part in enumerate(gps[tag]))
            * (-1 if str(gps[sign]) in ("S", "W") else 1)
            for tag, sign in ((2, 1), (4, 3))
        ]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return
    yield f"{numbers[0]:.6f}, {numbers[1]:.6f}"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        # UserComment names its alphabet in eight bytes, XP… texts are UTF-16.
        plain = value.removeprefix(b"ASCII\0\0\0").removeprefix(b"UNICODE\0")
        value = plain.replace(b"\0", b"").decode("utf-8", "replace")
    if isinstance(value, Mapping | list | tuple):
        return ""
    return str(value)[:_LONGEST]
