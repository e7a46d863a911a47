"""How many share a row's quasi-identifiers: k-anonymity, l-diversity, who stands alone.

Rows that are equal in all quasi-identifiers are a class. Who knows these of a person finds the
person among the class's rows: with a chance of one in its size, at worst one in the smallest (the
prosecutor's risk of El Emam and Dankar, 2008). k-anonymity (Sweeney, 2002) is the smallest size;
l-diversity (Machanavajjhala et al., 2007) is the least number of different values that a sensitive
column has within a class, and exp of the least entropy of them.

Who stands alone in the dataset need not stand alone in the population that it was drawn from: the
figures are an upper bound of that, and an expert's to weigh (45 CFR 164.514(b)(1)).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinigate.errors import UsageError
from clinigate.phi.deidentification.table import Cell, Table
from clinigate.phi.rows.fragments import words

__all__ = ["BANDS", "Anonymity", "Diversity", "measure", "quasi_columns"]

#: Sizes of classes that are told apart: alone, below 5, below 11 (the smallest cell that CMS
#: publishes), more.
BANDS: tuple[tuple[str, int, float], ...] = (
    ("1", 1, 1),
    ("2 to 4", 2, 4),
    ("5 to 10", 5, 10),
    ("11 and more", 11, math.inf),
)

#: Parts of columns' names that say what singles a person out together with others.
_GUESSES = words(
    "age sex gender race ethnicity ethnic zip postcode postal state county city region country "
    "birth yob dob marital married education occupation job profession religion language "
    "nationality citizenship income household insurance payer admission discharge year"
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Diversity:
    """Of one sensitive column, over all classes.

    Attributes:
        column: its name.
        distinct: the least number of different values in a class.
        effective: exp of the least entropy; it is `distinct` where all are equally frequent.
        rows: that stand in classes with one value only.
    """

    column: str
    distinct: int
    effective: float
    rows: int


@dataclass(frozen=True, slots=True)
class Anonymity:
    """What a table's quasi-identifiers do together.

    Attributes:
        uri: the table.
        quasi: the columns.
        guessed: whether their names alone made them so.
        rows, classes: how many.
        smallest: the size of the smallest class: the k of k-anonymity.
        sizes: size of classes: how many classes have it.
        alone_without: rows that would still stand alone if this column were taken out.
        diversity: of each sensitive column.
    """

    uri: str
    quasi: tuple[str, ...]
    guessed: bool
    rows: int
    classes: int
    smallest: int
    sizes: Mapping[int, int]
    alone_without: Mapping[str, int]
    diversity: tuple[Diversity, ...] = ()

    def rows_below(self, k: int) -> int:
        """Return the rows in classes smaller than `k`."""
        return sum(size * count for size, count in self.sizes.items() if size < k)

    @property
    def alone(self) -> int:
        """Rows that no other one is like."""
        return self.rows_below(2)

    @property
    def average_risk(self) -> float:
        """The chance of finding the person of a row, averaged over the rows."""
        return self.classes / self.rows if self.rows else 0.0

    def bands(self) -> list[tuple[str, int]]:
        """Return the rows by the size of their class."""
        return [
            (name, sum(size * count for size, count in self.sizes.items() if low <= size <= high))
            for name, low, high in BANDS
        ]


def quasi_columns(table: Table, given: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Return a table's quasi-identifiers, and whether they were guessed from the names."""
    if given:
        return tuple(name for name in given if name in table.columns), False
    return tuple(name for name in table.columns if _words(name) & _GUESSES), True


def measure(
    table: Table, quasi: Sequence[str], given: Sequence[str] = (), *, guessed: bool = False
) -> Anonymity:
    """Measure a table.

    Args:
        table: whose rows.
        quasi: columns that together may single somebody out, at least one.
        given: sensitive columns; those that the table lacks are left out.
        guessed: whether nobody named the quasi-identifiers.

    Raises:
        UsageError: no quasi-identifiers, or one that the table lacks.
    """
    lacking = [name for name in quasi if name not in table.columns]
    if lacking or not quasi:
        what = f"has no column {lacking[0]!r}" if lacking else "needs a quasi-identifier"
        raise UsageError(f"{table.uri}: {what}; its columns are {', '.join(table.columns)}")
    at = [table.columns.index(name) for name in quasi]
    sensitive = [name for name in given if name in table.columns]
    beside = [table.columns.index(name) for name in sensitive]
    classes: Counter[tuple[str, ...]] = Counter()
    values: dict[tuple[str, ...], list[Counter[str]]] = {}
    for row in table.rows():
        key = tuple(_plain(row.cells[column]) for column in at)
        classes[key] += 1
        if beside:
            counts = values.setdefault(key, [Counter() for _ in beside])
            for count, column in zip(counts, beside, strict=True):
                count[_plain(row.cells[column])] += 1
    return Anonymity(
        uri=table.uri,
        quasi=tuple(quasi),
        guessed=guessed,
        rows=classes.total(),
        classes=len(classes),
        smallest=min(classes.values(), default=0),
        sizes=Counter(classes.values()),
        alone_without={name: _alone_without(classes, place) for place, name in enumerate(quasi)},
        diversity=tuple(
            _diversity(name, [each[place] for each in values.values()])
            for place, name in enumerate(sensitive)
        ),
    )


def _alone_without(classes: Counter[tuple[str, ...]], place: int) -> int:
    merged: Counter[tuple[str, ...]] = Counter()
    for key, count in classes.items():
        merged[key[:place] + key[place + 1 :]] += count
    return sum(count == 1 for count in merged.values())


def _diversity(column: str, classes: Iterable[Counter[str]]) -> Diversity:
    distinct, entropy, rows = None, math.inf, 0
    for counts in classes:
        distinct = min(len(counts), distinct or len(counts))
        total = counts.total()
        # -0.0 of a single value is 0.0 to everybody else.
        entropy = min(entropy, abs(-sum(n / total * math.log(n / total) for n in counts.values())))
        rows += total if len(counts) == 1 else 0
    return Diversity(column, distinct or 0, math.exp(entropy) if distinct else 0.0, rows)


def _plain(cell: Cell) -> str:
    """A value however it is spaced and spelled; an empty cell is a value too."""
    text = cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell
    return " ".join(text.casefold().split())


def _words(name: str) -> set[str]:
    """The words of a column's name, however they are joined: `zip3`, `birthYear`."""
    return {word.lower() for word in _WORD.findall(name)}
