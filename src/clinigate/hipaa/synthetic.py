"""Synthetic patients in the records of care: written, told of, and removed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clinigate.config.hipaa_call import PatientsTable
from clinigate.errors import ClinigateError, ConfigError, TargetError
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.planting import fresh_patient
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.tally import Tally
from clinigate.phi.canaries import Patient

__all__ = ["MARK", "Written", "patients_table", "values_of", "written"]

MARK = "clinigate-synthetic"
"""What a record of ours says of itself wherever the service has room for it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A synthetic patient in the records. `id`: as the service names them."""

    id: str
    facility: str
    patient: Patient
    values: Mapping[str, Any]


def patients_table(premises: Premises) -> PatientsTable:
    """Return `[hipaa.patients]`.

    Raises:
        ConfigError: it is missing.
    """
    table = premises.table.patients
    if table is None:
        raise ConfigError("[hipaa.patients]: say how a patient is written and read")
    return table


def values_of(patient: Patient, *, facility: str = "") -> dict[str, Any]:
    """Return what fills the placeholders of `[hipaa.patients]`."""
    return {**patient.values, "facility": facility, "mark": MARK}


@contextmanager
def written(
    premises: Premises, tally: Tally, *, how_many: int = 1, facility: str | None = None
) -> Iterator[tuple[Written, ...]]:
    """Write synthetic patients for the length of a block, and remove them at its end.

    `tally` hears of those that could not be removed. `facility` is by default the first of
    `[hipaa.patients] facilities`.

    Raises:
        ConfigError: `[hipaa.patients]` is missing or lacks something.
        TargetError: one is not written.
    """
    table = patients_table(premises)
    place = facility or next(iter(table.facilities), "")
    made: list[Written] = []
    try:
        for _ in range(how_many):
            made.append(_write(premises, table, place))
        yield tuple(made)
    finally:
        for each in made:
            _remove(premises, table, each, tally)


def _write(premises: Premises, table: PatientsTable, facility: str) -> Written:
    patient = fresh_patient()
    values = values_of(patient, facility=facility)
    answer = call(premises, table.create, values)
    found = told(answer, table.create.answer) if answer.served else None
    if not isinstance(found, str | int):
        raise TargetError(
            f"{table.create.method} {table.create.path}: answers {answer.status} and gives no id "
            f"at {table.create.answer}; mend [hipaa.patients] create"
        )
    return Written(str(found), facility, patient, {**values, "patient": str(found)})


def _remove(premises: Premises, table: PatientsTable, one: Written, tally: Tally) -> None:
    if table.remove is None:
        tally.remarks.append("a synthetic patient stays; give [hipaa.patients] remove")
        return
    try:
        answer = call(premises, table.remove, one.values)
    except ClinigateError:
        tally.remarks.append("a synthetic patient could not be removed; no answer")
        return
    if not answer.served and answer.status not in (404, 410):
        tally.remarks.append(
            f"a synthetic patient could not be removed; it answers {answer.status}"
        )
