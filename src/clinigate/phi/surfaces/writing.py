"""Text by what is written in it: tables, JSON, messages, or just lines."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.phi.surfaces.documents import json_items
from clinigate.phi.surfaces.hl7 import as_lines, hl7_items, is_hl7
from clinigate.phi.surfaces.part import Part
from clinigate.phi.surfaces.sources import Source
from clinigate.phi.surfaces.tables import csv_items, delimiter_of
from clinigate.phi.surfaces.text import blocks, decoded, with_escapes
from clinigate.phi.surfaces.woven import woven

__all__ = ["text_parts"]

#: Endings of what is JSON all through; in other texts JSON is looked for where it has escapes.
_JSON = ("json", "jsonl", "ndjson", "ipynb", "geojson", "har", "webmanifest", "map")


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
    elif ending in _JSON and head.lstrip()[:1] in (b"{", b"[", b'"'):
        media = "notebook" if ending == "ipynb" else "json"
        yield from woven(source.name, media, json_items(blocks(chunks)))
    else:
        yield from woven(source.name, "text", with_escapes(chunks))
