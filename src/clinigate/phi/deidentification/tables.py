"""Read a dataset's files as tables: delimited text, JSON, SQLite, parquet, else lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clinigate.errors import UsageError
from clinigate.findings.tree import relative_uri, walk
from clinigate.phi.deidentification.columnar import parquet_tables, sqlite_tables
from clinigate.phi.deidentification.delimited import delimited_tables, line_tables
from clinigate.phi.deidentification.documents import document_tables
from clinigate.phi.deidentification.table import Table

__all__ = ["KINDS", "tables_of"]

Reader = Callable[[Path, str], Iterator[Table]]

#: Ending of a file's name (without .gz): who reads it.
KINDS: dict[str, Reader] = {
    ".csv": delimited_tables,
    ".tsv": delimited_tables,
    ".psv": delimited_tables,
    ".jsonl": document_tables,
    ".ndjson": document_tables,
    ".json": document_tables,
    ".parquet": parquet_tables,
    ".sqlite": sqlite_tables,
    ".sqlite3": sqlite_tables,
    ".db": sqlite_tables,
    ".txt": line_tables,
}


def tables_of(dataset: Path, base: Path) -> tuple[list[Table], list[str]]:
    """Return the tables of a dataset, and the files of a folder that are none that we know.

    Args:
        dataset: a file, or a folder of files.
        base: the folder that names in findings rest on.

    Raises:
        UsageError: there is no such file, nobody reads its kind, or it is damaged from the start.
        MissingExtraError: what reads it is not installed.
    """
    if not dataset.exists():
        raise UsageError(f"{dataset}: no such dataset; name a file or a folder")
    if dataset.is_file():
        reader = _reader_of(dataset)
        if reader is None:
            raise UsageError(f"{dataset}: of no kind that is read; there are {_kinds(KINDS)}")
        return list(reader(dataset, relative_uri(dataset, base))), []
    tables: list[Table] = []
    unknown: list[str] = []
    for file in sorted(walk(dataset, ["."])):
        uri = relative_uri(file, base)
        reader = _reader_of(file)
        if reader is None:
            unknown.append(uri)
        else:
            tables += reader(file, uri)
    return tables, unknown


def _reader_of(file: Path) -> Reader | None:
    suffixes = [each.lower() for each in file.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    return KINDS.get(suffixes[-1]) if suffixes else None


def _kinds(known: Sequence[str] | dict[str, Reader]) -> str:
    return ", ".join(sorted(known))
