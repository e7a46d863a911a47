"""What the tables of a store hold, as counts and digests: to tell whether two hold the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clinigate.errors import TargetError
from clinigate.hipaa.probes.records.store import Cell, Link, NotDone, quoted

__all__ = ["Held", "digest_of_rows", "held_by"]


@dataclass(frozen=True, slots=True)
class Held:
    """What one table holds: how many rows, and a digest that their order does not change."""

    rows: int
    digest: str


def held_by(link: Link, *, passing: Iterable[str] = ()) -> Mapping[str, Held]:
    """Return what every table of a store holds, but for those that are passing.

    Columns go by their names, so that their order does not matter either.

    Raises:
        TargetError: a table cannot be read.
    """
    left_out = frozenset(passing)
    found = {}
    for table in link.tables():
        if table in left_out:
            continue
        try:
            names = ", ".join(map(quoted, sorted(link.columns(table))))
            rows = link.rows(f"SELECT {names} FROM {quoted(table)}")  # noqa: S608 - quoted
        except NotDone as error:
            raise TargetError(f"the table {table} cannot be read ({error})") from None
        found[table] = Held(len(rows), digest_of_rows(rows))
    return found


def digest_of_rows(rows: Iterable[tuple[Cell, ...]]) -> str:
    """Return a digest of rows in any order; a row that stands twice counts twice."""
    each = sorted(hashlib.sha256(repr(row).encode()).digest() for row in rows)
    return hashlib.sha256(b"".join(each)).hexdigest()
