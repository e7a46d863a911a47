r"""JSON within lines: what serializers wrote as escapes, and what only a path of keys says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from clinigate.phi.surfaces.documents import JsonReader
from clinigate.phi.surfaces.fields import leaves
from clinigate.phi.surfaces.text import LONGEST, blocks
from clinigate.phi.surfaces.woven import Item, Record

__all__ = ["is_telling", "json_lines", "members_with_escapes", "with_escapes"]

#: In a line of text so many objects are looked for.
_OBJECTS = 8
_JSON = json.JSONDecoder()
_OBJECT = re.compile(r'\{ ?"|\[ ?["{]')
_MEMBER = re.compile(r'\s*("[^"\\]{1,128}"\s*:\s*)?("(?:[^"\\]|\\.)*"),?\s*')
#: A key of something that has keys or values of its own.
_ABOVE = re.compile(rb'"([\w.$ -]{1,64})"\s{0,4}:\s{0,4}[\[{]')
#: Keys that say of what lies below them whose it is or what it is.
_SAYING = re.compile(
    rb"(?i)account|address|admi|beneficiary|birth|card|client|contact|death|device|discharge|"
    rb"emergency|guard|guarantor|health|identif|insur|kin\b|license|licence|location|mail|member|"
    rb"name|parent|passport|patient|person|phone|plan|provider|relative|resident|resource|serial|"
    rb"social|ssn|mrn|npi|subscriber|telecom|user|vehicle|zip"
)
#: Keys whose neighbours say what they are, and parts of FHIR's names and addresses.
_BESIDE = (b'"value', b'"family"', b'"city"')


def with_escapes(chunks: Iterator[bytes]) -> Iterator[Item]:
    r"""Yield text, and behind it what its lines hold in JSON with escapes.

    Serializers write `@` as `\u0040` or a dash as `\u2011`, and a line end as `\n`, of which the
    `n` would stand beside the value. Objects may begin within the line, as in a log.
    """
    return _read(chunks, _objects_with_escapes)


def members_with_escapes(chunks: Iterator[bytes]) -> Iterator[Item]:
    """Yield a document of JSON, and behind it those of its lines that have escapes."""
    return _read(chunks, _members_with_escapes)


def json_lines(chunks: Iterator[bytes]) -> Iterator[Item]:
    """Yield lines of JSON, and behind them the values of those that have escapes or are nested.

    A flat one says all as it stands: each value behind its key.
    """
    return _read(chunks, _lines_of_json)


def is_telling(document: bytes) -> bool:
    """Whether the keys above or beside the values of a document say more than their own."""
    if any(sign in document for sign in _BESIDE):
        return True
    return any(_SAYING.search(key) for key in set(_ABOVE.findall(document)))


_Find = Callable[[bytes], Iterator[tuple[int, int]]]


def _read(chunks: Iterator[bytes], find: _Find) -> Iterator[Item]:
    line, before, reader = 1, b"", None
    for block in blocks(chunks):
        yield block
        # The last block's lines need no number behind them: most files are one block.
        line += before.count(b"\n")
        before = block
        ended = block.endswith(b"\n")
        if reader is None and len(block) >= LONGEST and not ended and block[:1] in (b"{", b"["):
            reader = JsonReader(line)
        if reader is None:
            yield from _found(block if ended else block + b"\n", line, find)
        else:
            yield from reader.read(block.decode("utf-8", "surrogateescape"))
            if ended:
                yield from reader.end()
                reader = None
    if reader is not None:
        yield from reader.end()


def _found(block: bytes, line: int, find: _Find) -> Iterator[Record]:
    counted = 0
    for start, end in find(block):
        line += block.count(b"\n", counted, start)
        counted = start
        # Of a line in pieces nothing is whole.
        if end - start < LONGEST // 2:
            yield from _records(block[start:end], line)


def _objects_with_escapes(block: bytes) -> Iterator[tuple[int, int]]:
    # Four searches of a short line cost less than one expression, or than a loop over four.
    find = block.find
    at = find(b"\\")
    while at >= 0:
        start, end = block.rfind(b"\n", 0, at) + 1, find(b"\n", at)
        if (
            find(b'{"', start, at) >= 0
            or find(b'["', start, at) >= 0
            or find(b"[{", start, at) >= 0
            or find(b'{ "', start, at) >= 0
        ):
            yield start, end
        at = find(b"\\", end)


def _members_with_escapes(block: bytes) -> Iterator[tuple[int, int]]:
    at = block.find(b"\\")
    while at >= 0:
        start, end = block.rfind(b"\n", 0, at) + 1, block.find(b"\n", at)
        yield start, end
        at = block.find(b"\\", end)


def _lines_of_json(block: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while (end := block.find(b"\n", start)) >= 0:
        nested = block.find(b"{", block.find(b"{", start, end) + 1, end) >= 0
        if nested or block.find(b"\\", start, end) >= 0:
            yield start, end
        start = end + 1


def _records(written: bytes, line: int) -> Iterator[Record]:
    """The values of the objects within one line; most lines have one, a log's behind its time."""
    text, at = written.decode("utf-8", "surrogateescape"), 0
    if member := _MEMBER.fullmatch(text):
        key, value = member.groups()
        yield from _values(f"{{{key}{value}}}" if key else value, line)
        return
    for _ in range(_OBJECTS):
        begins = _OBJECT.search(text, at)
        if begins is None:
            return
        value, at = _decoded(text, begins.start())
        yield from leaves(value, line)


def _values(text: str, line: int) -> Iterator[Record]:
    value, _ = _decoded(text, 0)
    yield from leaves(value, line)


def _decoded(text: str, at: int) -> tuple[Any, int]:
    """Return what is written there and where it ends; None where it is no JSON."""
    try:
        return _JSON.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at + 1
