"""CG-HIPAA-CIPHERTEXT-FRESHNESS-001 — the same in clear, the same in the store. 45 CFR
164.312(a)(2)(iv).

Two synthetic patients with the same values and one with others are written. What the sealed
columns of the two have in common, and the third has not, tells who says the same: there must be no
16 bytes of it. Limits: columns that are not named as sealed, as an index to find records by.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.rows import Row
from clinigate.hipaa.probes.records.store import Cell, linked
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["ciphertext_freshness", "shared"]

_BLOCK = 16


def ciphertext_freshness(named: Named, premises: Premises) -> Iterator[Observation]:
    """Write the same twice, and compare what lies in the store."""
    store = premises.table.records.store
    if store is None or not store.sealed:
        yield gap(named, "give [hipaa.records.store] with table, and its columns that are sealed")
        return
    tally = Tally(named)
    with (
        written(premises, tally, how_many=2) as (one, other),
        _twin(premises, one, tally) as twin,
        linked(premises) as link,
    ):
        cells = [Row(link, store, each).sealed() for each in (one.id, twin, other.id)]
        for column in store.sealed:
            first, second, third = (each.get(column) for each in cells)
            if not (_is_long(first) and _is_long(second) and _is_long(third)):
                tally.cannot(f"{column}; it holds no {_BLOCK} bytes of each patient")
                continue
            same = shared(_bytes(first), _bytes(second)) - shared(_bytes(first), _bytes(third))
            message = f"the same values lie there with {len(same)} blocks in common"
            tally.expect(not same, f"{store.table}.{column}", message)
    yield from tally.observations()


def shared(one: bytes, other: bytes) -> set[bytes]:
    """Return every 16 bytes in a row that stand in both."""
    return _blocks(one) & _blocks(other)


def _blocks(data: bytes) -> set[bytes]:
    return {data[at : at + _BLOCK] for at in range(len(data) - _BLOCK + 1)}


def _is_long(cell: Cell) -> bool:
    return isinstance(cell, str | bytes) and len(cell) >= _BLOCK


def _bytes(cell: Cell) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode()


@contextmanager
def _twin(premises: Premises, one: Written, tally: Tally) -> Iterator[str]:
    """Write another patient with the same values, for the length of a block; its id."""
    table = patients_table(premises)
    answer = call(premises, table.create, one.values)
    twin = told(answer, table.create.answer) if answer.served else None
    if not isinstance(twin, str | int):
        raise TargetError(
            f"{table.create.method} {table.create.path}: answers {answer.status} to a patient with "
            "the values of another one; leave out of [hipaa.patients] create what must differ"
        )
    try:
        yield str(twin)
    finally:
        if table.remove is not None:
            gone = call(premises, table.remove, {**one.values, "patient": str(twin)})
            if not gone.served:
                tally.remarks.append("a synthetic patient could not be removed")
