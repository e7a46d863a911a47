"""CG-HIPAA-BIT-FLIP-001 — a record that was altered in the store, and is served. 45 CFR
164.312(c)(2).

One bit at a time is flipped in the sealed columns of a synthetic patient's row, in the store that
the service runs on, and put back. Read meanwhile, the record must not be served. Limits: a service
that reads from a cache meanwhile is found wanting, and rows of others are never touched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.asking import Voices
from clinigate.hipaa.probes.records.rows import Row
from clinigate.hipaa.probes.records.store import Cell, NotDone, linked
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canary_search import CanarySearch
from clinigate.targets.service import Answer

__all__ = ["altered", "bit_flip"]

_EARLY = 9


def bit_flip(named: Named, premises: Premises) -> Iterator[Observation]:
    """Flip bits in a row of our own, and read it."""
    store = premises.table.records.store
    if store is None or not store.sealed:
        yield gap(named, "give [hipaa.records.store] with table, and its columns that are sealed")
        return
    tally = Tally(named)
    read = patients_table(premises).read
    voices = Voices(premises)
    with written(premises, tally) as (one,), linked(premises) as link:
        row = Row(link, store, one.id)
        untouched = voices.served(read, one.values)
        if not _tells(untouched, one):
            raise TargetError("[hipaa.patients] read: tells nothing of the patient; mend it")
        for column, value in row.sealed().items():
            for where, flipped in altered(column, value):
                with _put(row, column, flipped, value):
                    answer = voices.ask(read, one.values)
                quiet = not answer.served and not _tells(answer, one)
                tally.expect(quiet, where, f"a flipped bit is served with {answer.status}")
        if not voices.ask(read, one.values).served:
            tally.cannot("the record as it was; it is refused after its bits were put back")
    yield from tally.observations()


def _tells(answer: Answer, one: Written) -> bool:
    return bool(CanarySearch([one.patient]).search(answer.content))


def altered(column: str, value: Cell) -> Iterator[tuple[str, Cell]]:
    """Yield a value with one bit flipped, at several places."""
    if not isinstance(value, str | bytes) or len(value) < 16:
        raise ConfigError(f"[hipaa.records.store] sealed: {column} holds no 16 bytes of ciphertext")
    # The last letters of base64 may hold bits that nobody reads.
    ends = (len(value) - 1,) if isinstance(value, bytes) else ()
    # An early one lies where a cipher keeps its nonce: unauthenticated, it alters one bit of what
    # is read, and nothing else that would be noticed for its form.
    for at in (_EARLY, *(len(value) * part // 4 for part in (1, 2, 3)), *ends):
        where = f"{column}, at {at} of {len(value)}"
        if isinstance(value, bytes):
            yield where, value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
        else:
            yield where, value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]


@contextlib.contextmanager
def _put(row: Row, column: str, flipped: Cell, value: Cell) -> Iterator[None]:
    try:
        row.put(column, flipped)
    except NotDone as error:
        raise TargetError(
            f"[hipaa.records.store]: the store refuses a change of {column} ({error}); give an "
            "address that may change rows"
        ) from None
    try:
        yield
    finally:
        row.put(column, value)
