"""Read a dataset's files as tables: delimited text, JSON, SQLite, parquet, else lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clinigate.errors import MissingExtraError, UsageError
from clinigate.findings.model import Excluded
from clinigate.findings.tree import relative_uri, shown_name, unseen, walk
from clinigate.phi.deidentification.columnar import parquet_tables, sqlite_tables
from clinigate.phi.deidentification.delimited import delimited_tables, line_tables
from clinigate.phi.deidentification.documents import document_tables
from clinigate.phi.deidentification.table import Table

__all__ = ["KINDS", "files_of", "tables_of"]

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


def tables_of(dataset: Path, base: Path) -> tuple[list[Table], list[Excluded]]:
    """Return the tables of a dataset, and what of a folder is none, cannot be read, or leads out.

    Args:
        dataset: a file, or a folder of files.
        base: the folder that names in findings rest on.

    Raises:
        UsageError: there is no such file, nobody reads its kind, or it is damaged from the start.
        MissingExtraError: what reads it is not installed.
    """
    if not dataset.is_file() and not dataset.is_dir():
        raise UsageError(f"{dataset}: no such dataset; name a file or a folder")
    if dataset.is_file():
        reader = _reader_of(dataset)
        if reader is None:
            raise UsageError(f"{dataset}: of no kind that is read; there are {_kinds(KINDS)}")
        return list(reader(dataset, shown_name(relative_uri(dataset, base)))), []
    tables: list[Table] = []
    not_read = [*unseen(dataset, (".",)), *_odd_ones(dataset, base)]
    for file in files_of(dataset):
        uri = shown_name(relative_uri(file, base))
        reader = _reader_of(file)
        if reader is None:
            not_read.append(Excluded(uri, "of no kind that is read"))
            continue
        try:
            tables += reader(file, uri)
        except MissingExtraError:
            raise
        except UsageError:
            not_read.append(Excluded(uri, "damaged, or not what its name says"))
    return tables, not_read


def files_of(folder: Path) -> list[Path]:
    """Return the files of a dataset that is a folder, by name; what cannot be read is none."""
    return sorted(walk(folder, (".",), missed=lambda _path, _reason: None))


def _odd_ones(folder: Path, base: Path) -> Iterator[Excluded]:
    """What is neither file nor folder nor link: opening a pipe would wait for ever."""
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink() and not path.is_file() and not path.is_dir():
            yield Excluded(shown_name(relative_uri(path, base)), "a pipe or a device, never opened")


def _reader_of(file: Path) -> Reader | None:
    suffixes = [each.lower() for each in file.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    return KINDS.get(suffixes[-1]) if suffixes else None


def _kinds(known: Sequence[str] | dict[str, Reader]) -> str:
    return ", ".join(sorted(known))
