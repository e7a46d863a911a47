"""Text by what is written in it: tables, JSON, messages, or just lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from clinigate.phi.surfaces.documents import json_items
from clinigate.phi.surfaces.dumps import dump_items, is_dump
from clinigate.phi.surfaces.hl7 import as_lines, hl7_items, is_hl7
from clinigate.phi.surfaces.lines import is_telling, json_lines, members_with_escapes, with_escapes
from clinigate.phi.surfaces.part import Part, TruncatedError
from clinigate.phi.surfaces.sources import Source
from clinigate.phi.surfaces.tables import csv_items, delimiter_of
from clinigate.phi.surfaces.text import blocks, decoded
from clinigate.phi.surfaces.woven import Item, woven

__all__ = ["text_parts"]

#: Endings of what is JSON all through; in other texts JSON is looked for where it has escapes.
_JSON = ("json", "ipynb", "geojson", "har", "webmanifest", "map")
_JSON_LINES = ("jsonl", "ndjson")
#: JSON that is not named so: printed to be read, or of FHIR.
_LOOKS = re.compile(rb'\s*(?:[\[{]\s*\n\s*["{\[]|\{\s*"resourceType")')
#: Of larger documents nobody asks first whether their keys say anything.
_SMALL = 4 * 2**20


def text_parts(source: Source, encoding: str, mark: int) -> Iterator[Part]:
    """Yield a text's part, or parts where it holds very many fields."""
    chunks = decoded(source, encoding, mark)
    ending = source.file_name.rpartition(".")[2].lower()
    head = source.head()[mark:]
    if encoding.startswith(("utf-16", "utf-32")):
        head = head.decode(encoding, "replace").encode()
    if is_hl7(head):
        yield from woven(source.name, "hl7", hl7_items(blocks(as_lines(chunks))))
    elif sign := delimiter_of(head, source.file_name):
        yield from woven(source.name, "csv", csv_items(blocks(chunks), sign))
    elif is_dump(source.file_name):
        yield from woven(source.name, "sql", dump_items(blocks(chunks)))
    elif ending in _JSON_LINES:
        yield from woven(source.name, "json", json_lines(chunks))
    elif (ending in _JSON and head.lstrip()[:1] in (b"{", b"[", b'"')) or _LOOKS.match(head):
        media = "notebook" if ending == "ipynb" else "json"
        yield from woven(source.name, media, _document(chunks))
    else:
        yield from woven(source.name, "text", with_escapes(chunks))


def _document(chunks: Iterator[bytes]) -> Iterator[Item]:
    """Read a document by its keys; where these say nothing, only what its escapes hide."""
    first = b""
    try:
        while len(first) < _SMALL and (more := next(chunks, b"")):
            first += more
    except TruncatedError as problem:
        return json_items(_then(first, problem))
    if len(first) < _SMALL and not is_telling(first):
        return members_with_escapes(iter([first]))
    return json_items(blocks(chain([first], chunks)))


def _then(data: bytes, problem: TruncatedError) -> Iterator[bytes]:
    yield data
    raise problem
