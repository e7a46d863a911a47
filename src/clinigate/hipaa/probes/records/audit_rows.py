"""CG-HIPAA-AUDIT-ROWS-001 — accesses to records that are not on record. 45 CFR 164.312(b).

A synthetic patient is created, read, changed, searched and removed, and refused to somebody who may
not read them and to nobody at all. Each request must leave exactly one row that says who it was,
whose record, and how it ended, and holds no value of the patient. Limits: these requests alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from clinigate.config.hipaa_call import CallTable
from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import fresh_patient
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.asking import Voices, fresh_text
from clinigate.hipaa.rows import Rows
from clinigate.hipaa.synthetic import patients_table, values_of
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.targets.service import Answer

__all__ = ["audit_rows"]

_NOBODY = "nobody"


def audit_rows(named: Named, premises: Premises) -> Iterator[Observation]:
    """Do what is done with a record, and read the audit rows of it."""
    audit = premises.table.audit
    if audit.file is None and not audit.command:
        yield gap(named, "name the audit log in [hipaa.audit] file or command")
        return
    tally = Tally(named)
    if audit.patient is None:
        tally.cannot("whose record it was; name the member that says it in [hipaa.audit] patient")
    accesses = _Accesses(tally, premises)
    try:
        accesses.made()
        for each in (accesses.read, accesses.changed, accesses.searched, accesses.denied):
            each()
    finally:
        accesses.removed()
    accesses.compared()
    yield from tally.observations()


class _Accesses:
    """Accesses to the record of one synthetic patient, and the rows that they leave."""

    def __init__(self, tally: Tally, premises: Premises) -> None:
        self._tally, self._premises = tally, premises
        self._table = patients_table(premises)
        self._voices = Voices(premises)
        self._rows = Rows(premises)
        self._patient: Patient = fresh_patient()
        place = next(iter(self._table.facilities), "")
        self._values = values_of(self._patient, facility=place)
        self._search = CanarySearch([self._patient])
        self._version = ""
        self._outcomes: defaultdict[bool, set[str]] = defaultdict(set)
        self._actors: defaultdict[str, set[str]] = defaultdict(set)

    def made(self) -> None:
        answer = self._voices.served(self._table.create, self._values)
        patient = told(answer, self._table.create.answer)
        if not isinstance(patient, str | int):
            raise TargetError("[hipaa.patients] create: gives no id at answer; mend it")
        self._values["patient"] = str(patient)
        self._expect_row("create", answer, self._table.create.role)

    def read(self) -> None:
        answer = self._served("read", self._table.read)
        self._version = answer.headers.get(self._table.version_header or "", "")

    def changed(self) -> None:
        if self._table.change is None:
            self._tally.cannot("a change; give [hipaa.patients] change")
            return
        more = {"value": fresh_text(self._table.changed), "version": self._version}
        self._served("change", self._table.change, more)

    def searched(self) -> None:
        if self._table.search is None:
            self._tally.cannot("a search; give [hipaa.patients] search")
            return
        self._served("search", self._table.search)

    def denied(self) -> None:
        role = self._premises.table.records.denied_role
        if role is None:
            self._tally.cannot("a refusal of somebody; give [hipaa.records] denied_role")
        else:
            read = self._table.read.model_copy(update={"role": role})
            self._refused(f"read by {role}", self._voices.ask(read, self._values), role)
        answer = call(self._premises, self._table.read, self._values, headers={})
        self._refused("read by nobody", answer, _NOBODY)

    def removed(self) -> None:
        if "patient" not in self._values:
            return
        if self._table.remove is None:
            self._tally.cannot("a removal; give [hipaa.patients] remove")
            return
        answer = self._voices.ask(self._table.remove, self._values)
        if answer.served:
            self._expect_row("remove", answer, self._table.remove.role)
        else:
            self._tally.cannot(f"a removal; it answers {answer.status}")

    def compared(self) -> None:
        """Rows must tell refusals from successes, and people from each other."""
        alike = self._outcomes[True] & self._outcomes[False]
        self._tally.expect(not alike, "outcomes", "a refusal reads as a success does")
        seen = [actors for who, actors in self._actors.items() if who != _NOBODY]
        steady = all(len(actors) == 1 for actors in seen)
        self._tally.expect(steady, "actors", "the same person is several in the audit rows")
        apart = len(set().union(*seen)) == sum(map(len, seen))
        self._tally.expect(apart, "actors", "different people are one in the audit rows")

    def _served(self, what: str, table: CallTable, more: Mapping[str, Any] = {}) -> Answer:
        answer = self._voices.served(table, {**self._values, **more})
        self._expect_row(what, answer, table.role)
        return answer

    def _refused(self, what: str, answer: Answer, role: str) -> None:
        if answer.served:
            self._tally.cannot(f"{what}; it is served; name somebody in denied_role who may not")
            return
        self._expect_row(what, answer, role)

    def _expect_row(self, what: str, answer: Answer, role: str | None) -> None:
        audit, tally = self._premises.table.audit, self._tally
        found = self._rows.of(answer)
        tally.expect(len(found) == 1, what, f"leaves {len(found)} audit rows in place of 1")
        for row in found[:1]:
            if role != _NOBODY:
                named = row.get(audit.actor) not in (None, "", "-")
                tally.expect(named, what, "leaves an audit row without who it was")
                self._actors[role or ""].add(str(row.get(audit.actor)))
            if audit.patient is not None:
                whose = self._values["patient"] in str(row.get(audit.patient))
                tally.expect(whose, what, "leaves an audit row that does not say whose record")
            ended = row.get(audit.outcome) not in (None, "")
            tally.expect(ended, what, "leaves an audit row without the outcome")
            self._outcomes[answer.served].add(str(row.get(audit.outcome)))
            clear = self._search.search(json.dumps(row).encode())
            tally.expect(not clear, what, "leaves an audit row with a value of the patient")
