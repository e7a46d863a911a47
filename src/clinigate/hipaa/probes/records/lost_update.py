"""CG-HIPAA-LOST-UPDATE-001 — a change that another one covers. 45 CFR 164.312(c)(1).

Two people read the same version of a record and both change it: the second must be refused, and
the record be as the first left it. Then four change it at once, of whom one may succeed. The
version must grow with every change. Limits: one member of one record, and four at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from clinigate.config.hipaa_call import CallTable, PatientsTable
from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.asking import Voices, fresh_text
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer

__all__ = ["grows", "lost_update"]

_CONFLICTS = frozenset({409, 412})
_AT_ONCE = 4


def lost_update(named: Named, premises: Premises) -> Iterator[Observation]:
    """Change a record by a version that is no longer the newest."""
    table = patients_table(premises)
    if table.change is None or table.version_header is None:
        yield gap(named, "give [hipaa.patients] change and version_header")
        return
    tally = Tally(named)
    with written(premises, tally) as (one,):
        record = _Record(premises, table, table.change, one)
        _one_after_another(tally, record)
        _at_once(tally, record)
        grew = all(grows(older, newer) for older, newer in record.changed)
        tally.expect(grew, "version", "a change leaves a version that is not newer")
    yield from tally.observations()


class _Record:
    """The record of one synthetic patient. `changed`: the versions before and after changes."""

    def __init__(
        self, premises: Premises, table: PatientsTable, change: CallTable, one: Written
    ) -> None:
        self._voices = Voices(premises)
        self._table, self._change, self._one = table, change, one
        self.changed: list[tuple[str, str]] = []

    def read(self) -> tuple[str, str]:
        """Return the version and the member that is changed."""
        answer = self._voices.served(self._table.read, self._one.values)
        version = answer.headers.get(str(self._table.version_header))
        record = told(answer, self._table.read.answer)
        if version is None or not isinstance(record, dict):
            raise TargetError(
                "[hipaa.patients]: what read answers has no header version_header, or no object at "
                "answer; mend them"
            )
        return version, str(record.get(self._table.changed))

    def change(self, text: str, version: str) -> Answer:
        values = {**self._one.values, "value": text, "version": version}
        return self._voices.ask(self._change, values)

    def fresh(self) -> str:
        return fresh_text(self._table.changed)


def _one_after_another(tally: Tally, record: _Record) -> None:
    version, _ = record.read()
    text = record.fresh()
    answer = record.change(text, version)
    newer, held = record.read()
    if not answer.served or held != text:
        raise TargetError(
            f"[hipaa.patients] change: answers {answer.status} and does not change the record; "
            "mend it, or changed"
        )
    record.changed.append((version, newer))
    late = record.change(record.fresh(), version)
    tally.expect(
        late.status in _CONFLICTS,
        "one after another",
        f"answers {late.status} to a change of a version that is no longer the newest",
    )
    _, held = record.read()
    tally.expect(held == text, "one after another", "the second change has covered the first")


def _at_once(tally: Tally, record: _Record) -> None:
    version, _ = record.read()
    texts = [record.fresh() for _ in range(_AT_ONCE)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(lambda text: record.change(text, version), texts))
    served = [text for text, answer in zip(texts, answers, strict=True) if answer.served]
    newer, held = record.read()
    if not served:
        tally.cannot(f"{_AT_ONCE} at once; none of them is served")
        return
    record.changed.append((version, newer))
    tally.expect(
        len(served) == 1, "at once", f"serves {len(served)} of {_AT_ONCE} changes of one version"
    )
    tally.expect(held in served, "at once", "the record holds a change that was refused")


def grows(older: str, newer: str) -> bool:
    """Whether a version is newer; of those that are no numbers, whether it is another one."""
    before, after = (re.sub(r'^W/|"', "", each) for each in (older, newer))
    if before.isdecimal() and after.isdecimal():
        return int(after) > int(before)
    return before != after
