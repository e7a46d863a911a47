"""Columns that hold another value in every row: codes of persons, perhaps."""

from __future__ import annotations

from clinigate.phi.deidentification.table import Row

__all__ = ["Codes"]

#: Fewer rows differ by chance.
_FEWEST = 20
_LONGEST = 64
#: Of a column of codes so many cells may be empty or repeat another one.
_SPARE = 0.05


class Codes:
    """Watches the columns of one table; gives up on one as soon as it cannot be."""

    def __init__(self, columns: int) -> None:
        self._seen: dict[int, set[int]] = {at: set() for at in range(columns)}
        self._others = [0] * columns
        self._rows = 0

    def add(self, row: Row) -> None:
        """Look at a row."""
        self._rows += 1
        for at in list(self._seen):
            cell = row.cells[at]
            mark = hash(cell)
            if not _may_be_code(cell, row.number) or mark in self._seen[at]:
                self._others[at] += 1
                if self._others[at] > max(2, _SPARE * self._rows):
                    del self._seen[at]
            else:
                self._seen[at].add(mark)

    def columns(self) -> list[int]:
        """Return which columns hold codes."""
        if self._rows < _FEWEST:
            return []
        return [at for at in self._seen if self._others[at] <= _SPARE * self._rows]


def _may_be_code(cell: str | bytes, number: int) -> bool:
    """One word with a digit in it, no measurement, and not just the row's own number."""
    if isinstance(cell, bytes) or not 0 < len(cell) <= _LONGEST or cell.split() != [cell]:
        return False
    if not any(char.isdigit() for char in cell) or cell in (str(number), str(number - 1)):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return cell.isdigit()
