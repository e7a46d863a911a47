"""What the search would have found: identifiers planted into copies of the dataset's own rows.

A search that finds nothing shows something only if it finds what is there. So identifiers of every
letter are planted, each into a copy of a row of the dataset: into a column of their own, into the
column that holds prose, or bare into a column that means something else. What they share with the
search (its lists of names, its idea of how a number is written) makes the figure better than it is
for what nobody thought of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from clinigate.core.statistics.rates import lower_bound
from clinigate.phi.deidentification.looking import Look, look_at
from clinigate.phi.deidentification.plants import KINDS, Plant, plants
from clinigate.phi.deidentification.table import Row, Table
from clinigate.phi.model import Hit, Letter

__all__ = ["CONFIDENCE", "Recall", "planted_recall", "sample"]

#: One-sided, of the lower bound of recall.
CONFIDENCE = 0.95

#: Of a value so much must lie under finds for it to count as found.
_COVER = 0.8
_SAMPLE = 200
_PROSE = "note"
_WORDS_OF_PROSE = 4


@dataclass(frozen=True, slots=True)
class Recall:
    """Of one letter: how many were planted, how many found."""

    letter: Letter
    planted: int
    found: int

    @property
    def low(self) -> float:
        """The lower bound of recall (exact, one-sided, at `CONFIDENCE`)."""
        return lower_bound(self.found, self.planted, CONFIDENCE)


@dataclass(frozen=True, slots=True)
class _Planted:
    """A copy of a row with a plant: the column and the bytes where it stands."""

    row: Row
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Host:
    """A table that is planted into.

    Attributes:
        columns: its own, and one for each header that a plant may bring along.
        prose: index of the one that holds prose.
    """

    columns: tuple[str, ...]
    prose: int

    @classmethod
    def of(cls, table: Table, rows: Sequence[tuple[Table, Row]]) -> _Host:
        headers = [header for kinds in KINDS.values() for kind in kinds for header in kind.headers]
        columns = tuple(dict.fromkeys((*table.columns, *headers, _PROSE)))
        words = [0] * len(table.columns)
        for other, row in rows:
            for at, cell in enumerate(row.cells if other is table else ()):
                if isinstance(cell, str):
                    words[at] = max(words[at], len(cell.split()))
        most = max(range(len(words)), key=words.__getitem__)
        has_prose = words[most] >= _WORDS_OF_PROSE
        return cls(columns, most if has_prose else columns.index(_PROSE))

    def copy(self, row: Row, plant: Plant, random: Random, number: int) -> _Planted:
        """Plant into a copy of a row: into a column of its own, into prose, or bare anywhere."""
        cells = [*row.cells, *("" for _ in range(len(self.columns) - len(row.cells)))]
        text = plant.text
        if plant.header is not None:
            column = self.columns.index(plant.header)
        elif plant.text == plant.value:
            column = random.choice(
                [at for at, cell in enumerate(row.cells) if cell] or [self.prose]
            )
        else:
            column = self.prose
            before = cells[column]
            text = f"{before} {text}" if isinstance(before, str) and before else text
        cells[column] = text
        start = len(text[: text.rindex(plant.value)].encode("utf-8", "surrogateescape"))
        end = start + len(plant.value.encode())
        return _Planted(Row(number, tuple(cells)), column, start, end)


def sample(tables: Sequence[Table], seed: int) -> list[tuple[Table, Row]]:
    """Return up to 200 rows of the dataset, each as likely as any other (Vitter's algorithm R)."""
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    kept: list[tuple[Table, Row]] = []
    count = 0
    for table in tables:
        for row in table.rows():
            count += 1
            if len(kept) < _SAMPLE:
                kept.append((table, row))
            elif (place := random.randrange(count)) < _SAMPLE:
                kept[place] = (table, row)
    return kept


def planted_recall(
    rows: Sequence[tuple[Table, Row]], look: Look, *, count: int, seed: int
) -> dict[Letter, Recall]:
    """Plant identifiers of every letter, search for them, and count.

    Args:
        rows: of the dataset, as `sample` gives them; at least one.
        look: the search.
        count: plants for each letter.
        seed: the same one plants the same ones.
    """
    hosts = {id(table): _Host.of(table, rows) for table, _ in rows}
    return {
        letter: Recall(letter, count, _found(rows, hosts, plants(letter, count, seed), look))
        for letter in Letter
    }


def _found(
    rows: Sequence[tuple[Table, Row]],
    hosts: Mapping[int, _Host],
    planted: Sequence[Plant],
    look: Look,
) -> int:
    random = Random(len(planted))  # noqa: S311 - which row is the host: the same in each run
    by_host: dict[int, list[_Planted]] = {}
    for number, plant in enumerate(planted, start=1):
        table, row = random.choice(rows)
        copy = hosts[id(table)].copy(row, plant, random, number)
        by_host.setdefault(id(table), []).append(copy)
    return sum(_count(copies, hosts[key].columns, look) for key, copies in by_host.items())


def _count(copies: Sequence[_Planted], columns: tuple[str, ...], look: Look) -> int:
    hits: dict[tuple[int, int], list[Hit]] = {}
    for seen in look_at((each.row for each in copies), columns, look):
        hits.setdefault((seen.row, seen.column), []).append(seen.hit)
    return sum(_is_covered(each, hits.get((each.row.number, each.column), [])) for each in copies)


def _is_covered(planted: _Planted, hits: Sequence[Hit]) -> bool:
    cell = planted.row.cells[planted.column]
    data = cell if isinstance(cell, bytes) else cell.encode("utf-8", "surrogateescape")
    covered = {at for hit in hits for at in range(hit.start, hit.end)}
    written = [at for at in range(planted.start, planted.end) if data[at] not in b" \t"]
    return sum(at in covered for at in written) >= _COVER * len(written)
