"""CSV for spreadsheets (RFC 4180): what a stranger said never acts as a formula there."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from clinigate.reports.text import one_line

__all__ = ["cell", "table"]

#: What spreadsheets take for a formula, at the head of a cell; full-width forms too.
_FORMULA = re.compile(r"[=+\-@|%＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?([eE][+-]?\d+)?")


def cell(text: str) -> str:
    """Return a text as a cell: on one line, and with an apostrophe before what would be a formula.

    A number keeps its sign.
    """
    line = one_line(text)
    acts = _FORMULA.match(line) and not _NUMBER.fullmatch(line)
    return f"'{line}" if acts else line


def table(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table with a header line, every cell quoted and every line ended by CR LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows([cell(each) for each in row] for row in rows)
    return text.getvalue()
