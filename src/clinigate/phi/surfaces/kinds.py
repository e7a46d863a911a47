"""What something is, by its first bytes and its name, and what takes it apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clinigate.phi.surfaces import packed
from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.sources import Source
from clinigate.phi.surfaces.text import encoding_of
from clinigate.phi.surfaces.writing import text_parts

__all__ = ["parts_of"]

Parts = Iterator[Part | Skipped]


def parts_of(source: Source) -> Parts:
    """Yield the parts of a source."""
    try:
        head = source.head()
    except TruncatedError as problem:
        yield Skipped(source.name, str(problem))
        return
    except OSError as problem:
        yield Skipped(source.name, f"cannot be read ({problem.strerror or 'damaged'})")
        return
    for magic, begin in _PACKED.items():
        if head.startswith(magic):
            yield from _unpacked(source, begin)
            return
    encoding, mark = encoding_of(head)
    if encoding:
        yield from text_parts(source, encoding, mark)
    else:
        yield Part(source.name, source.chunks(), media="binary")


def _unpacked(source: Source, begin: Callable[[], packed.Inflating]) -> Parts:
    if source.depth >= source.budget.limits.depth:
        yield Skipped(source.name, "packed in too many layers")
        return
    stream = packed.Unpacked(source.as_stream(), begin, source.budget)
    yield from parts_of(source.inner(source.name, _without_ending(source.file_name), stream))


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if ending.lower() in ("tgz", "tbz2", "txz"):
        return stem + ".tar"
    return stem if dot and ending.lower() in ("gz", "bz2", "xz", "lzma") else name


_PACKED: dict[bytes, Callable[[], packed.Inflating]] = {
    b"\x1f\x8b\x08": packed.gzip,
    b"BZh": packed.bzip2,
    b"\xfd7zXZ\0": packed.xz,
}
