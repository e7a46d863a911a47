"""Headers of DICOM files: who is on the picture, not the picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.quiet import quiet
from clinigate.phi.surfaces.sources import Source
from clinigate.phi.surfaces.woven import Item, one, woven

__all__ = ["dicom_parts", "is_dicom"]

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z](?!$))")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\d{4,6}(?:\.\d+)?)?")
_LONGEST = 1024
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_MISSING = "a DICOM file, which needs pydicom: pip install pydicom"
#: Numbers, pixels and other values that are no text.
_NO_TEXT = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "AT", "FL", "FD", "SS", "US"})


def is_dicom(head: bytes) -> bool:
    """Whether a file begins as DICOM files do: a preamble, then the sign."""
    return head[128:132] == b"DICM"


def dicom_parts(source: Source) -> Iterator[Part | Skipped]:
    """Yield the elements of a header, nested ones too, and the file itself for canaries.

    Elements are called by their keywords, `patient_birth_date`; their line is their place in the
    header, counted from 1.
    """
    if _DEFLATED in source.head():
        # The library would unpack it as a whole, whatever it grows to.
        yield Skipped(source.name, "a DICOM file that is packed (deflated); save it unpacked")
        yield Part(source.name, source.again(), media="dicom", literal=True)
        return
    try:
        import pydicom
    except ImportError:
        yield Skipped(source.name, _MISSING)
        yield Part(source.name, source.again(), media="dicom", literal=True)
        return
    try:
        with quiet("pydicom"):
            header = pydicom.dcmread(
                source.whole(), stop_before_pixels=True, defer_size=_LONGEST, force=False
            )
            items, damaged = _items(header)
    except TruncatedError as problem:
        yield Skipped(source.name, str(problem))
        yield Part(source.name, source.again(), media="dicom", literal=True)
        return
    except Exception:  # noqa: BLE001 - another library's parser on what may be anything
        items, damaged = [], True
    if damaged:
        yield Skipped(source.name, "a damaged DICOM header")
    yield from woven(source.name, "dicom", iter(items))
    yield Part(source.name, source.again(), media="dicom", literal=not damaged)


def _items(header: Any) -> tuple[list[Item], bool]:
    """The elements, numbered, and whether some could not be made out."""
    items: list[Item] = []
    number, damaged = 0, not len(header)
    for dataset in (header.file_meta, header):
        for path, element in _elements(dataset, ""):
            number += 1
            try:
                texts = _texts(element)
            except Exception:  # noqa: BLE001 - a value that the library cannot make out
                damaged = True
                continue
            items += [one(number, path, text, path) for text in texts if text]
    return items, damaged


def _elements(dataset: Any, above: str) -> Iterator[tuple[str, Any]]:
    for element in dataset:
        path = above + _name(element)
        if element.VR == "SQ":
            for item in element.value:
                yield from _elements(item, path + ".")
        else:
            yield path, element


def _name(element: Any) -> str:
    if element.keyword:
        return _WORDS.sub("_", element.keyword).lower()
    return f"private_{element.tag.group:04x}_{element.tag.element:04x}"


def _texts(element: Any) -> list[str]:
    if element.VR in _NO_TEXT:
        return []
    value = element.value
    values = value if isinstance(value, list | tuple) or _is_many(value) else [value]
    return [_text(element.VR, each) for each in values if each is not None]


def _is_many(value: Any) -> bool:
    return type(value).__name__ == "MultiValue"


def _text(kind: str, value: Any) -> str:
    if kind == "PN":
        # family^given^middle^prefix^suffix, in up to three ways of writing parted by `=`
        return " = ".join(_person(part) for part in str(value).split("="))
    if isinstance(value, bytes):
        return value.rstrip(b"\0 ").decode("utf-8", "surrogateescape")
    text = str(value)
    if kind in ("DA", "DT") and (match := _DATE.fullmatch(text)):
        return "-".join(match.groups())
    return text


def _person(written: str) -> str:
    family, given, middle = [*written.split("^"), "", "", ""][:3]
    return " ".join(part for part in (given, middle, family) if part)
