"""Go through a dataset once: what stands in which column, and which columns single rows out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from clinigate.findings.model import Excluded
from clinigate.phi.deidentification.codes import Codes
from clinigate.phi.deidentification.looking import SURE, Look, Seen, look_at
from clinigate.phi.deidentification.moments import NUMBER
from clinigate.phi.deidentification.table import Row, Table, Unread
from clinigate.phi.model import Letter

__all__ = ["Census", "Tally", "take"]


@dataclass(slots=True)
class Tally:
    """What one rule found in one column.

    Attributes:
        uri, column: where.
        rule, letter: what.
        sure, doubtful: cells with a find that counts, and with none but doubtful ones.
        first: the row of the first one; 0 is the header.
        cells: cells of the column that are not empty.
    """

    uri: str
    column: str
    rule: str
    letter: Letter
    sure: int = 0
    doubtful: int = 0
    first: int = 0
    cells: int = 0

    @property
    def is_column_of_days(self) -> bool:
        """Whether the column holds days: each is an element of a date, however it is written."""
        is_day = self.letter is Letter.C and self.rule != NUMBER
        return is_day and 2 * (self.sure + self.doubtful) >= self.cells > 0

    @property
    def counted(self) -> int:
        """Cells that break the rule of the letter."""
        return self.sure + self.doubtful if self.is_column_of_days else self.sure

    @property
    def open_questions(self) -> int:
        """Cells of which somebody has to say what they hold."""
        return 0 if self.is_column_of_days else self.doubtful


@dataclass(slots=True)
class Census:
    """A dataset, gone through.

    Attributes:
        tables, rows, cells: how much there was; empty cells are none.
        unread: rows and rests of tables that could not be read.
        tallies: what was found, by table and column.
        placeholders: finds that are nobody's, which do not count.
        codes: columns with another value in every row: table and name.
    """

    tables: int = 0
    rows: int = 0
    cells: int = 0
    unread: list[Excluded] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    placeholders: int = 0
    codes: list[tuple[str, str]] = field(default_factory=list)

    def of(self, letter: Letter) -> list[Tally]:
        """Return what was found of a letter."""
        return [each for each in self.tallies if each.letter is letter]


def take(tables: Sequence[Table], look: Look, letters: Mapping[str, Letter]) -> Census:
    """Go through the tables, row by row.

    Args:
        tables: of the dataset.
        look: the search.
        letters: of its rules; a rule that has none is of the last one.
    """
    census = Census(tables=len(tables))
    for table in tables:
        _Pass(table, census, letters).through(look)
    return census


class _Pass:
    """One table's."""

    def __init__(self, table: Table, census: Census, letters: Mapping[str, Letter]) -> None:
        self._table = table
        self._letters = letters
        self._census = census
        self._filled = [0] * len(table.columns)
        self._codes = Codes(len(table.columns))
        self._tallies: dict[tuple[int, str], Tally] = {}
        self._row = 0
        self._best: dict[tuple[int, str], float] = {}

    def through(self, look: Look) -> None:
        table, census = self._table, self._census
        for seen in look_at(self._read(), table.columns, look):
            self._note(seen)
        self._count_row()
        for (column, _), tally in self._tallies.items():
            tally.cells = self._filled[column]
        census.tallies += self._tallies.values()
        census.cells += sum(self._filled)
        census.codes += [(table.uri, table.columns[at]) for at in self._codes.columns()]

    def _read(self) -> Iterator[Row]:
        yield self._table.names
        for each in self._table.read():
            if isinstance(each, Unread):
                unit = f"{self._table.uri}:{each.number}"
                self._census.unread.append(Excluded(unit, each.reason))
                continue
            self._census.rows += 1
            self._codes.add(each)
            for at, cell in enumerate(each.cells):
                self._filled[at] += bool(cell)
            yield each

    def _note(self, seen: Seen) -> None:
        if seen.hit.placeholder is not None:
            self._census.placeholders += 1
            return
        rule, column = seen.hit.rule, seen.column
        name = self._table.columns[column]
        self._tallies.setdefault(
            (column, rule),
            Tally(self._table.uri, name, rule, self._letters.get(rule, Letter.R), first=seen.row),
        )
        if seen.row != self._row:
            self._count_row()
            self._row = seen.row
        self._best[column, rule] = max(self._best.get((column, rule), 0.0), seen.hit.score)

    def _count_row(self) -> None:
        """A cell counts once for each rule, by its surest find; finds come row by row."""
        for key, score in self._best.items():
            self._tallies[key].sure += score >= SURE
            self._tallies[key].doubtful += score < SURE
        self._best.clear()
