"""Read a dataset's files as tables: delimited text, JSON, SQLite, parquet, else lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clinigate.errors import MissingExtraError, UsageError
from clinigate.findings.model import Excluded
from clinigate.findings.tree import relative_uri, shown_name
from clinigate.phi.deidentification.columnar import parquet_tables, sqlite_tables
from clinigate.phi.deidentification.delimited import delimited_tables, line_tables
from clinigate.phi.deidentification.documents import document_tables
from clinigate.phi.deidentification.table import Table

__all__ = ["KINDS", "files_of", "tables_of"]

Reader = Callable[[Path, str], Iterator[Table]]

_EVIDENCE = ".clinigate"

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
    files, told = _below(dataset)
    not_read = [
        Excluded(shown_name(relative_uri(path, base)), reason) for path, reason in told.items()
    ]
    for file in files:
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
    """Return the files of a dataset that is a folder, by name; what cannot be read is none.

    All of them, but for our own evidence at its top: a dataset has no folders of tools, as a scan
    of sources leaves them out.
    """
    return _below(folder)[0]


def _below(folder: Path) -> tuple[list[Path], dict[Path, str]]:
    """Return the files below a folder, and what else is there, with why it is not looked at."""
    files: list[Path] = []
    told: dict[Path, str] = {}

    def unreadable(error: OSError) -> None:
        told[Path(error.filename)] = f"cannot be read ({error.strerror})"

    for top, folders, names in os.walk(folder, onerror=unreadable):
        if Path(top) == folder and _EVIDENCE in folders:
            folders.remove(_EVIDENCE)
        for path in (Path(top, name) for name in (*folders, *names)):
            if path.is_symlink():
                if _leads_out(path, folder):
                    told[path] = "a link to what is not looked at; put that itself in its place"
            elif path.is_file():
                files.append(path)
            elif not path.is_dir():
                # Opening it would wait for ever.
                told[path] = "a pipe or a device, never opened"
    return sorted(files), dict(sorted(told.items()))


def _leads_out(link: Path, folder: Path) -> bool:
    """Whether a link leads to something that is there and is no part of the dataset."""
    try:
        return not link.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False  # it leads nowhere, or in circles


def _reader_of(file: Path) -> Reader | None:
    suffixes = [each.lower() for each in file.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    return KINDS.get(suffixes[-1]) if suffixes else None


def _kinds(known: Sequence[str] | dict[str, Reader]) -> str:
    return ", ".join(sorted(known))
