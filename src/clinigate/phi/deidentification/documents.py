"""JSON as tables: a row for each document, a column for each path to a value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from clinigate.errors import UsageError
from clinigate.phi.deidentification.reading import DAMAGED, begin
from clinigate.phi.deidentification.table import BEYOND, Row, Table, Unread

__all__ = ["document_tables"]

#: A document of JSON is read as a whole; more is to be written line by line.
_LARGEST = 256 * 2**20
#: Paths beyond these share one column: keys that are data, as identifiers, have no end.
_MOST_COLUMNS = 2000


def document_tables(path: Path, uri: str) -> Iterator[Table]:
    """Yield the one table of a file of JSON lines, or of one JSON list or object.

    Raises:
        UsageError: it cannot be read, or is one document too large or broken.
    """
    columns: dict[str, None] = {}
    for document in _documents(path):
        if not isinstance(document, Unread):
            columns.update(dict.fromkeys(name for name, _ in _leaves(document)))
        if len(columns) > _MOST_COLUMNS:
            break
    named = tuple(dict.fromkeys((*list(columns)[:_MOST_COLUMNS], BEYOND)))

    def read() -> Iterator[Row | Unread]:
        for number, document in enumerate(_documents(path), start=1):
            if isinstance(document, Unread):
                yield document
            else:
                yield Row(number, _cells(document, named))

    yield Table(uri, named, read)


def _cells(document: Any, columns: tuple[str, ...]) -> tuple[str, ...]:
    texts: dict[str, list[str]] = {name: [] for name in columns}
    for name, text in _leaves(document):
        place = texts.get(name)
        if place is None:
            texts[BEYOND].append(f"{name}: {text}")
        else:
            place.append(text)
    return tuple("\n".join(texts[name]) for name in columns)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of each value; the values of a list share its path."""
    todo: list[tuple[str, Any]] = [(path, value)]
    while todo:
        name, each = todo.pop()
        if isinstance(each, dict):
            inner = [(f"{name}.{key}" if name else str(key), item) for key, item in each.items()]
            todo += reversed(inner)
        elif isinstance(each, list):
            todo += [(name, item) for item in reversed(each)]
        elif each is not None:
            yield name or "value", each if isinstance(each, str) else json.dumps(each)


def _documents(path: Path) -> Iterator[Any]:
    if ".json" in [suffix.lower() for suffix in path.suffixes]:
        yield from _whole(path)
        return
    number = 0
    try:
        with begin(path) as text:
            for number, line in enumerate(text, start=1):
                if line.strip():
                    yield _read(line, number)
    except DAMAGED:
        yield Unread(number + 1, "damaged from here on")


def _read(line: str, number: int) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return Unread(number, "no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a key that comes again is counted, since else its first value is lost."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        name, count = key, 1
        while name in made:
            count += 1
            name = f"{key}.{count}"
        made[name] = value
    return made


def _whole(path: Path) -> Iterable[Any]:
    if path.stat().st_size > _LARGEST:
        raise UsageError(
            f"{path}: one JSON document of more than {_LARGEST // 2**20} MB; write it as lines of "
            "JSON (.jsonl)"
        )
    try:
        with begin(path) as text:
            document = json.load(text, object_pairs_hook=_object)
    except (ValueError, RecursionError, *DAMAGED):
        raise UsageError(f"{path}: is not JSON; a file of lines of JSON ends in .jsonl") from None
    if isinstance(document, dict) and isinstance(document.get("entry"), list):
        # A bundle of FHIR: a row for each resource, and one for what stands beside them.
        beside = {key: value for key, value in document.items() if key != "entry"}
        return [*document["entry"], *([beside] if beside else [])]
    return document if isinstance(document, list) else [document]
