"""Records of a file, one by one, without their finds: lines of JSON, rows of a table."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import partial
from math import isfinite
from typing import Any, TextIO

from clinigate.errors import UsageError
from clinigate.phi.matching.search import MARGIN
from clinigate.phi.runtime.redactor import Redactor

__all__ = ["LONGEST_LINE", "WITHHELD_RULE", "Cleaning", "json_lines", "json_text", "rows"]

#: Stands for a record of which something was left that no part of it explains.
WITHHELD_RULE = "CG-PHI-WITHHELD"

#: Characters of a line that is read as one record.
LONGEST_LINE = 64 * 2**20
_TRIES = 4


class Cleaning:
    """What cleans the parts of one file.

    Attributes:
        redactor: the finds and their markers.
        withheld: numbers of lines whose records go as a whole.
        rules: what was taken out, by rule.
    """

    def __init__(self, redactor: Redactor, withheld: AbstractSet[int]) -> None:
        self.redactor = redactor
        self.withheld = withheld
        self.rules: Counter[str] = Counter()

    def strikes(self, before: str, line: str) -> Iterator[tuple[str, str]]:
        """Yield value and marker of what is found in a record as it is written.

        Args:
            before: the record before it, whose words may say what stands here.
            line: the record.
        """
        lead = before[-MARGIN:].encode("utf-8", "surrogatepass")
        data = line.encode("utf-8", "surrogatepass")
        for find in self.redactor.finds(lead + data):
            if find.end > len(lead):
                value = data[max(0, find.start - len(lead)) : find.end - len(lead)]
                self.rules[find.rule] += 1
                marker = self.redactor.marker(find.rule, value).decode("utf-8", "replace")
                yield value.decode("utf-8", "replace"), marker

    def marker(self) -> str:
        """Return what stands for a record that is withheld."""
        self.rules[WITHHELD_RULE] += 1
        return f"[{WITHHELD_RULE}]"


def json_lines(lines: TextIO, write: Callable[[str], object], cleaning: Cleaning) -> int:
    """Copy lines of JSON and return how many; a line that is none is copied as text."""
    before, number = "", 0
    while line := lines.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise UsageError(
                f"line {number} is longer than {LONGEST_LINE // 2**20} MB; give --format text"
            )
        body = line.rstrip("\r\n")
        clean = json_text(before, body, cleaning, withheld=number in cleaning.withheld)
        write(clean + line[len(body) :])
        before = clean
    return number


def json_text(before: str, text: str, cleaning: Cleaning, *, withheld: bool = False) -> str:
    """Return a JSON text without finds: as it stands where there are none, else on one line."""
    if withheld:
        return json.dumps(cleaning.marker())
    odd: list[str] = []
    try:
        value = json.loads(
            text, object_pairs_hook=partial(_object, odd), parse_float=partial(_number, odd)
        )
    except (ValueError, RecursionError):
        return cleaning.redactor.text(text, rules=cleaning.rules)
    if odd and (kept := _as_written(before, text, cleaning)) is not None:
        return kept
    clean = cleaning.redactor.value(value, rules=cleaning.rules)
    shown = text if clean is value else json.dumps(clean, ensure_ascii=False)
    # A word of one field may say what stands in the next: {"type": "ssn", "value": …}.
    for _ in range(_TRIES):
        strikes = list(cleaning.strikes(before, shown))
        if not strikes:
            return shown
        for found, marker in strikes:
            clean = _leaves(clean, partial(_without, found=found, marker=marker))
        shown = json.dumps(clean, ensure_ascii=False)
    return json.dumps(cleaning.marker())


def _as_written(before: str, text: str, cleaning: Cleaning) -> str | None:
    """A text that would not come back the same, cleaned as it stands; None where that breaks it."""
    rules: Counter[str] = Counter()
    shown = cleaning.redactor.text(text, rules=rules)
    try:
        json.loads(shown)
    except ValueError:
        return None
    if list(Cleaning(cleaning.redactor, set()).strikes(before, shown)):
        return None
    cleaning.rules.update(rules)
    return shown


def _object(odd: list[str], items: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(items)
    if len(made) < len(items):
        odd.append("keys that come twice")
    return made


def _number(odd: list[str], written: str) -> float:
    """A number, told where it would be written as another."""
    value = float(written)
    if not isfinite(value) or Decimal(repr(value)) != Decimal(written):
        odd.append("a number of more digits than a float")
    return value


def rows(
    lines: TextIO, write: Callable[[str], object], cleaning: Cleaning, *, delimiter: str, end: str
) -> int:
    """Copy the rows of a table, whose first row names the columns, and return how many.

    Args:
        lines: opened with `newline=""`.
        write: takes text.
        cleaning: what cleans.
        delimiter: what stands between values.
        end: how lines end.
    """
    table = _Table(cleaning, delimiter, end)
    reader = csv.reader(lines, delimiter=delimiter)
    number, begin = 0, 1
    try:
        for row in reader:
            write(table.row(row, range(begin, reader.line_num + 1)))
            number, begin = number + 1, reader.line_num + 1
    except csv.Error as problem:
        raise UsageError(
            f"row {number + 1} cannot be read ({problem}); give --format text"
        ) from None
    return number


class _Table:
    """The rows of one table, in order."""

    def __init__(self, cleaning: Cleaning, delimiter: str, end: str) -> None:
        self._cleaning, self._delimiter, self._end = cleaning, delimiter, end
        self._names: list[str] = []
        self._before = ""

    def row(self, row: list[str], lines: range) -> str:
        """Return a row, which stood on these lines, as it may be written."""
        names = [*self._names, *[""] * len(row)]
        self._names = self._names or row
        if not self._cleaning.withheld.isdisjoint(lines):
            self._before = self._as_text(self._all_withheld(row, lines))
            return self._before
        redactor, rules = self._cleaning.redactor, self._cleaning.rules
        values = [
            redactor.value(value, field=name, rules=rules)
            for value, name in zip(row, names, strict=False)
        ]
        for _ in range(_TRIES):
            text = self._as_text(values)
            strikes = list(self._cleaning.strikes(self._before, text))
            if not strikes:
                break
            for found, marker in strikes:
                values = [_without(value, found, marker) for value in values]
        else:
            text = self._as_text(self._all_withheld(row, lines))
        self._before = text
        return text

    def _all_withheld(self, row: list[str], lines: range) -> list[str]:
        marker = self._cleaning.marker()
        # A row that stood on several lines goes on to: the numbers of the others stay.
        first = marker + "\n" * (len(lines) - 1)
        return [first, *[marker] * (len(row) - 1)]

    def _as_text(self, values: list[str]) -> str:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self._delimiter, lineterminator=self._end)
        writer.writerow(values)
        return text.getvalue()


def _without(leaf: Any, found: str, marker: str) -> Any:
    """A value without what was found in it, or a marker where it is a part of what was found."""
    if leaf is None or isinstance(leaf, bool):
        return leaf
    text = str(leaf)
    if found in text:
        return text.replace(found, marker)
    return marker if len(text) > 2 and text in found else leaf


def _leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _leaves(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_leaves(item, change) for item in value]
    return change(value)
