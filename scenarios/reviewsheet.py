"""The sheets that reviewers fill: CSV as spreadsheets write it, read strictly."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from clinigate.errors import PackError
from clinigate.scenarios.yamlnode import nearest

__all__ = [
    "ADJUDICATION",
    "ADJUDICATION_COLUMNS",
    "SHEET_COLUMNS",
    "Row",
    "read_rows",
    "sheets",
    "write_rows",
]

SHEET_COLUMNS = (
    *("item", "text", "label", "severity", "comment"),
    *("reviewer", "credential", "date"),
)
ADJUDICATION_COLUMNS = ("item", "text", "ratings", *SHEET_COLUMNS[2:])
ADJUDICATION = "adjudication.csv"

#: What a spreadsheet would take for a formula, and run.
_FORMULA = ("=", "+", "-", "@")


class Row(dict[str, str]):
    """One row by column, with its place for messages."""

    def __init__(self, cells: Mapping[str, str], place: str) -> None:
        super().__init__(cells)
        self.place = place

    def fail(self, column: str, problem: str) -> NoReturn:
        """Raise PackError with file, line and column before `problem`."""
        raise PackError(f"{self.place}: {column}: {problem}")

    def one_of(self, column: str, known: Iterable[str], default: str | None = None) -> str:
        """Return the cell in lower case if it is one of `known`, whatever its case.

        Raises:
            PackError: it is none of them, or empty without a default.
        """
        names = {str(each).casefold(): str(each) for each in known}
        given = self[column].casefold()
        if not given and default is not None:
            return str(default)
        if given not in names:
            self.fail(column, f"unknown {column} {self[column]!r}{nearest(given, names)}")
        return names[given]


def sheets(folder: Path) -> Iterator[Path]:
    """Yield the sheets in a folder by name; none where there is no folder.

    Raises:
        PackError: something else lies there, which would be passed over in silence.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith((".", "~")):  # what programs keep beside an open file
            continue
        if path.suffix.lower() != ".csv":
            raise PackError(f"{path}: no sheet; save it as CSV in UTF-8, or move it elsewhere")
        yield path


def read_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a sheet, white space around cells removed.

    Raises:
        PackError: it cannot be read, is not UTF-8 or no CSV, has other columns, or an item twice.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PackError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError:
        raise PackError(f"{path}: not UTF-8; save it as CSV in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    rows: list[Row] = []
    lines: dict[str, int] = {}
    try:
        if reader.fieldnames is None or set(reader.fieldnames) != set(columns):
            raise PackError(f"{path}:1: wanted the columns {', '.join(columns)}; write them back")
        for cells in reader:
            place = f"{path}:{reader.line_num}"
            if "" in cells or None in cells.values():
                raise PackError(f"{place}: wanted {len(columns)} cells; mend this row")
            row = Row({name: _plain(cell) for name, cell in cells.items()}, place)
            first = lines.setdefault(row["item"], reader.line_num)
            if first != reader.line_num:
                row.fail("item", f"{row['item']!r} also stands in line {first}; keep one")
            rows.append(row)
    except csv.Error as error:
        raise PackError(f"{path}:{reader.line_num}: no CSV ({error}); save it as CSV") from None
    return rows


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a sheet.

    Raises:
        PackError: it cannot be written.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _guarded(cell) for name, cell in row.items()})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(out.getvalue(), encoding="utf-8-sig", newline="")
    except OSError as error:
        raise PackError(f"{path}: cannot be written ({error.strerror}); check the folder") from None


def _guarded(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula (OWASP, CSV injection)."""
    cell = cell.strip()
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell
