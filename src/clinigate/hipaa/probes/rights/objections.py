"""A patient says no to a use, and the use goes on.

CG-HIPAA-FHIR-CONSENT-001: a FHIR R4 Consent that denies. 45 CFR 164.506(b), GDPR Art. 7.
CG-HIPAA-RESTRICTION-001: a restriction that was agreed to. 45 CFR 164.522(a).
CG-HIPAA-OPT-OUT-001: an objection to the directory, or to family being told. 45 CFR 164.510(b).

Each use is served before, is not afterwards, and is again once the patient took it back; what it
does not speak of goes on all the time. Limits: a use that is not named in the table is not tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from clinigate.config.hipaa_call import CallTable
from clinigate.config.hipaa_rights import ObjectionTable
from clinigate.core.observation import Observation
from clinigate.hipaa.actors import told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.rights.asking import Asking, observed
from clinigate.hipaa.probes.rights.times import LONG, expiry
from clinigate.hipaa.synthetic import Written, written
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canary_search import CanarySearch
from clinigate.targets.service import Answer

__all__ = ["fhir_consent", "opt_out", "restriction"]

_Shows = Callable[[Answer, CallTable, Written], bool]


def fhir_consent(named: Named, premises: Premises) -> Iterator[Observation]:
    """Deny a use by a FHIR Consent."""
    table = premises.table.rights.directive
    yield from _tried(named, premises, "directive", table, _is_served)


def restriction(named: Named, premises: Premises) -> Iterator[Observation]:
    """Restrict what a health plan is told."""
    table = premises.table.rights.restriction
    yield from _tried(named, premises, "restriction", table, _is_served)


def opt_out(named: Named, premises: Premises) -> Iterator[Observation]:
    """Object to the directory, and to family being told."""
    table = premises.table.rights.opt_out
    yield from _tried(named, premises, "opt_out", table, _names)


def _tried(
    named: Named, premises: Premises, name: str, table: ObjectionTable | None, shows: _Shows
) -> Iterator[Observation]:
    where = f"[hipaa.rights.{name}]"
    if table is None:
        yield gap(named, f"say in {where} how a patient says no; docs/hipaa-rights.md")
        return
    tally = Tally(named)
    asking = Asking(premises, tally, where)

    def doing() -> None:
        with written(premises, tally, how_many=2) as (one, other):
            _Objection(asking, table, shows, one).is_tried(other)

    yield from observed(tally, doing)


class _Objection:
    """What one patient says no to."""

    def __init__(self, asking: Asking, table: ObjectionTable, shows: _Shows, one: Written) -> None:
        self._asking, self._table, self._shows, self._one = asking, table, shows, one

    def is_tried(self, other: Written) -> None:
        """Before, afterwards, and once it was taken back; another patient all the time."""
        for patient in (self._one, other):
            if self._table.before is not None:
                self._asking.opens(self._asking.ask(self._table.before, patient.values), "before")
        uses = [each for each in self._table.uses if self._goes_on(each, self._one, "before it")]
        spared = [
            each
            for each in self._table.spared
            if self._asking.opens(
                self._asking.ask(each, self._one.values), f"{_name(each)}, before it"
            )
        ]
        values = {**self._one.values, **expiry(LONG, self._table.record).values}
        said = self._asking.ask(self._table.record, values)
        if not self._asking.opens(said, "record"):
            return
        values["record"] = self._asking.id_of(self._table.record, said) or ""
        for each in uses:
            self._has_ended(each)
            self._goes_on(each, other, "of another patient")
        for each in spared:
            answer = self._asking.ask(each, self._one.values)
            message = "what it does not speak of is not served any more"
            self._asking.stays_open(answer, _name(each), message)
        self._is_lifted(uses, values)

    def _has_ended(self, use: CallTable) -> None:
        answer = self._asking.ask(use, self._one.values)
        if answer.served:
            shown = self._shows(answer, use, self._one)
            message = "a use goes on that the patient said no to"
            self._asking.tally.expect(not shown, _name(use), message)
        else:
            self._asking.shut(answer, _name(use), "")

    def _is_lifted(self, uses: list[CallTable], values: dict[str, Any]) -> None:
        """A use that stays shut was not shut by what the patient said."""
        if self._table.lift is None:
            return
        if self._asking.opens(self._asking.ask(self._table.lift, values), "lift"):
            for each in uses:
                self._goes_on(each, self._one, "once it was taken back")

    def _goes_on(self, use: CallTable, one: Written, when: str) -> bool:
        answer = self._asking.ask(use, one.values)
        shown = answer.served and self._shows(answer, use, one)
        if not shown:
            self._asking.tally.cannot(
                f"{_name(use)}, {when}: it answers {answer.status} and must show the patient for "
                f"its refusal to say anything; mend {self._asking.where} uses"
            )
        return shown


def _is_served(_answer: Answer, _use: CallTable, _one: Written) -> bool:
    return True


def _names(answer: Answer, use: CallTable, one: Written) -> bool:
    """Whether an answer names a patient: by id, or by a value of theirs in whatever form."""
    found = told(answer, use.answer)
    if any(leaf == one.id or leaf.endswith(f"/{one.id}") for leaf in _leaves(found)):
        return True
    return bool(CanarySearch([one.patient]).search(json.dumps(found).encode()))


def _leaves(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _leaves(each)
    elif node is not None:
        yield str(node)


def _name(use: CallTable) -> str:
    return f"{use.method} {use.path.partition('?')[0]}"
